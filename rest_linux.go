package vaurien

import (
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A rest is a session in the care of a loop: nothing is done to it. All of it
// is the loop's.
type rest struct {
	l               *loop
	s               *Session
	client, backend side
	calling         bool      // the backend has been called and has not answered yet
	giveUp          time.Time // when it is called in vain
	over            bool
}

// A side is one connection of a rest.
type side struct {
	r     *rest
	other *side
	fd    int
	point Point // the direction that comes from it

	armed uint32 // what the loop waits for
	known bool   // to the loop's epoll

	// The direction that comes from it.

	eof  bool // has ended
	full int  // reads in a row that filled the buffer; less than 0: not to be spliced yet

	// What goes to it.

	out    []byte // that it has not taken yet
	pipe   pipe   // which has bytes that it has not taken yet: piped of them
	piped  int
	shut   bool // the end was passed on
	sent   *atomic.Uint64
	gotten *atomic.Uint64 // bytes that came from it
}

func newRest(l *loop, s *Session) *rest {
	l.sessions.Add(1)
	r := &rest{l: l, s: s}
	r.client = side{r: r, other: &r.backend, fd: -1, point: Request, sent: &s.down.out.count, gotten: &s.up.in.src.count}
	r.backend = side{r: r, other: &r.client, fd: -1, point: Reply, sent: &s.up.out.count, gotten: &s.down.in.src.count}
	return r
}

// blocked reports whether there are bytes that the side has not taken yet.
func (x *side) blocked() bool { return len(x.out) > 0 || x.piped > 0 }

// ready implements awaiter.
func (x *side) ready(events uint32) {
	switch {
	case x.r.calling:
		x.r.called(events)
	case events&unix.EPOLLOUT != 0 && x.blocked():
		x.flush()
	case x.armed&unix.EPOLLIN != 0:
		x.carry()
	case events&(unix.EPOLLHUP|unix.EPOLLERR) != 0:
		x.hungUp()
	}
}

// arm lets the loop wait for what there is to wait for.
func (x *side) arm() {
	if x.r.over {
		return
	}
	var want uint32
	if !x.eof && !x.other.blocked() {
		want = unix.EPOLLIN
	}
	if x.blocked() {
		want |= unix.EPOLLOUT
	}
	switch {
	case !x.known:
		x.r.l.add(x.fd, x, want)
		x.known = true
	case want != x.armed:
		x.r.l.control(unix.EPOLL_CTL_MOD, x.fd, want)
	}
	x.armed = want
}

// carry passes on what has come.
func (x *side) carry() {
	if x.full >= spliceAfter {
		x.splice()
		return
	}
	buf := x.r.l.buf
	n, err := readNow(x.fd, buf)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil:
		x.r.end(reset)
		return
	case n == 0:
		x.ended()
		return
	}
	x.gotten.Add(uint64(n))
	x.r.s.noteData(x.point)
	if x.full++; n < len(buf) && x.full > 0 {
		x.full = 0
	}
	x.other.take(buf[:n])
}

// take gives p to the side, and keeps what it does not take yet.
func (x *side) take(p []byte) {
	n, err := writeNow(x.fd, p)
	if err != nil && err != unix.EAGAIN && err != unix.EINTR {
		x.lost(p, err)
		return
	}
	n = max(n, 0)
	x.sent.Add(uint64(n))
	if n < len(p) {
		x.out = slices.Clone(p[n:])
		x.arm()
		x.other.arm()
	}
}

// flush gives the side what it has not taken yet.
func (x *side) flush() {
	if x.piped > 0 {
		x.drain()
	} else {
		n, err := writeNow(x.fd, x.out)
		if err == unix.EAGAIN || err == unix.EINTR {
			return
		}
		if err != nil {
			x.lost(x.out, err)
			return
		}
		x.sent.Add(uint64(n))
		if x.out = x.out[n:]; len(x.out) == 0 {
			x.out = nil
		}
	}
	if x.r.over || x.blocked() {
		return
	}
	if x.other.eof {
		x.passEnd()
	}
	x.arm()
	x.other.arm()
}

// splice moves bulk without copying it.
func (x *side) splice() {
	ps := &x.r.s.proxy.pipes
	p, ok := ps.get()
	if !ok {
		x.full = -spliceAgain
		return
	}
	n, err := spliceOnce(x.fd, p.w, pipeSize)
	switch {
	case err == unix.EAGAIN:
		ps.put(p)
		x.full = 0
		return
	case err == unix.EINVAL || err == unix.ENOSYS:
		ps.put(p)
		x.full = -1 << 62
		return
	case err != nil:
		ps.put(p)
		x.r.end(reset)
		return
	case n == 0:
		ps.put(p)
		x.ended()
		return
	}
	x.gotten.Add(uint64(n))
	x.r.s.noteData(x.point)
	if n < smallSplice {
		if x.full++; x.full >= spliceAfter+smallSplices {
			x.full = -spliceAgain
		}
	} else {
		x.full = spliceAfter
	}
	x.other.pipe, x.other.piped = p, n
	if x.other.drain(); x.other.piped > 0 {
		x.other.arm()
		x.arm()
	}
}

