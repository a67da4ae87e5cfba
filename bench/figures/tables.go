package main

import (
	"fmt"
	"strconv"
	"strings"
)

// A figure is one column of the tables of curves.
type figure struct{ metric, unit string }

// curveTable has a row for each place and series of a curve. A series that
// failed everywhere says so; quartiles stand where they are far apart.
func curveTable(c *curves, curve, x string, figures []figure, place func(float64) string) string {
	t := newTable("| " + x + " | |")
	for _, f := range figures {
		t.head(f.unit)
	}
	for _, at := range c.xs(curve) {
		title := place(at)
		for _, series := range c.series(curve) {
			cells, any := []string{title, named(series)}, false
			for _, f := range figures {
				v, failed := c.values(curve, series, at, f.metric)
				switch {
				case len(v) > 0:
					cells = append(cells, digits(v.median())+v.spread())
					any = true
				case failed > 0:
					cells = append(cells, "failed")
					any = true
				default:
					cells = append(cells, "")
				}
			}
			if any {
				t.row(cells...)
				title = ""
			}
		}
	}
	return t.String()
}

// folded is a table that the page shows when asked.
func folded(title, table string) string {
	return fmt.Sprintf("<details><summary>%s</summary>\n\n%s\n</details>\n\n", title, table)
}

// count writes a whole number with commas.
func count(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// byteSize writes a size with the prefix that suits it.
func byteSize(v float64) string {
	units := []string{"B", "KiB", "MiB", "GiB"}
	for len(units) > 1 && v >= 1024 {
		v /= 1024
		units = units[1:]
	}
	return digits(v) + " " + units[0]
}

// scaleTables are the curves of loadgen scale.
func scaleTables(c *curves) string {
	trips := []figure{{"msgs_s", "messages a second"}, {"p50_us", "p50 µs"}, {"p99_us", "p99 µs"},
		{perK, "CPU ms/1000"}, {"rss_kb_per_conn", "KB a connection"}, {"threads", "threads"}}
	var b strings.Builder
	for _, t := range []struct {
		curve, title, x string
		figures         []figure
		place           func(float64) string
	}{
		{"connections", "Connections, a message of 64 B in flight on each", "connections", trips, count},
		{"active64", "Connections, 64 of them active", "connections", trips, count},
		{"proxies", "Proxies in a process, 64 connections over all of them", "proxies",
			[]figure{{"msgs_s", "messages a second"}, {perK, "CPU ms/1000"}, {"rss_kb_started", "KB at the start"}, {"rss_kb", "KB under load"}, {"start_ms", "ms until all listen"}}, count},
		{"behaviors", "Behaviors in a plan", "behaviors",
			[]figure{{"msgs_s", "exchanges a second"}, {perK, "CPU ms/1000"}}, count},
		{"sizes", "Size of a message", "size",
			[]figure{{"gbit_s", "Gbit/s"}, {"p50_us", "p50 µs"}, {perK, "CPU ms/1000"}, {"proxy_cpu_s_per_gib", "CPU s/GiB"}, {"rss_kb_most", "KB at most"}}, byteSize},
	} {
		if len(c.xs(t.curve)) > 0 {
			b.WriteString(folded(t.title, curveTable(c, t.curve, t.x, t.figures, t.place)))
		}
	}
	return b.String()
}

// timingTables are the curves of loadgen timing.
func timingTables(c *curves) string {
	late := []figure{{"err_min_us", "earliest µs"}, {"err_p50_us", "p50 µs"}, {"err_p99_us", "p99 µs"}, {"err_max_us", "latest µs"}}
	var b strings.Builder
	for _, t := range []struct {
		curve, title string
		figures      []figure
	}{
		{"delay-10ms", "10 ms: late by", late},
		{"delay-100ms", "100 ms: late by", late},
		{"reset", "Reset: late by", append(late[:len(late):len(late)], figure{"not_reset", "ended otherwise"})},
		{"pace", "Rate", []figure{{"err_pct", "error %"}, {"err_worst_pct", "error %, worst connection"},
			{"burst_10ms_p50", "most in 10 ms over ideal"}, {"burst_10ms_max", "worst"},
			{"burst_100ms_p50", "most in 100 ms over ideal"}, {"burst_100ms_max", "worst"}}},
	} {
		if len(c.xs(t.curve)) > 0 {
			b.WriteString(folded(t.title, curveTable(c, t.curve, "connections", t.figures, count)))
		}
	}
	return b.String()
}
