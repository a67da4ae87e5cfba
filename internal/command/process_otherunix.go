//go:build unix && !linux

package command

import "syscall"

// attributes are those of the new process.
func attributes(shared bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: !shared} }
