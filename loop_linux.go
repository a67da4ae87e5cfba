package vaurien

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loopBuffer is how much a loop reads at once: what the largest buffer of a
// stream that is copied takes.
const loopBuffer = 256 << 10

// loopEvents is how many events a loop takes from the kernel at once.
const loopEvents = 256

// Loops carry the connections to which nothing is done, many in one goroutine:
// such a connection has neither a goroutine nor a buffer while it is idle, and
// costs two system calls fewer for what it carries. They are for Linux; elsewhere
// there are none.
type Loops struct {
	all []*loop
	wg  sync.WaitGroup
}

// NewLoops returns n loops; as many as there are processors are best, if Go may
// use as many processors beside theirs (runtime.GOMAXPROCS): the runtime takes
// from a loop that waits for long the processor that it would need at once. It
// returns errors.ErrUnsupported where there are none to be had.
func NewLoops(n int) (*Loops, error) {
	ls := new(Loops)
	for range n {
		l, err := newLoop()
		if err != nil {
			ls.Close()
			return nil, err
		}
		ls.all = append(ls.all, l)
		ls.wg.Add(1)
		go func() {
			defer ls.wg.Done()
			l.run()
		}()
	}
	return ls, nil
}

// Close ends the loops and waits for them. The proxies that use them must be
// closed before.
func (ls *Loops) Close() {
	for _, l := range ls.all {
		l.do(func() { l.ended = true })
	}
	ls.wg.Wait()
}

// imbalance is how many sessions more than another a loop may have before it
// gives those that it lets in to the other: a wake-up is dearer than a session
// that is carried elsewhere.
const imbalance = 4

// least returns the loop that has the fewest sessions; l itself, if given, unless
// it has many more.
func (ls *Loops) least(l *loop) *loop {
	best := ls.all[0]
	for _, o := range ls.all {
		if o.sessions.Load() < best.sessions.Load() {
			best = o
		}
	}
	if l != nil && l.sessions.Load() <= best.sessions.Load()+imbalance {
		return l
	}
	return best
}

// An awaiter is what a loop tells of the events of a descriptor.
type awaiter interface{ ready(events uint32) }

// A loop is a goroutine with a thread of its own that waits for descriptors.
// What is not said to be for any goroutine is the loop's own.
type loop struct {
	epoll, wake int
	awaiters    []awaiter // by descriptor
	buf         []byte
	dialing     []*rest // in the order in which they began
	ended       bool

	sessions atomic.Int64 // that it has or is about to have; for any goroutine

	mu   sync.Mutex
	todo []func()
	dead bool
}

func newLoop() (*loop, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(epoll)
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	l := &loop{epoll: epoll, wake: wake, buf: make([]byte, loopBuffer)}
	return l, l.control(unix.EPOLL_CTL_ADD, wake, unix.EPOLLIN)
}

// do lets f be called by the loop, after what it was given before; for any
// goroutine, which does not wait. It reports false if the loop has ended.
func (l *loop) do(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return false
	}
	if l.todo = append(l.todo, f); len(l.todo) == 1 {
		unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
	return true
}

// call is do for who waits until f has been called.
func (l *loop) call(f func()) {
	done := make(chan struct{})
	if l.do(func() { f(); close(done) }) {
		<-done
	}
}

// run carries what there is to carry until the loop is ended.
func (l *loop) run() {
	runtime.LockOSThread()
	defer l.close()
	events := make([]unix.EpollEvent, loopEvents)
	for !l.ended {
		n, err := unix.EpollWait(l.epoll, events, l.patience())
		if err != nil && err != unix.EINTR {
			panic("vaurien: epoll: " + err.Error())
		}
		for _, e := range events[:max(n, 0)] {
			fd := int(e.Fd)
			if fd == l.wake {
				l.serve()
			} else if fd < len(l.awaiters) && l.awaiters[fd] != nil {
				l.awaiters[fd].ready(e.Events)
			}
		}
		l.giveUp()
	}
}

// serve calls what do was given.
func (l *loop) serve() {
	var b [8]byte
	unix.Read(l.wake, b[:])
	l.mu.Lock()
	todo := l.todo
	l.todo = nil
	l.mu.Unlock()
	for _, f := range todo {
		f()
	}
}

func (l *loop) close() {
	l.mu.Lock()
	l.dead = true
	l.mu.Unlock()
	unix.Close(l.wake)
	unix.Close(l.epoll)
}

// patience returns for how many milliseconds the loop may wait: for ever, or,
// while backends are called, a second.
func (l *loop) patience() int {
	if len(l.dialing) > 0 {
		return int(time.Second / time.Millisecond)
	}
	return -1
}

// giveUp ends calls that have taken too long.
func (l *loop) giveUp() {
	if len(l.dialing) == 0 {
		return
	}
	now := time.Now()
	for _, r := range slices.Clone(l.dialing) {
		if now.After(r.giveUp) {
			r.notConnected(errDialTimeout)
		}
	}
}

var errDialTimeout = errors.New("dial tcp: i/o timeout")

// add lets a be told of fd's events.
func (l *loop) add(fd int, a awaiter, events uint32) error {
	if fd >= len(l.awaiters) {
		l.awaiters = append(l.awaiters, make([]awaiter, max(64, fd+1-len(l.awaiters), len(l.awaiters)))...)
	}
	l.awaiters[fd] = a
	return l.control(unix.EPOLL_CTL_ADD, fd, events)
}

// forget undoes add for a descriptor that is closed next.
func (l *loop) forget(fd int) { l.awaiters[fd] = nil }

// remove undoes add.
func (l *loop) remove(fd int) {
	l.forget(fd)
	l.control(unix.EPOLL_CTL_DEL, fd, 0)
}

// readNow is read(2) on a socket that never waits, of which the scheduler need
// not know: that is a tenth of the cost of a small message.
func readNow(fd int, b []byte) (int, error) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// writeNow is write(2), likewise.
func writeNow(fd int, b []byte) (int, error) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

func (l *loop) control(op, fd int, events uint32) error {
	return unix.EpollCtl(l.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}
