//go:build unix

package command

import (
	"os"
	"syscall"
)

// caught are the signals that mean something to the program.
func caught() []os.Signal {
	return []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1}
}

func meaning(sig os.Signal) wish {
	switch sig {
	case syscall.SIGHUP:
		return toReload
	case syscall.SIGUSR1:
		return toPrint
	}
	return toStop
}