// drain gives the side what is in its pipe.
func (x *side) drain() {
	ps := &x.r.s.proxy.pipes
	for x.piped > 0 {
		n, err := spliceOnce(x.pipe.r, x.fd, x.piped)
		if err == unix.EAGAIN {
			return
		}
		if err != nil {
			ps.spoil(x.pipe)
			x.piped = 0
			x.lost(nil, err)
			return
		}
		x.sent.Add(uint64(n))
		x.piped -= n
	}
	ps.put(x.pipe)
}

// ended passes on that the direction from x has ended.
func (x *side) ended() {
	x.eof = true
	if !x.other.blocked() {
		x.passEnd()
	}
	x.arm()
}

// passEnd tells the other side that x's direction has ended; when both have,
// the session has.
func (x *side) passEnd() {
	x.other.shut = true
	if x.other.eof && x.shut {
		x.r.end(orderly)
		return
	}
	unix.Shutdown(x.other.fd, unix.SHUT_WR)
	if x.point == Request {
		x.r.s.noteEnded(&x.r.s.up)
	} else {
		x.r.s.noteEnded(&x.r.s.down)
	}
}

// lost sees to a side that takes no more. If it was reset, the other side
// hears what it said before, and then is. If not, goroutines know what to do.
func (x *side) lost(p []byte, err error) {
	if err == unix.ECONNRESET && !x.eof {
		for !x.other.blocked() {
			n, err := readNow(x.fd, x.r.l.buf)
			if n <= 0 || err != nil {
				break
			}
			if k, _ := writeNow(x.other.fd, x.r.l.buf[:n]); k < n {
				break
			}
			x.gotten.Add(uint64(n))
			x.other.sent.Add(uint64(n))
		}
		x.r.end(reset)
		return
	}
	x.out = slices.Clone(p)
	x.r.wake()
}

// hungUp sees to a side that is gone while nobody reads it.
func (x *side) hungUp() {
	if x.eof && socketError(uintptr(x.fd)) != nil {
		x.r.end(reset)
		return
	}
	x.r.l.remove(x.fd) // it is told of later, when there is room for what it said
	x.known, x.armed = false, 0
}

// end ends the session.
func (r *rest) end(how closeHow) {
	if r.over {
		return
	}
	r.leave(false)
	for _, x := range []*side{&r.client, &r.backend} {
		if x.piped > 0 {
			r.s.proxy.pipes.spoil(x.pipe)
			x.piped = 0
		}
		if x.fd >= 0 {
			if how == reset {
				unix.SetsockoptLinger(x.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
			}
			unix.Close(x.fd)
		}
	}
	r.s.restEnded()
}

// leave takes the session out of the loop; whose sockets stay open, the kernel
// is told so.
func (r *rest) leave(open bool) {
	r.over = true
	r.l.sessions.Add(-1)
	if r.calling {
		r.answered()
	}
	for _, x := range []*side{&r.client, &r.backend} {
		switch {
		case !x.known:
		case open:
			r.l.remove(x.fd)
		default:
			r.l.forget(x.fd)
		}
		x.known = false
	}
}

// wake gives the session to goroutines.
func (r *rest) wake() {
	if r.over {
		return
	}
	calling := r.calling
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return // and to be ended
	}
	r.leave(true)
	client, err := connOf(r.client.fd)
	var backend Conn
	if calling {
		unix.Close(r.backend.fd) // it is called again
	} else if err == nil {
		backend, err = connOf(r.backend.fd)
	}
	if err != nil { // there are no more descriptors
		s.proxy.log.Error("a session cannot go on and is reset", "session", s.number, "error", err)
		closeConn(client, reset)
		closeConn(backend, reset)
		s.over, s.rest = true, nil
		close(s.done)
		go s.finished()
		return
	}
	s.rest, s.backend = nil, backend
	s.client.Store(&client)
	s.rise(client, backend, r.backend.unsent(), r.client.unsent())
}

func (x *side) unsent() unsent {
	u := unsent{x.out, x.shut}
	if x.piped > 0 {
		b := make([]byte, x.piped)
		for n := 0; n < len(b); {
			k, err := unix.Read(x.pipe.r, b[n:])
			if err != nil && err != unix.EINTR || k == 0 {
				b = b[:n]
			}
			n += max(k, 0)
		}
		x.r.s.proxy.pipes.spoil(x.pipe)
		u.bytes = b
	}
	return u
}

// connOf returns a connection for goroutines of a socket, which it takes over.
func connOf(fd int) (Conn, error) {
	f := os.NewFile(uintptr(fd), "")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	return c.(Conn), nil
}
