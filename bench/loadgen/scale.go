package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A point is one run, as a line of what scale and timing write; timing's series says
// also whether the machine was idle or busy, and its X is of connections.
type point struct {
	Curve  string             `json:"curve"`
	Series string             `json:"series"`
	X      int                `json:"x"`
	Round  int                `json:"round"`
	M      map[string]float64 `json:"m,omitempty"`
	Err    string             `json:"err,omitempty"`
}

// scale is one call of the mode of that name.
type scale struct {
	*suite
	bin   string  // folder of the programs
	noise float64 // % of the machine that others may use in a run
}

func scaleMain(args []string) {
	fs := flag.NewFlagSet("scale", flag.ExitOnError)
	fs.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: loadgen scale [flags]: how cost grows; one line of JSON for each run\n\ncurves, and the series of each:")
		listCurves(os.Stderr, scaleCurves(time.Second))
		fmt.Fprintln(os.Stderr, "\nflags:")
		fs.PrintDefaults()
	}
	peersDir := fs.String("peers", "peers", "folder of peer scripts")
	bin := fs.String("bin", "", "folder of vaurien and toxiproxy-server (default: that of loadgen)")
	which := fs.String("curves", "", "curves, comma separated (default: all)")
	only := fs.String("only", "", "series, comma separated (default: all of the curve)")
	at := fs.String("x", "", "measure here only, comma separated (default: all points of the curve)")
	rounds := fs.Int("rounds", 3, "runs of each series at each point")
	first := fs.Int("first-round", 1, "number of the first round, to go on with what was measured before")
	dur := fs.Duration("time", time.Second, "measured time of a run, about")
	out := fs.String("out", "scale.jsonl", "results, appended")
	dir := fs.String("dir", "run", "logs, configurations")
	noise := fs.Float64("noise", 25, "repeat a run during which others used more than this % of the machine")
	wait := fs.Duration("wait", 0, "before each run, wait up to this long for an idle machine")
	fs.Parse(args)
	misused := func(err error) {
		fmt.Fprintln(os.Stderr, "loadgen scale:", err)
		os.Exit(2)
	}
	if fs.NArg() > 0 {
		misused(fmt.Errorf("%q is no flag", fs.Arg(0)))
	}
	if *rounds < 1 || *first < 1 || *dur <= 0 {
		misused(fmt.Errorf("-rounds, -first-round and -time: more than 0"))
	}
	curves, err := pickCurves(scaleCurves(*dur), *which, *only, *at)
	if err != nil {
		misused(err)
	}
	if *bin == "" {
		exe, err := os.Executable()
		if err != nil {
			fatal("%v", err)
		}
		*bin = filepath.Dir(exe)
	}
	f, err := os.OpenFile(*out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		misused(fmt.Errorf("-out: %v", err))
	}
	defer f.Close()
	s := &scale{bin: *bin, noise: *noise,
		// A run is made once more by scale itself, with a new proxy.
		suite: &suite{bed: newBed(*dir, *peersDir), noise: math.Inf(1), wait: *wait, enc: json.NewEncoder(f)}}
	defer s.procs.stopAll()
	for round := *first; round < *first+*rounds; round++ {
		for _, c := range curves {
			s.curve(c, round)
		}
	}
}

func listCurves(w *os.File, curves []scaleCurve) {
	for _, c := range curves {
		var names []string
		for _, v := range c.series {
			names = append(names, v.name)
		}
		fmt.Fprintf(w, "  %-12s at %s\n  %-12s %s\n", c.name, strings.Trim(fmt.Sprint(c.xs), "[]"), "", strings.Join(names, ", "))
	}
}

