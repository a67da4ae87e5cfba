//go:build unix

package vaurien

import "syscall"

// canReadRaw says that a socket can be read inside RawConn.Read, so that a
// buffer is taken only once there is something to put in it.
const canReadRaw = true

func readRaw(fd uintptr, b []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), b)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// socketError returns, and forgets, the error that a socket has met while
// nobody read or wrote it: a reset after the end of the stream shows only so.
func socketError(fd uintptr) error {
	if v, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR); err == nil && v != 0 {
		return syscall.Errno(v)
	}
	return nil
}
