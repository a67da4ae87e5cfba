//go:build unix

package command

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const terminate = syscall.SIGTERM

// endOf reads how a process ended.
func endOf(s *os.ProcessState) End {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return End{statusSignal + int(w.Signal()), unix.SignalName(w.Signal())}
	}
	return End{Status: s.ExitCode()}
}

// signal sends a signal to the process, or to its group.
func (p *Process) signal(sig os.Signal) {
	pid := p.cmd.Process.Pid
	if p.shared {
		p.cmd.Process.Signal(sig)
	} else if s, ok := sig.(syscall.Signal); ok {
		syscall.Kill(-pid, s)
	}
}

// Passed are the signals that are passed on to a command.
func Passed() []os.Signal {
	return []os.Signal{
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2,
	}
}

// FromTerminal reports whether a terminal sends the signal to all of its
// foreground process group.
func FromTerminal(sig os.Signal) bool {
	return sig == syscall.SIGINT || sig == syscall.SIGQUIT
}

// Number returns a signal's number.
func Number(sig os.Signal) int {
	s, _ := sig.(syscall.Signal)
	return int(s)
}

// InForeground reports whether we are in the foreground process group of a
// terminal, as a command is that somebody has typed.
func InForeground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// Columns returns the width of the terminal that f is; 0 if it is none.
func Columns(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