// pickCurves leaves those curves, series and points that flags name.
func pickCurves(all []scaleCurve, which, only, at string) ([]scaleCurve, error) {
	names := func(list string) []string {
		if list == "" {
			return nil
		}
		return strings.Split(list, ",")
	}
	var xs []int
	for _, field := range names(at) {
		x, err := strconv.Atoi(field)
		if err != nil || x < 1 {
			return nil, fmt.Errorf("-x: %q: whole numbers from 1, as in 1,10,100", field)
		}
		xs = append(xs, x)
	}
	known := map[string]bool{}
	var picked []scaleCurve
	for _, c := range all {
		if which != "" && !slices.Contains(names(which), c.name) {
			continue
		}
		known[c.name] = true
		var series []scaleSeries
		for _, v := range c.series {
			if only == "" || slices.Contains(names(only), v.name) {
				series = append(series, v)
				known["series "+v.name] = true
			}
		}
		if c.series = series; xs != nil {
			c.xs = xs
		}
		picked = append(picked, c)
	}
	for _, n := range names(which) {
		if !known[n] {
			return nil, fmt.Errorf("-curves: there is no %q; loadgen scale -h lists them", n)
		}
	}
	for _, n := range names(only) {
		if !known["series "+n] {
			return nil, fmt.Errorf("-only: these curves have no %q; loadgen scale -h lists them", n)
		}
	}
	return picked, nil
}

// curve makes a round of one: all series at each point, one after the other, so
// that those that are compared are close in time.
func (s *scale) curve(c scaleCurve, round int) {
	for _, x := range c.xs {
		for i, v := range c.series {
			p := point{Curve: c.name, Series: v.name, X: x, Round: round}
			m, err := s.measure(v, x, i)
			if err == nil && m["other_cpu_pct"] > s.noise {
				m, err = s.measure(v, x, i)
			}
			if err != nil {
				p.Err = err.Error()
			} else {
				p.M = m
				maps.DeleteFunc(m, func(k string, _ float64) bool { return !slices.Contains(c.metrics, k) })
			}
			s.enc.Encode(p)
			note := p.Err
			for _, k := range c.metrics {
				if f, ok := p.M[k]; ok {
					note += fmt.Sprintf(" %s=%g", k, f)
				}
			}
			fmt.Fprintf(os.Stderr, "%-11s %-18s %10d %d %s\n", c.name, v.name, x, round, note)
		}
	}
}

// measure makes one run of a series, with a proxy that is started for it: what
// an earlier run left in its memory is not this one's. The series' proxies have
// ports of their own, so that they do not meet each other's closing connections.
func (s *scale) measure(v scaleSeries, x, number int) (map[string]float64, error) {
	c := v.load(x)
	if err := s.backend(c.backend); err != nil {
		return nil, fmt.Errorf("backend: %v", err)
	}
	t := target{port: s.port[c.backend], bpid: s.pid[c.backend]}
	started := map[string]float64{}
	if v.start != nil {
		in := &instance{port: listenPort + number, admin: adminPort + number}
		defer s.end(in)
		if err := v.start(s, in, x, c, started); err != nil {
			return nil, fmt.Errorf("start: %v", err)
		}
		t.port, t.proxy = in.port, in.pid
	}
	// What the run before left in the kernel to be torn down is not this one's.
	time.Sleep(200 * time.Millisecond)
	r := s.once(c, t)
	if r.Err != "" {
		return nil, fmt.Errorf("%.300s", r.Err)
	}
	if n := r.M["errors"]; n > 0 {
		return nil, fmt.Errorf("%g connections broke", n)
	}
	if set, get := r.M["set_rps"], r.M["get_rps"]; set > 0 && get > 0 {
		r.M["msgs_s"] = round(harmonicMean(set, get), 0)
	}
	if v.start == nil { // there is no proxy: nothing of it has been measured
		maps.DeleteFunc(r.M, func(k string, _ float64) bool {
			return strings.Contains(k, "proxy") || strings.HasPrefix(k, "rss") || k == "threads"
		})
	}
	maps.Copy(r.M, started)
	r.M["other_cpu_pct"] = r.Other
	return r.M, nil
}

// harmonicMean is the rate of all where as many operations were made at one rate
// as at the other.
func harmonicMean(a, b float64) float64 { return 2 / (1/a + 1/b) }
