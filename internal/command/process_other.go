//go:build !unix

package command

import (
	"os"
	"syscall"
)

// terminate ends a process at once: there is no way to ask for it.
var terminate = os.Kill

func attributes(bool) *syscall.SysProcAttr { return nil }

func endOf(s *os.ProcessState) End { return End{Status: s.ExitCode()} }

func (p *Process) signal(sig os.Signal) { p.cmd.Process.Signal(sig) }

// Passed are the signals that are passed on to a command.
func Passed() []os.Signal { return []os.Signal{os.Interrupt} }

// FromTerminal reports whether a terminal sends the signal to all of its
// foreground processes.
func FromTerminal(sig os.Signal) bool { return true }

// Number returns a signal's number.
func Number(os.Signal) int { return 2 }

// InForeground reports whether a terminal signals us and what we start.
func InForeground() bool { return true }

// Columns returns the width of the terminal that f is; 0 if that is not known.
func Columns(*os.File) int { return 0 }
