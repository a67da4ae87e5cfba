package main

import (
	"strconv"
	"time"
)

// A timingCurve is one kind of harm, the moment of which is measured.
type timingCurve struct {
	name     string
	backend  string // which one it needs, as in bed
	fault    string // what peers' scripts call it
	headline []string
	run      func(conns int) timingRun
	direct   func(conns int) timingRun // without a proxy; nil: there is no such run
	peerArgs map[string][]string       // what a peer needs to be measured fairly
}

// A timingRun is a run's load, and what the proxy is set to.
type timingRun struct {
	args    []string // of loadgen itself
	env     []string // of the peer's script
	delayMS float64
	rate    float64 // bytes/s, each connection's
}

// sourcePort is where the backend of pace and reset listens.
const sourcePort = 19001

func timingCurves() []timingCurve {
	late := []string{"err_min_us", "err_p50_us", "err_p99_us", "err_max_us"}
	return []timingCurve{
		{name: "delay-10ms", backend: "raw", fault: "delay", headline: late, run: delayRun(10), direct: directDelay},
		{name: "delay-100ms", backend: "raw", fault: "delay", headline: late, run: delayRun(100), direct: directDelay},
		{name: "pace", backend: "source", fault: "rate", run: paceRun,
			headline: []string{"err_pct", "err_worst_pct", "burst_10ms_p50", "burst_10ms_max", "burst_100ms_p50", "burst_100ms_max", "errors"}},
		{name: "reset", backend: "source", fault: "reset", run: resetRun, direct: directReset,
			headline: append(late, "not_reset"),
			// Toxiproxy begins to count with the first byte, the others with the
			// connection.
			peerArgs: map[string][]string{"toxiproxy": {"-from-byte"}}},
	}
}

// delayLoad is the load of a delay curve, the same for 200 connections and for
// 5,000: 2,000 messages a second in all take about a quarter of one core in each
// of generator, proxy and backend. More would measure who gets the processor, not
// who is on time. One connection gets a message each 5 ms, as it did before.
func delayLoad(conns int, ms float64) []string {
	rate := 2000
	if conns == 1 {
		rate = 200
	}
	return []string{"delay", "-conns", strconv.Itoa(conns), "-rate", strconv.Itoa(rate),
		"-delay", strconv.FormatFloat(ms, 'f', -1, 64), "-time", "2s"}
}

func delayRun(ms float64) func(int) timingRun {
	return func(conns int) timingRun {
		return timingRun{args: delayLoad(conns, ms), delayMS: ms}
	}
}

// directDelay is the same load with no delay: the floor of the measurement.
func directDelay(conns int) timingRun { return timingRun{args: delayLoad(conns, 0)} }

// paceRun paces 100 KB/s on each connection, and 10 KB/s where there are more
// than a thousand, so that the sum, 50 MB/s at 5,000, leaves the machine room.
func paceRun(conns int) timingRun {
	rate := 100_000
	if conns > 1000 {
		rate = 10_000
	}
	return timingRun{rate: float64(rate),
		args: []string{"pace", "-conns", strconv.Itoa(conns), "-rate", strconv.Itoa(rate), "-time", "3s"}}
}

// resetAfter returns when connections are reset, and how many there are in all.
// One is opened each resetAfter/conns: 10, 200 and 1,000 a second.
func resetAfter(conns int) (after time.Duration, total int) {
	switch {
	case conns < 20:
		return 100 * time.Millisecond, 30 * conns
	case conns <= 1000:
		return time.Second, 4 * conns
	}
	return 5 * time.Second, conns
}

func resetRun(conns int) timingRun {
	after, total := resetAfter(conns)
	ms := strconv.FormatInt(after.Milliseconds(), 10)
	return timingRun{env: []string{"RESET_MS=" + ms},
		args: []string{"reset", "-conns", strconv.Itoa(conns), "-total", strconv.Itoa(total), "-after", ms}}
}

// directReset lets the backend, one event loop with a timerfd, reset the
// connections: the floor of the measurement.
func directReset(conns int) timingRun {
	r := resetRun(conns)
	r.args = append(r.args, "-ask-backend")
	return r
}
