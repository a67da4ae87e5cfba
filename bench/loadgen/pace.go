package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"
)

type paceResult struct {
	Mode     string  `json:"mode"`
	Label    string  `json:"label,omitempty"`
	Conns    int     `json:"conns"`
	Rate     float64 `json:"rate_bytes_s"` // the configured one, of each connection
	Bytes    int64   `json:"bytes"`
	Errors   int     `json:"errors"`
	ErrPct   float64 `json:"err_pct"`         // the median connection's rate against the configured one
	WorstPct float64 `json:"err_worst_pct"`   // that of the connection that is farthest off
	P50In10  float64 `json:"burst_10ms_p50"`  // most bytes in any 10 ms over the ideal, median connection
	MaxIn10  float64 `json:"burst_10ms_max"`  // and the worst
	P50In100 float64 `json:"burst_100ms_p50"` // the same of any 100 ms
	MaxIn100 float64 `json:"burst_100ms_max"`
	cost
}

// paceSpread is the time over which a run's connections begin, so that their
// schedules are not in step, and paceSkip how much of each is left out: what
// the buffers on the way let through at once.
const (
	paceSpread = time.Second
	paceSkip   = time.Second
)

func paceMain(args []string) {
	fs := flag.NewFlagSet("pace", flag.ExitOnError)
	var c common
	c.flags(fs)
	conns := fs.Int("conns", 1, "connections (the rate is each one's)")
	rate := fs.Float64("rate", 1e5, "the configured rate, bytes/s")
	dur := fs.Duration("time", 3*time.Second, "measured time, after a second that is not")
	fs.Parse(args)
	if *conns < 1 || *rate <= 0 || *dur <= 0 {
		fmt.Fprintln(os.Stderr, "loadgen pace: -conns, -rate and -time: more than 0")
		os.Exit(2)
	}
	emit(runPace(&c, *conns, *rate, *dur))
}

// runPace lets the backend send as fast as it can on all connections, and takes
// down when which bytes come. It does what bw does with one event loop in the
// place of a thread for each connection.
func runPace(c *common, conns int, rate float64, dur time.Duration) paceResult {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	noTimerSlack()
	raiseNoFile()
	growFDTable(mostFDs)
	sa := sockaddr(c.addr)
	res := paceResult{Mode: "pace", Label: c.label, Conns: conns, Rate: rate}
	ep, err := syscall.EpollCreate1(0)
	if err != nil {
		fatal("epoll: %v", err)
	}
	defer closeFD(ep)
	fds := make([]int, conns)
	index := make(map[int]int, conns)
	for i := range fds {
		fd, err := dial(c, sa)
		if err != nil {
			fatal("dial: %v", err)
		}
		defer closeFD(fd)
		syscall.SetNonblock(fd, true)
		epollAdd(ep, fd, syscall.EPOLLIN, int32(fd))
		fds[i], index[fd] = fd, i
	}
	tick, err := timerFD(paceSpread / time.Duration(conns))
	if err != nil {
		fatal("timerfd: %v", err)
	}
	defer closeFD(tick)
	epollAdd(ep, tick, syscall.EPOLLIN, int32(tick))

	all := make([][]arrival, conns)
	asked := 0
	ask := header('G', 1<<50) // more than any run takes
	buf := make([]byte, 64<<10)
	events := make([]syscall.EpollEvent, 256)
	m := startMeter(c.pid, c.backend)
	begin := time.Now()
	for time.Since(begin) < paceSpread+paceSkip+dur {
		n, err := syscall.EpollWait(ep, events, 100)
		if err == syscall.EINTR {
			continue
		}
		for _, e := range events[:n] {
			fd := int(e.Fd)
			if fd == tick {
				var t [8]byte
				syscall.Read(tick, t[:])
				for k := binary.LittleEndian.Uint64(t[:]); k > 0 && asked < conns; k-- {
					if writeFull(fds[asked], ask[:]) != nil {
						res.Errors++
					}
					asked++
				}
				continue
			}
			k, err := readSome(fd, buf)
			if err == syscall.EAGAIN {
				continue
			}
			if k <= 0 || err != nil {
				res.Errors++
				syscall.EpollCtl(ep, syscall.EPOLL_CTL_DEL, fd, &syscall.EpollEvent{})
				continue
			}
			if at := time.Since(begin); at >= paceSpread+paceSkip {
				i := index[fd]
				all[i] = append(all[i], arrival{at, k})
				res.Bytes += int64(k)
			}
		}
	}
	res.cost = m.stop()
	res.sum(all, rate)
	return res
}

// sum fills in what the arrivals of all connections say of the rate.
func (r *paceResult) sum(all [][]arrival, rate float64) {
	var off, in10, in100 []float64
	for _, ev := range all {
		got, ok := arrivalRate(ev)
		if !ok {
			r.Errors++
			continue
		}
		off = append(off, (got/rate-1)*100)
		in10 = append(in10, float64(worst(ev, 10*time.Millisecond, 0))/(rate/100))
		in100 = append(in100, float64(worst(ev, 100*time.Millisecond, 0))/(rate/10))
	}
	if len(off) == 0 {
		return
	}
	r.ErrPct = round(median(off), 3)
	r.WorstPct = round(slices.MaxFunc(off, func(a, b float64) int { return compareAbs(a, b) }), 3)
	r.P50In10, r.MaxIn10 = round(median(in10), 3), round(slices.Max(in10), 3)
	r.P50In100, r.MaxIn100 = round(median(in100), 3), round(slices.Max(in100), 3)
}

// compareAbs orders numbers by how far they are from 0.
func compareAbs(a, b float64) int {
	switch x, y := math.Abs(a), math.Abs(b); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// arrivalRate is the bytes a second between the first arrival and the last. The
// first one's bytes took their time before it, and do not count: so the rate of
// a stream in even steps is exact, wherever the measured time begins and ends.
func arrivalRate(ev []arrival) (rate float64, ok bool) {
	if len(ev) < 2 {
		return 0, false
	}
	sum := 0
	for _, e := range ev[1:] {
		sum += e.n
	}
	took := ev[len(ev)-1].t - ev[0].t
	if took <= 0 {
		return 0, false
	}
	return float64(sum) / took.Seconds(), true
}
