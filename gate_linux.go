package vaurien

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// acceptsAtOnce is how many clients a loop lets in before it looks after
	// those it has.
	acceptsAtOnce = 16

	// routeTime is for how long the address to which a backend's name led is
	// good; net reads the hosts file as often.
	routeTime = 5 * time.Second
)

// A gate is a listener whose clients the loops let in.
type gate struct {
	p    *Proxy
	addr net.Addr

	mu sync.Mutex
	fd int // -1: closed
}

// newGate takes l's socket over.
func newGate(p *Proxy, l *net.TCPListener) (*gate, error) {
	fd, err := anotherOf(l)
	if err != nil {
		return nil, err
	}
	l.Close()
	return &gate{p: p, addr: l.Addr(), fd: fd}, nil
}

// Accept is not for a gate.
func (g *gate) Accept() (net.Conn, error) { return nil, errors.ErrUnsupported }

// Addr implements net.Listener.
func (g *gate) Addr() net.Addr { return g.addr }

// File returns another descriptor of the listener.
func (g *gate) File() (*os.File, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fd < 0 {
		return nil, net.ErrClosed
	}
	fd, err := unix.FcntlInt(uintptr(g.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), g.addr.String()), nil
}

// open lets clients in.
func (g *gate) open() {
	for _, l := range g.p.loops.all {
		e := &entry{gate: g, l: l, listener: g.fd}
		l.call(func() { l.add(g.fd, e, unix.EPOLLIN|unix.EPOLLEXCLUSIVE) })
	}
}

// Close implements net.Listener. No client is let in after it.
func (g *gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fd < 0 {
		return net.ErrClosed
	}
	fd := g.fd
	g.fd = -1
	for _, l := range g.p.loops.all {
		l.call(func() {
			if fd < len(l.awaiters) && l.awaiters[fd] != nil {
				l.remove(fd)
			}
		})
	}
	return unix.Close(fd)
}

// An entry is where a gate's clients come in to one loop.
type entry struct {
	*gate
	l        *loop
	listener int           // open for as long as the loop knows it
	pause    time.Duration // after an error
}

// ready implements awaiter.
func (e *entry) ready(uint32) {
	for range acceptsAtOnce {
		client, from, err := syscall.Accept4(e.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch err {
		case nil:
			e.pause = 0
			e.p.receive(e.l, client, from)
		case unix.EINTR, unix.ECONNABORTED:
		case unix.EAGAIN:
			return
		default:
			e.wait(err)
			return
		}
	}
}

// wait lets no one in for a time: there may be too many open files.
func (e *entry) wait(err error) {
	e.pause = min(max(2*e.pause, acceptPause), acceptPauseMost)
	e.p.log.Error("cannot accept a connection; trying again", "error", os.NewSyscallError("accept4", err), "in", e.pause)
	e.l.remove(e.listener)
	time.AfterFunc(e.pause, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.fd == e.listener {
			e.l.do(func() { e.l.add(e.listener, e, unix.EPOLLIN|unix.EPOLLEXCLUSIVE) })
		}
	})
}

// receive serves a client that a loop has let in.
func (p *Proxy) receive(l *loop, fd int, from syscall.Sockaddr) {
	s := p.admit(&atRest{remote: from})
	if s == nil {
		unix.Close(fd)
		return
	}
	if to, ok := p.route(); ok && *p.pool.Load() == nil {
		if x := s.fate(); x.points == 0 && !s.counting(x) {
			r := newRest(p.loops.least(l), s)
			r.client.fd = fd
			if r.l == l {
				r.call(to)
			} else {
				r.l.do(func() { r.call(to) })
			}
			return
		}
	}
	client, err := connOf(fd)
	if err != nil {
		p.log.Error("a session cannot begin", "session", s.number, "error", err)
		s.restEnded()
		return
	}
	s.attach(client)
	go s.run()
}

// A route is where a backend's name led.
type route struct {
	backend string
	to      netip.AddrPort
	until   time.Time // zero: for ever
}

// route returns the backend's address, if it is known without asking.
func (p *Proxy) route() (netip.AddrPort, bool) {
	backend := p.Backend()
	r := p.known.Load()
	if r == nil || r.backend != backend {
		to, err := netip.ParseAddrPort(backend)
		if err != nil {
			return to, false
		}
		r = &route{backend: backend, to: to}
		p.known.Store(r)
	}
	return r.to, r.until.IsZero() || time.Now().Before(r.until)
}

// noteRoute remembers where a backend's name led.
func (p *Proxy) noteRoute(backend string, c net.Conn) {
	if p.loops == nil {
		return
	}
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		if _, err := netip.ParseAddrPort(backend); err != nil {
			p.known.Store(&route{backend, a.AddrPort(), time.Now().Add(routeTime)})
		}
	}
}

// call calls the backend.
func (r *rest) call(to netip.AddrPort) {
	r.s.mu.Lock()
	over := r.s.over
	r.s.rest = r
	r.s.mu.Unlock()
	if over {
		r.end(orderly)
		return
	}
	defer r.s.planChanged() // it may have, since
	fd, err := dialing(to)
	if err != nil && err != unix.EINPROGRESS {
		r.notConnected(&net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: os.NewSyscallError("connect", err)})
		return
	}
	r.backend.fd = fd
	if err == nil || isConnected(fd) {
		r.connected()
		return
	}
	r.calling, r.giveUp = true, time.Now().Add(r.s.proxy.settings.Load().Timeout)
	r.l.dialing = append(r.l.dialing, r)
	r.l.add(fd, &r.backend, unix.EPOLLOUT)
	r.backend.known, r.backend.armed = true, unix.EPOLLOUT
}

// dialing returns a socket that calls an address. Its error is EINPROGRESS while
// it does.
func dialing(to netip.AddrPort) (int, error) {
	addr := to.Addr().Unmap()
	family, sa := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(to.Port()), Addr: addr.As16()})
	if addr.Is4() {
		family, sa = unix.AF_INET, &unix.SockaddrInet4{Port: int(to.Port()), Addr: addr.As4()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	setOptions(uintptr(fd))
	err = unix.Connect(fd, sa)
	if err != nil && err != unix.EINPROGRESS {
		unix.Close(fd)
	}
	return fd, err
}

// isConnected reports whether a call has been answered already, as those of the
// same machine are.
func isConnected(fd int) bool {
	_, err := syscall.Getpeername(fd) // that of unix asks the kernel twice
	return err == nil
}

// called sees how the call ended.
func (r *rest) called(events uint32) {
	if events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		if err := socketError(uintptr(r.backend.fd)); err != nil {
			r.notConnected(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)})
			return
		}
	}
	r.answered()
	r.connected()
}

// answered ends the wait for the backend.
func (r *rest) answered() {
	r.calling = false
	r.l.dialing = slices.DeleteFunc(r.l.dialing, func(o *rest) bool { return o == r })
}

// connected begins to carry.
func (r *rest) connected() {
	s := r.s
	s.mu.Lock()
	s.backend = &atRest{}
	s.mu.Unlock()
	close(s.connected)
	r.client.arm()
	r.backend.arm()
}

// notConnected ends a session whose backend cannot be reached.
func (r *rest) notConnected(err error) {
	r.s.proxy.noteNoBackend(r.s, err)
	r.end(r.s.proxy.withoutBackend())
}
