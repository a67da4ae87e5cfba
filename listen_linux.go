package vaurien

import (
	"time"

	"golang.org/x/sys/unix"
)

func inheritKeepAlive(fd uintptr) error {
	if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1); err != nil {
		return err
	}
	return unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(keepAliveIdle/time.Second))
}

// setBacklog calls listen(2) again, which on Linux changes the backlog.
func setBacklog(fd uintptr, n int) error { return unix.Listen(int(fd), n) }
