package main

import (
	"syscall"
	"time"
	"unsafe"
)

// setTimerFD lets a timer of timerFD go off after first, and then each period;
// 0: not again.
func setTimerFD(fd int, first, period time.Duration) error {
	spec := [2]syscall.Timespec{syscall.NsecToTimespec(int64(period)), syscall.NsecToTimespec(int64(first))}
	_, _, errno := syscall.Syscall6(syscall.SYS_TIMERFD_SETTIME, uintptr(fd), 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// noTimerSlack lets the calling thread, and those that it starts, be woken at
// the moment they asked for rather than within 50 µs of it.
func noTimerSlack() {
	const prSetTimerSlack = 29 // from linux/prctl.h
	syscall.Syscall(syscall.SYS_PRCTL, prSetTimerSlack, 1, 0)
}

// growFDTable lets the kernel make room for n descriptors at once. It would
// else double its table whenever one is full, and in a process of several
// threads each time wait 10 to 20 ms for all of the machine's cores: whoever is
// about to open a connection is stopped for as long.
func growFDTable(n int) {
	fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, 0, syscall.F_DUPFD_CLOEXEC, uintptr(n-1))
	if errno == 0 {
		syscall.Close(int(fd))
	}
}

// mostFDs is more than any run here opens, and 128 KB of the kernel's memory.
const mostFDs = 1 << 14
