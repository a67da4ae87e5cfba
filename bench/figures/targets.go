package main

import (
	"fmt"
	"math"
)

// A bound is what a goal is held against: a factor of a reading, or the factor
// itself where no cell is named.
type bound struct {
	factor float64
	of     reading
}

// A goal is one figure of ours and what it is to reach, or not to exceed.
type goal struct {
	title, unit string
	ours        reading
	atLeast     bool
	bounds      []bound // all of them
}

const (
	ours   = "vaurien"
	framed = "vaurien-framed"
	spl    = "haproxy-splice-force"
	perK   = "proxy_cpu_ms_per_1k"
	perGiB = "proxy_cpu_s_per_gib"
)

// fixed is a bound that no peer sets.
func fixed(v float64) []bound { return []bound{{factor: v}} }

// times is a factor of what another peer reads in the same place, or of what
// ours does when the goal's own reading is another peer's.
func times(factor float64, r reading, peer string) bound {
	r.peer = peer
	return bound{factor, r}
}

func goals() []goal {
	bulk := reading{"bulk-1-down", ours, "gbit_s", ratio}
	up := reading{"bulk-8-up", ours, "gbit_s", ratio}
	trips := reading{"rtt-64x64", ours, "msgs_s", ratio}
	tripsCPU := reading{"rtt-64x64", ours, perK, plain}
	tripsCPU1k := reading{"rtt-64x1k", ours, perK, plain}
	trip := reading{"rtt-1x64", ours, "p50_us", overDirect}
	churn := reading{"churn-32", ours, "conns_s", ratio}
	redisCPU := reading{"redis-p1", framed, perK, plain}
	pipedCPU := reading{"redis-p16", framed, perK, plain}
	pgFramed := reading{"pgbench", framed, "tps", plain}
	underS := reading{"delay-bulk-1s-1c", ours, "gbit_s", ratio}
	under100 := reading{"delay-bulk-1c", ours, "gbit_s", ratio}
	gs := []goal{
		{"bulk, 1 connection, to client", "of direct", bulk, true, []bound{times(1, bulk, spl), times(0.95, bulk, "floor-splice")}},
		{"bulk, 1 connection", "CPU s/GiB", reading{"bulk-1-down", ours, perGiB, plain}, false, fixed(0.60)},
		{"bulk, 8 connections, to backend", "of direct", up, true, []bound{times(1.5, up, spl)}},
		{"round trips, 64 B, 64 connections", "of direct", trips, true, []bound{times(1, trips, "haproxy")}},
		{"round trips, 64 B, 64 connections", "CPU ms/1000", tripsCPU, false, []bound{times(1.05, tripsCPU, "haproxy")}},
		{"round trips, 1 KiB, 64 connections", "CPU ms/1000", tripsCPU1k, false, []bound{times(1.1, tripsCPU1k, "haproxy")}},
		{"round trips, 64 B, 1 connection: p50 over direct", "µs", trip, false,
			[]bound{times(1, trip, "haproxy"), times(1, trip, spl), times(1, trip, "nginx"), times(1, trip, "toxiproxy")}},
		{"connect, ask, close", "of direct", churn, true, []bound{times(1, churn, "nginx")}},
		{"connect, ask, close", "CPU ms/1000", reading{"churn-32", ours, perK, plain}, false, fixed(170)},
		{"redis-benchmark, SET", "of direct", reading{"redis-p1", ours, "set_rps", ratio}, true, fixed(0.62)},
		{"redis-benchmark, framed", "CPU ms/1000", redisCPU, false, []bound{times(1.10, redisCPU, ours)}},
		{"redis-benchmark -P 16, SET", "of direct", reading{"redis-p16", ours, "set_rps", ratio}, true, fixed(0.65)},
		{"redis-benchmark -P 16, framed", "CPU ms/1000", pipedCPU, false, []bound{times(1.25, pipedCPU, ours)}},
		{"pgbench", "of direct", reading{"pgbench", ours, "tps", ratio}, true, fixed(0.62)},
		{"pgbench, framed", "a second", pgFramed, true, []bound{times(0.95, pgFramed, ours)}},
		{"idle connection, 5,000 of them", "KB", reading{"idle-5000", ours, "rss_kb_per_conn", plain}, false, fixed(3.3)},
		{"idle connection, 5,000 of them", "descriptors", reading{"idle-5000", ours, "fds_per_conn", plain}, false, fixed(2)},
	}
	for _, cell := range []struct{ name, title string }{{"delay-10ms-200c", "10 ms late, 200 connections"}, {"delay-100ms-200c", "100 ms late, 200 connections"}} {
		for _, p := range []string{"p50", "p99"} {
			late := reading{cell.name, ours, "err_" + p + "_us", overDirect}
			gs = append(gs, goal{cell.title + ": late by " + p + " over direct", "µs", late, false, []bound{times(0.5, late, "toxiproxy")}})
		}
	}
	return append(gs,
		goal{"bulk under 100 ms, 1 connection", "of direct", under100, true, fixed(0.33)},
		goal{"bulk under 100 ms, 4 connections", "of direct", reading{"delay-bulk-4c", ours, "gbit_s", ratio}, true, fixed(0.33)},
		goal{"bulk under 1 s, beside that under 100 ms", "of direct", underS, true, []bound{{0.8, under100}}},
		goal{"100 KB/s: error", "%", reading{"rate-100k", ours, "steady_err_pct", size}, false, fixed(0.1)},
		goal{"100 KB/s: most in 10 ms over ideal", "times", reading{"rate-100k", ours, "steady_burst_10ms", plain}, false, fixed(2)},
		goal{"10 MB/s on each of 20: error", "%", reading{"rate-10m-20c", ours, "steady_err_pct", size}, false, fixed(0.2)},
		goal{"10 MB/s on each of 20: most in 100 ms over ideal", "times", reading{"rate-10m-20c", ours, "steady_burst_100ms", plain}, false, fixed(1.15)},
	)
}

