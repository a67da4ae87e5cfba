package vaurien

import (
	"time"

	"golang.org/x/sys/unix"
)

// setOptions sets what every connection is to have: it is probed when it is
// silent, and what is written is sent at once, as net has it.
func setOptions(fd uintptr) error {
	if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	return unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(keepAliveIdle/time.Second))
}

// setBacklog calls listen(2) again, which on Linux changes the backlog.
func setBacklog(fd uintptr, n int) error { return unix.Listen(int(fd), n) }
