package vaurien

import (
	"cmp"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// A Conn is a connection whose two directions end separately, as those of a
// *net.TCPConn do. If it also has SetLinger(sec int) error, SetLinger(0) must
// make its Close a reset.
type Conn interface {
	net.Conn
	CloseWrite() error
}

// closeHow says how the connections of a session are closed.
type closeHow int

const (
	orderly closeHow = iota // FIN
	reset                   // RST
)

func closeConn(c Conn, how closeHow) {
	if c == nil {
		return
	}
	if l, ok := c.(interface{ SetLinger(int) error }); ok && how == reset {
		l.SetLinger(0)
	}
	c.Close()
}

var (
	// errInterrupted ends a read for no fault of the connection, so that the
	// reader looks anew at what it is to do.
	errInterrupted = errors.New("vaurien: read interrupted")

	// errEnded says that the session has ended by a behavior's deed or by the
	// proxy's.
	errEnded = errors.New("vaurien: session ended")
)

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// interrupt ends the read that waits on c, or the next one, with a deadline
// that has passed. It never touches write deadlines, so that no bytes that
// were read are lost on their way out.
func interrupt(c Conn) { c.SetReadDeadline(longAgo) }

// A writeError is an error of the side written to, to tell it from one of the
// side read from.
type writeError struct{ error }

func (e *writeError) Unwrap() error { return e.error }

func isWriteError(err error) bool {
	_, ok := errors.AsType[*writeError](err)
	return ok
}

// A source reads a connection without holding memory while it waits. It is
// for one goroutine at a time.
type source struct {
	conn  Conn
	raw   syscall.RawConn // nil if conn is not a socket
	try   func(fd uintptr) bool
	class int // size of the next read's buffer
	most  int // largest piece; 0 for no limit
	count atomic.Uint64

	// the outcome of try
	buf *buffer
	n   int
	err error
}

func (s *source) init(c Conn, most int) {
	s.conn, s.most = c, most
	if sc, ok := c.(syscall.Conn); ok && canReadRaw {
		if raw, err := sc.SyscallConn(); err == nil {
			s.raw, s.try = raw, s.tryRead
		}
	}
}

// tryRead takes a buffer once there is something to put in it.
func (s *source) tryRead(fd uintptr) bool {
	b := newBuffer(s.class)
	n, err := readRaw(fd, s.limit(b))
	if err == syscall.EAGAIN {
		b.release()
		return false
	}
	s.buf, s.n, s.err = b, n, err
	return true
}

func (s *source) limit(b *buffer) []byte {
	if s.most > 0 && s.most < len(b.b) {
		return b.b[:s.most]
	}
	return b.b
}

// read waits for bytes, which bytes then returns until free or piece. Its error
// is errInterrupted when the read was interrupted, and the deadline that did it
// is gone then.
func (s *source) read() error {
	var err error
	if s.raw != nil {
		s.buf, s.n, s.err = nil, 0, nil
		if err = s.raw.Read(s.try); err == nil {
			err = s.err
		}
	} else {
		s.buf = newBuffer(s.class)
		s.n, err = s.conn.Read(s.limit(s.buf))
		if s.n > 0 {
			err = nil // an error that came with bytes comes again without them
		}
	}
	if err == nil && s.n > 0 {
		s.count.Add(uint64(s.n))
		return nil
	}
	s.free()
	return s.ended(err)
}

// ended says what it means that a read gave no bytes.
func (s *source) ended(err error) error {
	switch {
	case err == nil:
		return io.EOF
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.conn.SetReadDeadline(time.Time{})
		return errInterrupted
	}
	return err
}

// bytes are what read has read.
func (s *source) bytes() []byte { return s.buf.b[:s.n] }

// free gives back what read has read, and takes larger buffers while reads
// fill them, and the smallest again once they do not.
func (s *source) free() {
	s.buf.release()
	s.buf = nil
	s.adapt()
}

// piece hands over what read has read.
func (s *source) piece() piece {
	p := piece{s.buf, s.n, time.Now()}
	s.buf = nil
	s.adapt()
	return p
}

func (s *source) adapt() {
	switch {
	case s.n == bufferSizes[s.class] && s.class < largestBuffer:
		s.class++
	case s.n < bufferSizes[s.class]/4 && s.class > 0:
		s.class--
	}
}

// watch waits, after the stream has ended, until the connection is reset, and
// returns how. It returns errInterrupted as read does, and nil at once where
// the connection cannot tell.
func (s *source) watch() error {
	if s.raw == nil {
		return nil
	}
	var found error
	err := s.raw.Read(func(fd uintptr) bool {
		found = socketError(fd)
		return found != nil
	})
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.conn.SetReadDeadline(time.Time{})
		return errInterrupted
	}
	return cmp.Or(err, found)
}

// CheckAddress says what is wrong with an address that is not host:port with a
// port from 0 to 65535.
func CheckAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		if _, e := strconv.Atoi(address); e == nil {
			return badAddress(address, "localhost:"+address)
		}
		return badAddress(address, "localhost:8000")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return badAddress(address, net.JoinHostPort(host, "8000"))
	}
	return nil
}

func badAddress(address, right string) error {
	return errors.New(strconv.Quote(address) + " is not an address: write HOST:PORT, as in " + right)
}
