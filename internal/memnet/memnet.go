// Package memnet is a network in memory for tests under testing/synctest:
// connections with half-closes, resets and deadlines, whose waiting is durable
// (net.Pipe has no half-close, and real sockets are not durable).
package memnet

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// bufferSize is how many bytes one direction of a connection holds before a
// writer waits.
const bufferSize = 64 << 10

type addr string

func (addr) Network() string  { return "mem" }
func (a addr) String() string { return string(a) }

// A Listener accepts the connections that Dial makes.
type Listener struct {
	name  addr
	conns chan *Conn
	done  chan struct{}
	once  sync.Once
}

// Listen returns a listener of that name.
func Listen(name string) *Listener {
	return &Listener{name: addr(name), conns: make(chan *Conn), done: make(chan struct{})}
}

// Accept returns the accepting side of the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends the listener.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr returns the listener's name as an address.
func (l *Listener) Addr() net.Addr { return l.name }

// Dial connects to the listener.
func (l *Listener) Dial() (*Conn, error) { return l.DialContext(context.Background()) }

// DialContext connects to the listener, unless ctx ends before somebody accepts.
func (l *Listener) DialContext(ctx context.Context) (*Conn, error) {
	a, b := Pipe(string(l.name)+"-client", string(l.name))
	select {
	case l.conns <- b:
		return a, nil
	case <-l.done:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// A Conn is one side of a connection.
type Conn struct {
	local, remote addr
	in, out       *stream
	mu            sync.Mutex
	linger        bool // Close is a reset
	closed        bool
}

// Pipe returns the two sides of a connection.
func Pipe(a, b string) (*Conn, *Conn) {
	ab, ba := newStream(), newStream()
	return &Conn{local: addr(a), remote: addr(b), in: ba, out: ab},
		&Conn{local: addr(b), remote: addr(a), in: ab, out: ba}
}

// Read reads what the other side has written. After a reset it returns
// ECONNRESET once all that came before is read.
func (c *Conn) Read(p []byte) (int, error) { return c.in.read(p) }

// Write waits while the other side has bufferSize bytes unread.
func (c *Conn) Write(p []byte) (int, error) { return c.out.write(p) }

// CloseWrite ends the stream to the other side.
func (c *Conn) CloseWrite() error { return c.out.finish(io.EOF) }

// SetLinger makes Close a reset if sec is 0.
func (c *Conn) SetLinger(sec int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.linger = sec == 0
	return nil
}

// Close closes both directions. As with TCP it is a reset if there are bytes
// unread.
func (c *Conn) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return net.ErrClosed
	}
	c.closed = true
	linger := c.linger
	c.mu.Unlock()
	if linger || c.in.unread() {
		c.out.fail(syscall.ECONNRESET)
	} else {
		c.out.finish(io.EOF)
	}
	c.out.closeWriter()
	c.in.closeReader()
	return nil
}

// LocalAddr returns the name of this side.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the name of the other side.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline ends the read that waits, and later ones, at t.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	return nil
}

// SetWriteDeadline ends the write that waits, and later ones, at t.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}

// A stream is one direction of a connection.
type stream struct {
	mu              sync.Mutex
	changed         sync.Cond
	buf             []byte
	end             error // what a reader gets after buf: io.EOF or a reset
	broken          error // what a writer gets
	readerClosed    bool
	writerClosed    bool
	readBy, writeBy deadline
}

type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func newStream() *stream {
	s := &stream{}
	s.changed.L = &s.mu
	return s
}

func (s *stream) setDeadline(d *deadline, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.at = t
	if wait := time.Until(t); !t.IsZero() && wait > 0 {
		d.timer = time.AfterFunc(wait, s.wake)
	}
	s.changed.Broadcast()
}

func (s *stream) wake() {
	s.mu.Lock()
	s.changed.Broadcast()
	s.mu.Unlock()
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readerClosed:
			return 0, net.ErrClosed
		case s.readBy.passed():
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case len(s.buf) > 0:
			n := copy(p, s.buf)
			s.buf = s.buf[n:]
			s.changed.Broadcast()
			return n, nil
		case s.end != nil:
			return 0, s.end
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 {
		switch {
		case s.writerClosed:
			return n, net.ErrClosed
		case s.broken != nil:
			return n, s.broken
		case s.end != nil:
			return n, syscall.EPIPE
		case s.writeBy.passed():
			return n, os.ErrDeadlineExceeded
		}
		if room := bufferSize - len(s.buf); room > 0 {
			k := min(room, len(p))
			s.buf = append(s.buf, p[:k]...)
			p, n = p[k:], n+k
			s.changed.Broadcast()
			continue
		}
		s.changed.Wait()
	}
	return n, nil
}

func (s *stream) finish(end error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writerClosed {
		return net.ErrClosed
	}
	if s.broken != nil {
		return s.broken
	}
	if s.end == nil {
		s.end = end
	}
	s.changed.Broadcast()
	return nil
}

// fail ends the stream with err, even after it has ended.
func (s *stream) fail(err error) {
	s.mu.Lock()
	s.end = err
	s.changed.Broadcast()
	s.mu.Unlock()
}

func (s *stream) unread() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.buf) > 0
}

func (s *stream) closeWriter() {
	s.mu.Lock()
	s.writerClosed = true
	s.changed.Broadcast()
	s.mu.Unlock()
}

// closeReader lets writers see that nobody reads any more.
func (s *stream) closeReader() {
	s.mu.Lock()
	s.readerClosed = true
	s.broken = syscall.ECONNRESET
	s.buf = nil
	for _, d := range []*deadline{&s.readBy, &s.writeBy} {
		if d.timer != nil {
			d.timer.Stop()
		}
	}
	s.changed.Broadcast()
	s.mu.Unlock()
}
