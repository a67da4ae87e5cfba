package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

type resetResult struct {
	Mode     string  `json:"mode"`
	Label    string  `json:"label,omitempty"`
	Conns    int     `json:"conns"`
	AfterMS  float64 `json:"after_ms"`
	Total    int     `json:"total"`
	Resets   int     `json:"resets"`
	NotReset int     `json:"not_reset"` // ended by anything but a RST, or never
	MinErr   float64 `json:"err_min_us"`
	P50Err   float64 `json:"err_p50_us"`
	P99Err   float64 `json:"err_p99_us"`
	MaxErr   float64 `json:"err_max_us"`
	cost
}

// resetPlan is what a reset run does.
type resetPlan struct {
	conns    int           // open at a time
	total    int           // opened in all
	after    time.Duration // when each is to be reset
	fromByte bool          // counted from the byte that is sent, not from the connection
	backend  bool          // ask the backend for the resets: there is no proxy
}

// check returns what is wrong with the plan, naming the flag.
func (p resetPlan) check() error {
	switch {
	case p.conns < 1:
		return fmt.Errorf("-conns %d: at least 1", p.conns)
	case p.total < 1:
		return fmt.Errorf("-total %d: at least 1", p.total)
	case p.after <= 0:
		return fmt.Errorf("-after: more than 0 ms")
	}
	return nil
}

func resetMain(args []string) {
	fs := flag.NewFlagSet("reset", flag.ExitOnError)
	var c common
	c.flags(fs)
	var p resetPlan
	fs.IntVar(&p.conns, "conns", 1, "connections that are open at a time")
	fs.IntVar(&p.total, "total", 0, "connections in all (default: as many as -conns, and at least 40)")
	after := fs.Float64("after", 1000, "when a connection is to be reset, ms after it was made")
	fs.BoolVar(&p.fromByte, "from-byte", false, "the time counts from the byte that the client sends")
	fs.BoolVar(&p.backend, "ask-backend", false, "-addr is loadgen source itself: let it reset the connections")
	fs.Parse(args)
	p.after = time.Duration(*after * float64(time.Millisecond))
	if p.total == 0 {
		p.total = max(p.conns, 40)
	}
	if err := p.check(); err != nil {
		fmt.Fprintln(os.Stderr, "loadgen reset:", err)
		os.Exit(2)
	}
	emit(runReset(&c, p))
}

// resetGrace is how long after its moment a connection may still be reset, and
// be called late; after that it is one that was not.
const resetGrace = 10 * time.Second

// runReset opens connections, one each after/conns, so that conns are open at
// a time and resets fall due as evenly as they are opened. Each sends a byte and
// then waits for its end, the moment of which is held against that at which it
// was due. The time counts from before the call of connect, so that nothing
// that is on time can look early.
func runReset(c *common, p resetPlan) resetResult {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	noTimerSlack()
	raiseNoFile()
	growFDTable(mostFDs)
	sa := sockaddr(c.addr)
	res := resetResult{Mode: "reset", Label: c.label, Conns: p.conns, AfterMS: float64(p.after) / 1e6, Total: p.total}
	ep, err := syscall.EpollCreate1(0)
	if err != nil {
		fatal("epoll: %v", err)
	}
	defer closeFD(ep)
	tick, err := timerFD(p.after / time.Duration(p.conns))
	if err != nil {
		fatal("timerfd: %v", err)
	}
	defer closeFD(tick)
	epollAdd(ep, tick, syscall.EPOLLIN, int32(tick))

	hello := []byte{'x'}
	if p.backend {
		h := header(resetHeader, uint64(p.after))
		hello = h[:]
	}
	due := make(map[int]time.Time, p.conns)
	open := func() error {
		begin := time.Now()
		fd, err := dial(c, sa)
		if err != nil {
			return err
		}
		if p.fromByte {
			begin = time.Now()
		}
		due[fd] = begin.Add(p.after)
		writeFull(fd, hello) // if it has been reset already, reading it will tell
		syscall.SetNonblock(fd, true)
		return epollAdd(ep, fd, syscall.EPOLLIN, int32(fd))
	}
	var late []int64
	opened := 0
	m := startMeter(c.pid, c.backend)
	last := time.Now()
	events := make([]syscall.EpollEvent, 256)
	buf := make([]byte, 4096)
	for opened < p.total || len(due) > 0 {
		if opened == p.total && time.Since(last) > p.after+resetGrace {
			break
		}
		n, err := syscall.EpollWait(ep, events, 100)
		if err == syscall.EINTR {
			continue
		}
		for _, e := range events[:n] {
			fd := int(e.Fd)
			if fd == tick {
				var t [8]byte
				syscall.Read(tick, t[:])
				for k := binary.LittleEndian.Uint64(t[:]); k > 0 && opened < p.total; k-- {
					if err := open(); err != nil {
						res.NotReset++
					}
					opened++
					last = time.Now()
				}
				continue
			}
			_, err := readSome(fd, buf)
			now := time.Now()
			switch {
			case err == syscall.EAGAIN:
				continue
			case err == syscall.ECONNRESET:
				late = append(late, int64(now.Sub(due[fd])))
			default: // the end of the stream, bytes that nobody sent, another error
				res.NotReset++
			}
			delete(due, fd)
			closeFD(fd)
		}
	}
	res.cost = m.stop()
	for fd := range due {
		res.NotReset++
		closeFD(fd)
	}
	sorted(late)
	res.Resets = len(late)
	res.MinErr, res.P50Err = us(quant(late, 0)), us(quant(late, .5))
	res.P99Err, res.MaxErr = us(quant(late, .99)), us(quant(late, 1))
	return res
}
