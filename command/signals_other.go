//go:build !unix

package command

import (
	"os"
	"syscall"
)

// caught are the signals that mean something to the program.
func caught() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

func meaning(os.Signal) wish { return toStop }
