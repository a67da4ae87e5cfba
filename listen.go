package vaurien

import (
	"context"
	"net"
	"syscall"
)

// listenTCP listens on address, with room for backlog connections that wait to
// be accepted, or the system's most if that is 0.
func listenTCP(address string, backlog int) (net.Listener, error) {
	// What accepted connections inherit from the listener need not be set for
	// each of them.
	lc := net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, c syscall.RawConn) error {
		return control(c, setOptions)
	}}
	l, err := lc.Listen(context.Background(), "tcp", address)
	if err != nil || backlog == 0 {
		return l, err
	}
	rc, err := l.(*net.TCPListener).SyscallConn()
	if err == nil {
		err = control(rc, func(fd uintptr) error { return setBacklog(fd, backlog) })
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func control(c syscall.RawConn, f func(fd uintptr) error) error {
	var failed error
	if err := c.Control(func(fd uintptr) { failed = f(fd) }); err != nil {
		return err
	}
	return failed
}
