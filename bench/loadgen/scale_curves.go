package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A scaleCurve is how cost grows with one thing, x.
type scaleCurve struct {
	name    string
	xs      []int
	metrics []string // that are kept
	series  []scaleSeries
}

// A scaleSeries is one line of a curve.
type scaleSeries struct {
	name  string
	start starter // nil: the backend itself is loaded
	load  func(x int) cell
}

// scaleCurves are all there are; dur is how long a run is measured, about.
func scaleCurves(dur time.Duration) []scaleCurve {
	return []scaleCurve{connectionsCurve(dur), activeCurve(dur), proxiesCurve(dur), behaviorsCurve(dur), sizesCurve(dur)}
}

// acting is a plan that looks at every byte of both directions and does nothing
// to any: a limit that is never reached. Sessions under it are served by
// goroutines, each message passes through the behavior.
const acting = "E=--behavior 100:limit_data --behavior-limit_data-bytes 1000000GiB"

// connectionsCurve has a message of 64 B in flight on each of x connections.
func connectionsCurve(dur time.Duration) scaleCurve {
	load := func(more ...string) func(int) cell {
		return func(x int) cell {
			return rawCell("rtt", append([]string{"-conns", strconv.Itoa(x), "-time", dur.String()}, more...)...)
		}
	}
	return scaleCurve{
		name: "connections", xs: []int{1, 10, 100, 1000, 3000, 9000},
		metrics: connectionMetrics(),
		series: []scaleSeries{
			{"direct", nil, load()},
			{"vaurien", script("vaurien"), load()},
			{"vaurien-acting", script("vaurien", acting), load()},
			{"vaurien-framed", script("vaurien", "P=redis"), load("-resp")},
			{"haproxy", script("haproxy"), load()},
			{"nginx", script("nginx"), load()},
			{"toxiproxy", script("toxiproxy"), load()},
		},
	}
}

// activeCurve has x connections open, 64 of which have a message in flight: what
// the others cost that do nothing.
func activeCurve(dur time.Duration) scaleCurve {
	load := func(x int) cell {
		return rawCell("rtt", "-conns", strconv.Itoa(x), "-active", strconv.Itoa(min(x, 64)), "-time", dur.String())
	}
	return scaleCurve{
		name: "active64", xs: []int{64, 1000, 3000, 9000},
		metrics: connectionMetrics(),
		series: []scaleSeries{
			{"direct", nil, load},
			{"vaurien", script("vaurien"), load},
			{"vaurien-acting", script("vaurien", acting), load},
			{"haproxy", script("haproxy"), load},
			{"nginx", script("nginx"), load},
			{"toxiproxy", script("toxiproxy"), load},
		},
	}
}

func connectionMetrics() []string {
	return []string{"msgs_s", "p50_us", "p99_us", "proxy_cpu_ms_per_1k", "rss_kb_per_conn", "threads", "other_cpu_pct"}
}

// proxiesCurve has x proxies in one process, and 64 connections in all, or one
// for each proxy where there are more.
func proxiesCurve(dur time.Duration) scaleCurve {
	load := func(x int) cell {
		return rawCell("rtt", "-conns", strconv.Itoa(max(x, 64)), "-ports", strconv.Itoa(x), "-time", dur.String())
	}
	return scaleCurve{
		name: "proxies", xs: []int{1, 3, 10, 30, 100},
		metrics: []string{"start_ms", "msgs_s", "p50_us", "p99_us", "proxy_cpu_ms_per_1k", "rss_kb_started", "rss_kb", "threads", "other_cpu_pct"},
		series: []scaleSeries{
			{"vaurien", manyVauriens, load},
			{"toxiproxy", manyToxiproxies, load},
		},
	}
}

// behaviorsCurve has a plan of x behaviors before Redis, loaded by
// redis-benchmark. Of a draw an exchange gets one at most, and these get none;
// of toxics, all that there are.
func behaviorsCurve(dur time.Duration) scaleCurve {
	load := func(pipeline, perSecond int) func(int) cell {
		// SET and then GET; half of the time each.
		n := max(1000, int(float64(perSecond)*dur.Seconds()/2))
		return func(int) cell {
			return cell{name: "redis", backend: "redis", fault: "none", run: redisCell(pipeline, n)}
		}
	}
	// About what passes in a second on two cores.
	p1, p16 := load(1, 40_000), load(16, 400_000)
	return scaleCurve{
		name: "behaviors", xs: []int{1, 2, 5, 10, 20, 50},
		metrics: []string{"msgs_s", "get_p50_ms", "get_p99_ms", "proxy_cpu_ms_per_1k", "other_cpu_pct"},
		series: []scaleSeries{
			{"vaurien redis -P 1", drawn("P=redis"), p1},
			{"vaurien redis -P 16", drawn("P=redis"), p16},
			{"vaurien tcp -P 1", drawn("P=tcp", "--draw exchange"), p1},
			{"vaurien toxics -P 1", vaurienToxics, p1},
			{"toxiproxy -P 1", toxiproxyToxics, p1},
		},
	}
}

// drawOf is a draw of n behaviors that no exchange of a run will ever get:
// a billionth of a percent each, of kinds that plain tcp has too.
func drawOf(n int) string {
	names := []string{"delay", "error", "abort", "blackout", "hang"}
	draw := make([]string, n)
	for i := range draw {
		draw[i] = "0.000000001:" + names[i%len(names)]
	}
	return strings.Join(draw, ",")
}

// sizesCurve asks for messages of x bytes on one connection.
func sizesCurve(dur time.Duration) scaleCurve {
	load := func(x int) cell {
		return rawCell("ask", "-size", strconv.Itoa(x), "-time", dur.String())
	}
	return scaleCurve{
		name: "sizes", xs: []int{16, 256, 4 << 10, 64 << 10, 1 << 20, 16 << 20, 256 << 20, 1 << 30},
		metrics: []string{"gbit_s", "msgs_s", "p50_us", "proxy_cpu_s_per_gib", "proxy_cpu_ms_per_1k", "rss_kb_before", "rss_kb_most", "other_cpu_pct"},
		series: []scaleSeries{
			{"direct", nil, load},
			{"vaurien", script("vaurien"), load},
			{"vaurien-acting", script("vaurien", acting), load},
			{"haproxy-splice-force", script("haproxy-splice-force"), load},
			{"nginx", script("nginx"), load},
			{"toxiproxy", script("toxiproxy"), load},
		},
	}
}

// rawCell is a load by a mode of loadgen itself, on its own backend.
func rawCell(mode string, args ...string) cell {
	return cell{name: mode, backend: "raw", fault: "none", run: raw(slices.Insert(args, 0, mode)...)}
}

// drawn starts vaurien with a draw of x behaviors, and what more flags say.
func drawn(protocol string, flags ...string) starter {
	return func(s *scale, in *instance, x int, c cell, m map[string]float64) error {
		more := fmt.Sprintf("E=--behavior %s %s", drawOf(x), strings.Join(flags, " "))
		return script("vaurien", protocol, more)(s, in, x, c, m)
	}
}
