package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// figures are what one table shows of a cell: the first is what counts, and
// whether it is also given as a ratio to the direct run beside it.
var figures = []struct {
	prefix, title string
	metric        string
	unit          string
	ratio         bool
}{
	{"bulk-1-down", "bulk, 1 connection, to client", "gbit_s", "Gbit/s", true},
	{"bulk-1-down", "", "proxy_cpu_s_per_gib", "CPU s/GiB", false},
	{"bulk-8-up", "bulk, 8 connections, to backend", "gbit_s", "Gbit/s", true},
	{"rtt-1x64", "round trips, 64 B, 1 connection", "p50_us", "p50 µs", true},
	{"rtt-64x64", "round trips, 64 B, 64 connections", "msgs_s", "a second", true},
	{"rtt-64x64", "", "proxy_cpu_ms_per_1k", "CPU ms/1000", false},
	{"rtt-64x1k", "round trips, 1 KiB, 64 connections", "msgs_s", "a second", true},
	{"rtt-64x1k", "", "proxy_cpu_ms_per_1k", "CPU ms/1000", false},
	{"churn-32", "connect, ask, close", "conns_s", "a second", true},
	{"churn-32", "", "proxy_cpu_ms_per_1k", "CPU ms/1000", false},
	{"redis-p1", "redis-benchmark, SET", "set_rps", "a second", true},
	{"redis-p1", "", "proxy_cpu_ms_per_1k", "CPU ms/1000", false},
	{"redis-p16", "redis-benchmark -P 16, SET", "set_rps", "a second", true},
	{"redis-p16", "", "proxy_cpu_ms_per_1k", "CPU ms/1000", false},
	{"pgbench", "pgbench -S prepared", "tps", "a second", true},
	{"wrk", "wrk, nginx", "rps", "a second", true},
	{"wrk", "", "proxy_cpu_ms_per_1k", "CPU ms/1000", false},
	{"idle-5000", "idle connection, 5,000 of them", "rss_kb_per_conn", "KB", false},
	{"delay-10ms-200c", "10 ms late, 200 connections: late by", "err_p50_us", "p50 µs", false},
	{"delay-100ms-200c", "100 ms late, 200 connections: late by", "err_p50_us", "p50 µs", false},
	{"delay-bulk-1c", "bulk under 100 ms", "gbit_s", "Gbit/s", true},
	{"delay-bulk-1s-1c", "bulk under 1 s", "gbit_s", "Gbit/s", true},
	{"jitter-50ms-1c", "50 ± 50 ms each 5 ms: the mean is off by", "err_mean_us", "µs", false},
	{"rate-100k", "100 KB/s: most in 10 ms over ideal", "steady_burst_10ms", "times", false},
	{"rate-10m-20c", "10 MB/s on each of 20: error", "steady_err_pct", "%", false},
}

// tableMain prints one table of all cells of a suite's results: medians, and in
// brackets the median of the ratios to the direct runs beside them.
func tableMain(args []string) {
	fs := flag.NewFlagSet("table", flag.ExitOnError)
	fs.Parse(args)
	type key struct {
		cell, peer string
		round      int
	}
	direct, proxy := map[key]map[string]float64{}, map[key]map[string]float64{}
	var peers []string
	for _, name := range fs.Args() {
		f, err := os.Open(name)
		if err != nil {
			fatal("%v", err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var r record
			if json.Unmarshal(lines.Bytes(), &r) != nil || r.M == nil {
				continue
			}
			k := key{r.Cell, r.Peer, r.Round}
			if r.Side == "direct" {
				direct[k] = r.M
				continue
			}
			proxy[k] = r.M
			if !slices.Contains(peers, r.Peer) {
				peers = append(peers, r.Peer)
			}
		}
		f.Close()
	}
	fmt.Printf("| | | %s |\n|---|---|%s\n", strings.Join(peers, " | "), strings.Repeat("---|", len(peers)))
	for _, fig := range figures {
		row, any := fmt.Sprintf("| %s | %s |", fig.title, fig.unit), false
		for _, p := range peers {
			var values, ratios []float64
			for k, m := range proxy {
				v, ok := m[fig.metric]
				if k.cell != fig.prefix || k.peer != p || !ok {
					continue
				}
				values = append(values, v)
				if d := direct[k][fig.metric]; d > 0 {
					ratios = append(ratios, v/d)
				}
			}
			switch {
			case values == nil:
				row += " |"
				continue
			case fig.ratio && ratios != nil:
				row += fmt.Sprintf(" %s (%.2f) |", sig(median(values)), median(ratios))
			default:
				row += fmt.Sprintf(" %s |", sig(median(values)))
			}
			any = true
		}
		if any {
			fmt.Println(row)
		}
	}
}
