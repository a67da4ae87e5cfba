package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

type askResult struct {
	Mode   string  `json:"mode"`
	Label  string  `json:"label,omitempty"`
	Size   int64   `json:"size"`
	Secs   float64 `json:"secs"`
	Gbps   float64 `json:"gbit_s"`
	Rate   float64 `json:"msgs_s"`
	PerK   float64 `json:"proxy_cpu_ms_per_1k"`
	PerGiB float64 `json:"proxy_cpu_s_per_gib"`
	latencies
	cost
	RSSBefore int64 `json:"rss_kb_before"` // of the proxy
	RSSMost   int64 `json:"rss_kb_most"`   // it ever had, before or since
}

func askMain(args []string) {
	fs := flag.NewFlagSet("ask", flag.ExitOnError)
	var c common
	c.flags(fs)
	size := fs.Int64("size", 1<<20, "bytes of a reply")
	dur := fs.Duration("time", time.Second, "measured time; at least one message, however long it takes")
	fs.Parse(args)
	if *size < 1 {
		fmt.Fprintln(os.Stderr, "loadgen ask: -size: at least 1")
		os.Exit(2)
	}
	r, err := runAsk(&c, *size, *dur)
	if err != nil {
		fatal("ask: %v", err)
	}
	emit(r)
}

// askLimit is how long a message may stand still.
const askLimit = 10 * time.Second

// runAsk asks on one connection for a message of that size, reads it to its last
// byte, asks for the next.
func runAsk(c *common, size int64, dur time.Duration) (askResult, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	res := askResult{Mode: "ask", Label: c.label, Size: size, RSSBefore: memory(c.pid, "VmRSS:")}
	fd, err := dial(c, sockaddr(c.addr))
	if err != nil {
		return res, err
	}
	defer closeFD(fd)
	setRcvTimeout(fd, askLimit)
	// Until here the path may not be up: a byte first, which is not measured.
	buf := make([]byte, bulkBuf)
	if err := ask(fd, 1, buf); err != nil {
		return res, fmt.Errorf("first reply: %w", err)
	}
	var took []int64
	m := startMeter(c.pid, c.backend)
	start := time.Now()
	for len(took) == 0 || time.Since(start) < dur {
		sent := time.Now()
		if err := ask(fd, size, buf); err != nil {
			return res, fmt.Errorf("message %d: %w", len(took)+1, err)
		}
		took = append(took, int64(time.Since(sent)))
	}
	secs := time.Since(start).Seconds()
	res.cost = m.stop()
	res.RSSMost = memory(c.pid, "VmHWM:")
	n := float64(len(took))
	moved := n * float64(size)
	res.Secs = round(secs, 3)
	res.latencies = summarize(took)
	res.Rate = round(n/secs, 2)
	res.Gbps = round(moved*8/secs/1e9, 6)
	res.PerK = round(res.cost.Proxy*1e6/n, 3)
	res.PerGiB = round(res.cost.Proxy/(moved/(1<<30)), 3)
	return res, nil
}

// ask sends a request for size bytes and reads them.
func ask(fd int, size int64, buf []byte) error {
	h := header('A', uint64(size))
	if err := writeFull(fd, h[:]); err != nil {
		return err
	}
	for size > 0 {
		n, err := readSome(fd, buf[:min(size, int64(len(buf)))])
		if err != nil {
			return err
		}
		if n == 0 {
			return syscall.ECONNRESET
		}
		size -= int64(n)
	}
	return nil
}

// answer is the backend's side, on a blocking socket: asked has the first
// request, and maybe a part of the next.
func answer(fd int, asked []byte) {
	runtime.LockOSThread() // the thread dies with the goroutine: no leak of blocked threads
	defer closeFD(fd)
	buf := make([]byte, bulkBuf)
	for {
		for len(asked) < hdrLen {
			n, err := readSome(fd, buf[:hdrLen-len(asked)])
			if n <= 0 || err != nil {
				return
			}
			asked = append(asked, buf[:n]...)
		}
		left := binary.LittleEndian.Uint64(asked[8:hdrLen])
		asked = asked[hdrLen:]
		for left > 0 {
			b := buf[:min(left, uint64(len(buf)))]
			if writeFull(fd, b) != nil {
				return
			}
			left -= uint64(len(b))
		}
	}
}

// memory is a line of /proc/PID/status, in KB, of a process and all that it has
// started.
func memory(pid int, key string) (kb int64) {
	if pid <= 0 {
		return 0
	}
	for _, r := range tree(pid) {
		kb += statusKB("/proc/"+strconv.Itoa(r.pid)+"/status", key)
	}
	return kb
}
