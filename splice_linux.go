package vaurien

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// pipeSize is what one splice can move; the most that a user who is not
	// root may ask for (/proc/sys/fs/pipe-max-size).
	pipeSize = 1 << 20

	// maxPipes is how many pipes a proxy holds at most, at two descriptors
	// each, and 64 of pipeSize are what /proc/sys/fs/pipe-user-pages-soft
	// allows a user who is not root. Streams that get none are copied.
	maxPipes = 64

	// smallSplice is what a splice must move to be worth more than a copy, and
	// smallSplices how many in a row may not.
	smallSplice  = 32 << 10
	smallSplices = 8
)

// errNotSpliced says that bytes must be copied: there is no pipe, or the
// connection is not a socket, or the stream is no longer bulk.
var errNotSpliced = errors.New("vaurien: not spliced")

type pipe struct{ r, w int }

// pipes are a proxy's pipes for splice(2). A stream has one only while there is
// something in it.
type pipes struct {
	mu     sync.Mutex
	free   []pipe
	made   int
	closed bool
}

func (ps *pipes) get() (pipe, bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if n := len(ps.free); n > 0 {
		p := ps.free[n-1]
		ps.free = ps.free[:n-1]
		return p, true
	}
	if ps.made >= maxPipes || ps.closed {
		return pipe{}, false
	}
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return pipe{}, false
	}
	unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, pipeSize) // the default size will do
	ps.made++
	return pipe{fds[0], fds[1]}, true
}

// put takes an empty pipe back.
func (ps *pipes) put(p pipe) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.closed {
		ps.destroy(p)
		return
	}
	ps.free = append(ps.free, p)
}

// spoil takes back a pipe that may still hold bytes.
func (ps *pipes) spoil(p pipe) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.destroy(p)
}

func (ps *pipes) destroy(p pipe) {
	unix.Close(p.r)
	unix.Close(p.w)
	ps.made--
}

func (ps *pipes) close() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, p := range ps.free {
		ps.destroy(p)
	}
	ps.free, ps.closed = nil, true
}

// splice moves up to n bytes of bulk from socket to socket without copying
// them. It returns as carry does, or errNotSpliced when the stream is better
// copied; all that it counts as moved has been written.
func (d *direction) splice(n int64) (moved int64, err error) {
	if d.in.src.raw == nil || !d.in.direct() {
		return 0, errNotSpliced
	}
	sc, ok := d.out.conn.(syscall.Conn)
	if !ok {
		return 0, errNotSpliced
	}
	to, err := sc.SyscallConn()
	if err != nil {
		return 0, errNotSpliced
	}
	small := 0
	for moved < n && small < smallSplices {
		p, k, err := d.fillPipe(n - moved)
		if err != nil {
			return moved, err
		}
		d.in.src.count.Add(uint64(k))
		d.s.noteData(d.point)
		err = drainPipe(p, to, k)
		if err != nil {
			d.s.proxy.pipes.spoil(p)
			return moved, &writeError{err}
		}
		d.s.proxy.pipes.put(p)
		d.out.count.Add(uint64(k))
		moved += int64(k)
		if small++; k >= smallSplice {
			small = 0
		}
	}
	if moved < n {
		err = errNotSpliced
	}
	return moved, err
}

// fillPipe waits, with no pipe in hand, until there is something to move, and
// moves it into one.
func (d *direction) fillPipe(n int64) (p pipe, moved int, err error) {
	ps := &d.s.proxy.pipes
	var failed error
	err = d.in.src.raw.Read(func(fd uintptr) bool {
		var ok bool
		if p, ok = ps.get(); !ok {
			failed = errNotSpliced
			return true
		}
		moved, failed = spliceOnce(int(fd), p.w, int(min(n, pipeSize)))
		if failed == nil && moved > 0 {
			return true
		}
		ps.put(p)
		return failed != unix.EAGAIN
	})
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		d.in.src.conn.SetReadDeadline(time.Time{})
		return p, 0, errInterrupted
	case err != nil:
		return p, 0, err
	case failed == unix.EINVAL || failed == unix.ENOSYS:
		return p, 0, errNotSpliced // a kind of socket that cannot be spliced
	case failed != nil:
		return p, 0, failed
	case moved == 0:
		return p, 0, io.EOF
	}
	return p, moved, nil
}

// drainPipe writes the n bytes that are in p, all of them.
func drainPipe(p pipe, to syscall.RawConn, n int) error {
	var failed error
	err := to.Write(func(fd uintptr) bool {
		for n > 0 {
			var k int
			if k, failed = spliceOnce(p.r, int(fd), n); failed != nil {
				return failed != unix.EAGAIN
			}
			n -= k
		}
		return true
	})
	if err != nil {
		return err
	}
	return failed
}

func spliceOnce(from, to, n int) (int, error) {
	for {
		k, err := unix.Splice(from, nil, to, nil, n, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if err != unix.EINTR {
			return int(max(k, 0)), err
		}
	}
}
