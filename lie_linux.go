package vaurien

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// lieDown gives a session that no goroutine serves to a loop. It reports false
// if it has ended meanwhile.
func (s *Session) lieDown() bool {
	client, clientFD, err := standIn(s.clientConn())
	if err != nil {
		s.end(reset)
		return false
	}
	s.mu.Lock()
	backend, backendFD, err := standIn(s.backend)
	if err != nil || s.over {
		s.mu.Unlock()
		unix.Close(clientFD)
		if err == nil {
			unix.Close(backendFD)
		}
		s.end(reset)
		return false
	}
	r := newRest(s.proxy.loops.least(nil), s)
	r.client.fd, r.backend.fd = clientFD, backendFD
	old := []Conn{s.clientConn(), s.backend}
	s.rest, s.backend = r, backend
	var c Conn = client
	s.client.Store(&c)
	s.up.detach()
	s.down.detach()
	s.mu.Unlock()
	for _, c := range old {
		c.Close() // the sockets stay: there is another descriptor of each
	}
	r.l.do(func() {
		r.client.arm()
		r.backend.arm()
	})
	s.planChanged() // it may have, since
	return true
}

// askWake implements resting.
func (r *rest) askWake() { r.l.do(r.wake) }

// askEnd implements resting.
func (r *rest) askEnd(how closeHow) { r.l.do(func() { r.end(how) }) }

// atRest stands for a connection of a session at rest: all that it can do is to
// tell its address.
type atRest struct {
	net.Conn // nil
	remote   syscall.Sockaddr
}

func (*atRest) CloseWrite() error               { return nil }
func (*atRest) Close() error                    { return nil }
func (*atRest) SetReadDeadline(time.Time) error { return nil }

func (c *atRest) RemoteAddr() net.Addr {
	switch a := c.remote.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
	case *syscall.SockaddrInet6:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
	}
	return &net.TCPAddr{}
}

// standIn returns what stands for c, and another descriptor of its socket.
func standIn(c Conn) (*atRest, int, error) {
	fd, err := anotherOf(c.(*net.TCPConn))
	if err != nil {
		return nil, -1, err
	}
	remote, err := syscall.Getpeername(fd)
	if err != nil {
		unix.Close(fd)
		return nil, -1, err
	}
	return &atRest{remote: remote}, fd, nil
}

// anotherOf returns another descriptor of a socket.
func anotherOf(c syscall.Conn) (another int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	cerr := raw.Control(func(fd uintptr) {
		another, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	})
	if cerr != nil {
		return -1, cerr
	}
	return another, err
}
