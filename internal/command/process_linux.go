package command

import "syscall"

// attributes are those of the new process. It is told to end when we are
// killed without a word, for nobody would be left to end it.
func attributes(shared bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: !shared, Pdeathsig: syscall.SIGTERM}
}
