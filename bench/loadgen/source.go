package main

import (
	"encoding/binary"
	"flag"
	"io"
	"runtime"
	"syscall"
	"time"
)

// sourceSndBuf is the send buffer of a source's connection, in bytes: what the
// kernel makes of it holds a third of a second at the fastest rate that is
// paced here, 100 KB/s, and 5,000 of them still fit into the kernel's memory
// for TCP.
const sourceSndBuf = 16 << 10

// resetHeader is the first byte of a request that source understands beside
// those in sock.go: reset the connection N nanoseconds after it was accepted.
const resetHeader = 'R'

// A source is a backend for thousands of connections that serve would need a
// thread each for: one event loop, which
//
//   - sends what 'G' asks for, as fast as each connection takes it,
//   - resets the connection at the moment that 'R' asks for, which is the floor
//     of what the mode reset measures,
//   - and takes in all else without a word.
type source struct {
	ep, listener, timer int
	conns               map[int]*sourceConn
	resets              []*sourceConn // those to be reset, the first due first
	chunk               []byte
}

type sourceConn struct {
	fd       int
	accepted time.Time
	due      time.Time // of the reset, if one was asked for
	asked    bool      // the header is complete
	closed   bool
	header   []byte
	left     uint64 // bytes still to be sent
}

func sourceMain(args []string) {
	fs := flag.NewFlagSet("source", flag.ExitOnError)
	listen := fs.String("listen", "127.0.0.1:19001", "listen address")
	maxTime := fs.Duration("max-time", time.Hour, "exit after this long, whatever happens")
	fs.Parse(args)
	time.AfterFunc(*maxTime, func() { fatal("source: max-time reached") })
	raiseNoFile()
	growFDTable(mostFDs)
	noTimerSlack()
	s := &source{conns: map[int]*sourceConn{}, chunk: make([]byte, 64<<10)}
	if err := s.open(*listen); err != nil {
		fatal("source: %s: %v", *listen, err)
	}
	if err := s.serve(); err != nil {
		fatal("source: %v", err)
	}
}

func (s *source) open(addr string) (err error) {
	const nonblock = syscall.SOCK_NONBLOCK | syscall.SOCK_CLOEXEC
	if s.listener, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|nonblock, 0); err != nil {
		return err
	}
	syscall.SetsockoptInt(s.listener, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	// Connections that are accepted inherit it.
	syscall.SetsockoptInt(s.listener, syscall.SOL_SOCKET, syscall.SO_SNDBUF, sourceSndBuf)
	if err := syscall.Bind(s.listener, sockaddr(addr)); err != nil {
		return err
	}
	if err := syscall.Listen(s.listener, 4096); err != nil {
		return err
	}
	if s.ep, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if s.timer, err = timerFD(0); err != nil {
		return err
	}
	epollAdd(s.ep, s.timer, syscall.EPOLLIN, int32(s.timer))
	return epollAdd(s.ep, s.listener, syscall.EPOLLIN, int32(s.listener))
}

func (s *source) serve() error {
	runtime.LockOSThread()
	events := make([]syscall.EpollEvent, 256)
	for {
		n, err := syscall.EpollWait(s.ep, events, -1)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range events[:n] {
			switch fd := int(e.Fd); fd {
			case s.listener:
				s.accept()
			case s.timer:
				s.resetDue()
			default:
				if c := s.conns[fd]; c != nil && s.ready(c, e.Events) != nil {
					s.drop(c)
				}
			}
		}
	}
}

func (s *source) accept() {
	for {
		fd, _, err := syscall.Accept4(s.listener, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
		s.conns[fd] = &sourceConn{fd: fd, accepted: time.Now()}
		epollAdd(s.ep, fd, syscall.EPOLLIN, int32(fd))
	}
}

// ready serves a connection that can be read or written. An error means that
// the connection is over.
func (s *source) ready(c *sourceConn, events uint32) error {
	if events&^syscall.EPOLLOUT != 0 {
		if err := s.read(c); err != nil {
			return err
		}
	}
	for c.left > 0 {
		n, err := syscall.Write(c.fd, s.chunk[:min(c.left, uint64(len(s.chunk)))])
		switch err {
		case nil:
			c.left -= uint64(n)
		case syscall.EAGAIN:
			return nil
		case syscall.EINTR:
		default:
			return err
		}
	}
	return nil
}

func (s *source) read(c *sourceConn) error {
	var buf [256]byte
	n, err := readSome(c.fd, buf[:])
	if err == syscall.EAGAIN {
		return nil
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return io.EOF
	}
	if c.asked {
		return nil
	}
	if c.header = append(c.header, buf[:n]...); len(c.header) < hdrLen {
		return nil
	}
	c.asked = true
	count := binary.LittleEndian.Uint64(c.header[8:hdrLen])
	switch c.header[0] {
	case 'G':
		c.left = count
		syscall.EpollCtl(s.ep, syscall.EPOLL_CTL_MOD, c.fd,
			&syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLOUT, Fd: int32(c.fd)})
	case resetHeader:
		c.due = c.accepted.Add(time.Duration(count))
		if s.resets = append(s.resets, c); len(s.resets) == 1 {
			s.arm()
		}
	}
	return nil
}

// resetDue resets what is due. All of a run ask for the same time, so that the
// first accepted is the first due.
func (s *source) resetDue() {
	var expirations [8]byte
	syscall.Read(s.timer, expirations[:])
	for len(s.resets) > 0 && !s.resets[0].due.After(time.Now()) {
		c := s.resets[0]
		s.resets = s.resets[1:]
		if !c.closed {
			// To close a socket that lingers for no time is to reset it.
			syscall.SetsockoptLinger(c.fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
			s.drop(c)
		}
	}
	s.arm()
}

// arm sets the timer for the first reset.
func (s *source) arm() {
	if len(s.resets) > 0 {
		// A timer set to nothing would be switched off.
		setTimerFD(s.timer, max(time.Until(s.resets[0].due), 1), 0)
	}
}

func (s *source) drop(c *sourceConn) {
	c.closed = true
	delete(s.conns, c.fd)
	syscall.Close(c.fd)
}