// limit is a goal's bound in figures, the strictest where there are several, and
// in words. It is false where a peer that sets it was not measured.
func (s *suite) limit(g goal) (float64, string, bool) {
	limit, words := math.Inf(1), ""
	if g.atLeast {
		limit = math.Inf(-1)
	}
	for _, b := range g.bounds {
		v, text := b.factor, ""
		if b.of.cell != "" {
			values := s.values(b.of)
			if len(values) == 0 {
				return 0, "", false
			}
			v *= values.median()
			text = named(b.of.peer)
			if b.of.peer == ours {
				text = "our own"
			}
			if b.factor != 1 {
				text = digits(b.factor) + " × " + text
			}
		}
		if g.atLeast && v > limit || !g.atLeast && v < limit {
			limit, words = v, text
		}
	}
	if words != "" {
		words = " (" + words + ")"
	}
	return limit, words, true
}

// verdict compares the median with the limit. A goal that is missed by less than
// our own quartiles are apart may have been missed by chance, and says so.
func verdict(v sample, limit float64, atLeast bool) string {
	within := func(x float64) bool { return atLeast && x >= limit || !atLeast && x <= limit }
	switch {
	case within(v.median()):
		return "met"
	case len(v) >= enough && (within(v.quantile(0.25)) || within(v.quantile(0.75))):
		return "not met, within the quartiles"
	}
	return "**not met**"
}

// targetsTable is each goal that can be computed: the bound, ours, met or not.
func targetsTable(s *suite) string {
	t := newTable("| goal | | bound | ours | runs | |")
	for _, g := range goals() {
		limit, words, ok := s.limit(g)
		v := s.values(g.ours)
		if !ok || len(v) == 0 {
			continue
		}
		sign := "≤ "
		if g.atLeast {
			sign = "≥ "
		}
		t.row(g.title, g.unit, sign+digits(limit)+words, digits(v.median())+v.spread(), fmt.Sprint(len(v)), verdict(v, limit, g.atLeast))
	}
	return t.String()
}
