package main

import (
	"fmt"
	"slices"
	"strings"
)

// A row of the comparison is one figure of one cell.
type row struct {
	cell, title, metric, unit string
	ratio                     bool // also given as a ratio to the direct run beside it
}

// rows are all that the comparison's table shows; an empty title goes on with
// the cell above.
func rows() []row {
	return []row{
		{cell: "bulk-1-down", title: "bulk, 1 connection, to client", metric: "gbit_s", unit: "Gbit/s", ratio: true},
		{cell: "bulk-1-down", metric: "proxy_cpu_s_per_gib", unit: "CPU s/GiB"},
		{cell: "bulk-8-up", title: "bulk, 8 connections, to backend", metric: "gbit_s", unit: "Gbit/s", ratio: true},
		{cell: "bulk-8-up", metric: "proxy_cpu_s_per_gib", unit: "CPU s/GiB"},
		{cell: "rtt-1x64", title: "round trips, 64 B, 1 connection", metric: "p50_us", unit: "p50 µs", ratio: true},
		{cell: "rtt-64x64", title: "round trips, 64 B, 64 connections", metric: "msgs_s", unit: "a second", ratio: true},
		{cell: "rtt-64x64", metric: "p99_us", unit: "p99 µs"},
		{cell: "rtt-64x64", metric: perK, unit: "CPU ms/1000"},
		{cell: "rtt-64x1k", title: "round trips, 1 KiB, 64 connections", metric: "msgs_s", unit: "a second", ratio: true},
		{cell: "rtt-64x1k", metric: perK, unit: "CPU ms/1000"},
		{cell: "churn-32", title: "connect, ask, close", metric: "conns_s", unit: "a second", ratio: true},
		{cell: "churn-32", metric: perK, unit: "CPU ms/1000"},
		{cell: "redis-p1", title: "redis-benchmark, SET", metric: "set_rps", unit: "a second", ratio: true},
		{cell: "redis-p1", metric: perK, unit: "CPU ms/1000"},
		{cell: "redis-p16", title: "redis-benchmark -P 16, SET", metric: "set_rps", unit: "a second", ratio: true},
		{cell: "redis-p16", metric: perK, unit: "CPU ms/1000"},
		{cell: "pgbench", title: "pgbench -S prepared", metric: "tps", unit: "a second", ratio: true},
		{cell: "pgbench", metric: perK, unit: "CPU ms/1000"},
		{cell: "wrk", title: "wrk, nginx", metric: "rps", unit: "a second", ratio: true},
		{cell: "wrk", metric: perK, unit: "CPU ms/1000"},
		{cell: "idle-5000", title: "idle connection, 5,000 of them", metric: "rss_kb_per_conn", unit: "KB"},
		{cell: "idle-5000", metric: "fds_per_conn", unit: "descriptors"},
		{cell: "delay-10ms-1c", title: "10 ms late, 1 connection: late by", metric: "err_p50_us", unit: "p50 µs"},
		{cell: "delay-10ms-1c", metric: "err_p99_us", unit: "p99 µs"},
		{cell: "delay-10ms-200c", title: "10 ms late, 200 connections: late by", metric: "err_p50_us", unit: "p50 µs"},
		{cell: "delay-10ms-200c", metric: "err_p99_us", unit: "p99 µs"},
		{cell: "delay-100ms-1c", title: "100 ms late, 1 connection: late by", metric: "err_p50_us", unit: "p50 µs"},
		{cell: "delay-100ms-1c", metric: "err_p99_us", unit: "p99 µs"},
		{cell: "delay-100ms-200c", title: "100 ms late, 200 connections: late by", metric: "err_p50_us", unit: "p50 µs"},
		{cell: "delay-100ms-200c", metric: "err_p99_us", unit: "p99 µs"},
		{cell: "delay-bulk-1c", title: "bulk under 100 ms, 1 connection", metric: "gbit_s", unit: "Gbit/s", ratio: true},
		{cell: "delay-bulk-4c", title: "bulk under 100 ms, 4 connections", metric: "gbit_s", unit: "Gbit/s", ratio: true},
		{cell: "delay-bulk-1s-1c", title: "bulk under 1 s", metric: "gbit_s", unit: "Gbit/s", ratio: true},
		{cell: "jitter-50ms-1c", title: "50 ± 50 ms each 5 ms: the mean is off by", metric: "err_mean_us", unit: "µs"},
		{cell: "rate-100k", title: "100 KB/s", metric: "steady_err_pct", unit: "error %"},
		{cell: "rate-100k", metric: "steady_burst_10ms", unit: "most in 10 ms over ideal"},
		{cell: "rate-10m", title: "10 MB/s", metric: "steady_err_pct", unit: "error %"},
		{cell: "rate-10m", metric: "steady_burst_100ms", unit: "most in 100 ms over ideal"},
		{cell: "rate-10m-20c", title: "10 MB/s on each of 20", metric: "steady_err_pct", unit: "error %"},
		{cell: "rate-10m-20c", metric: "steady_burst_100ms", unit: "most in 100 ms over ideal"},
	}
}

// compareTable is medians of all peers, and in brackets the medians of the
// ratios to the direct runs beside them; quartiles where they are far apart.
func compareTable(s *suite) string {
	peers := s.compared()
	t := newTable("| | |")
	for _, p := range peers {
		t.head(named(p))
	}
	title := ""
	for _, r := range rows() {
		if r.title != "" {
			title = r.title
		}
		cells, any := []string{title, r.unit}, false
		for _, p := range peers {
			text := s.cellText(r, p)
			any = any || text != ""
			cells = append(cells, text)
		}
		if any {
			t.row(cells...)
			title = ""
		}
	}
	return t.String()
}

// compared are the peers of the comparison, ours first.
func (s *suite) compared() []string {
	order := []string{"vaurien", "vaurien-framed"}
	peers := slices.Clone(s.peers)
	at := func(p string) int {
		if i := slices.Index(order, p); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(peers, func(a, b string) int { return at(a) - at(b) })
	return peers
}

func (s *suite) cellText(r row, peer string) string {
	v := s.values(reading{cell: r.cell, peer: peer, metric: r.metric})
	if len(v) == 0 {
		if s.failed[cellPeer{r.cell, peer}] > 0 {
			return "failed"
		}
		return ""
	}
	text := digits(v.median()) + v.spread()
	if !r.ratio {
		return text
	}
	if ratios := s.values(reading{cell: r.cell, peer: peer, metric: r.metric, view: ratio}); len(ratios) > 0 {
		text += fmt.Sprintf(" (%.2f)", ratios.median())
	}
	return text
}

// A table is one of Markdown.
type table struct {
	b       strings.Builder
	columns int
	begun   bool
}

// newTable begins one with the heads of its first columns, written as Markdown.
func newTable(heads string) *table {
	t := &table{columns: strings.Count(heads, "|") - 1}
	t.b.WriteString(heads)
	return t
}

func (t *table) head(name string) {
	fmt.Fprintf(&t.b, " %s |", name)
	t.columns++
}

func (t *table) row(cells ...string) {
	if !t.begun {
		t.b.WriteString("\n|" + strings.Repeat("---|", t.columns) + "\n")
		t.begun = true
	}
	fmt.Fprintf(&t.b, "| %s |\n", strings.Join(cells, " | "))
}

func (t *table) String() string { return t.b.String() }
