package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// timing is the run of the mode of that name.
type timing struct {
	*bed
	out      *json.Encoder
	proxies  []*instance
	spinners int
	noise    float64 // of the machine's time, in %, that others may use during a run
}

func timingMain(args []string) {
	fs := flag.NewFlagSet("timing", flag.ExitOnError)
	peersDir := fs.String("peers", "peers", "folder of peer scripts")
	only := fs.String("only", "vaurien,toxiproxy", "peers, comma separated; direct runs are always made")
	which := fs.String("curves", "", "regular expression on curve names (default: all)")
	conns := fs.String("conns", "1,200,5000", "numbers of connections, comma separated")
	loads := fs.String("loads", "idle,busy", "what else the machine does, comma separated: idle, busy")
	spinners := fs.Int("busy", runtime.NumCPU(), "processes that spin beside a busy run")
	noise := fs.Float64("noise", 15, "repeat a run, once, during which others used more than this % of the machine")
	rounds := fs.Int("rounds", 3, "runs of each series at each number of connections")
	first := fs.Int("first-round", 1, "number of the first round, to go on with what was measured before")
	out := fs.String("out", "timing.jsonl", "results, appended")
	dir := fs.String("dir", "run", "logs, configurations")
	list := fs.Bool("list", false, "list the curves")
	fs.Parse(args)
	misused := func(err error) {
		fmt.Fprintln(os.Stderr, "loadgen timing:", err)
		os.Exit(2)
	}
	re, err := regexp.Compile(*which)
	if err != nil {
		misused(fmt.Errorf("-curves: %v", err))
	}
	counts, err := parseCounts(*conns)
	if err != nil {
		misused(fmt.Errorf("-conns: %v", err))
	}
	states, err := parseLoads(*loads)
	if err != nil {
		misused(fmt.Errorf("-loads: %v", err))
	}
	if *list {
		for _, c := range timingCurves() {
			fmt.Println(c.name)
		}
		return
	}
	f, err := os.OpenFile(*out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		misused(fmt.Errorf("-out: %v", err))
	}
	defer f.Close()
	t := &timing{bed: newBed(*dir, *peersDir), out: json.NewEncoder(f), spinners: *spinners, noise: *noise}
	defer t.procs.stopAll()
	for i, p := range loadPeers(*peersDir, *only) {
		t.proxies = append(t.proxies, &instance{peer: p, port: listenPort + i, admin: adminPort + i})
	}
	if err := t.backends(); err != nil {
		fatal("backend: %v", err)
	}
	for round := *first; round < *first+*rounds; round++ {
		for _, c := range timingCurves() {
			if re.MatchString(c.name) {
				t.curve(c, counts, states, round)
			}
		}
	}
}

// curve makes a round of one curve: all series at each number of connections,
// one after the other, so that those that are compared are close in time.
func (t *timing) curve(c timingCurve, counts []int, loads []string, round int) {
	for _, n := range counts {
		run := c.run(n)
		for _, load := range loads {
			if c.direct != nil {
				t.point(c, nil, c.direct(n), n, load, round)
			}
			for _, in := range t.proxies {
				if in.caps[c.fault] {
					t.point(c, in, run, n, load, round)
				}
			}
		}
	}
}

// point makes one run, through a proxy that is started for it, and writes its
// line. Without a proxy it loads the backend itself.
func (t *timing) point(c timingCurve, in *instance, run timingRun, n int, load string, round int) {
	p := point{Curve: c.name, Series: "direct " + load, X: n, Round: round}
	if in != nil {
		p.Series = in.name + " " + load
	}
	if m, err := t.measure(c, in, run, load); err != nil {
		p.Err = err.Error()
	} else {
		p.M = m
	}
	t.out.Encode(p)
	note := p.Err
	for _, k := range append(slices.Clone(c.headline), "other_cpu_pct") {
		note += fmt.Sprintf(" %s=%g", k, p.M[k])
	}
	fmt.Fprintf(os.Stderr, "%-12s %-15s %5d %d %s\n", p.Curve, p.Series, n, round, note)
}

func (t *timing) measure(c timingCurve, in *instance, run timingRun, load string) (map[string]float64, error) {
	to := target{port: t.port[c.backend], bpid: t.pid[c.backend]}
	if in != nil {
		in.env = run.env
		defer t.end(in)
		if err := t.start(in, cell{backend: c.backend, fault: c.fault, delayMS: run.delayMS, rate: run.rate}); err != nil {
			return nil, err
		}
		to.port, to.proxy = in.port, in.pid
	}
	if load == "busy" {
		quiet, err := t.spin()
		defer quiet()
		if err != nil {
			return nil, err
		}
	}
	args := slices.Clone(run.args)
	if in != nil {
		args = append(args, c.peerArgs[in.name]...)
	}
	m, err := t.once(args, to)
	if err == nil && m["other_cpu_pct"] > t.noise {
		m, err = t.once(args, to)
	}
	return m, err
}

// once makes one run, and adds to its metrics how much of the machine others
// used meanwhile: all that is not of this process or one that it started.
func (t *timing) once(args []string, to target) (map[string]float64, error) {
	// What the run before left in the kernel to be torn down is not its load.
	time.Sleep(300 * time.Millisecond)
	own := func() float64 {
		user, system := cpuOf(os.Getpid())
		return user + system
	}
	begin, busy0, own0 := time.Now(), busy(), own()
	m, err := raw(args...)(to)
	if err != nil {
		return nil, err
	}
	others := busy() - busy0 - (own() - own0)
	m["other_cpu_pct"] = round(others/(time.Since(begin).Seconds()*ncpu())*100, 1)
	return m, nil
}

// backends starts those of all curves.
func (t *timing) backends() error {
	if err := t.backend("raw"); err != nil {
		return err
	}
	return t.source()
}

// parseCounts reads numbers of connections.
func parseCounts(s string) ([]int, error) {
	var counts []int
	for field := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a number of connections: whole numbers from 1, as in 1,200,5000", field)
		}
		counts = append(counts, n)
	}
	return counts, nil
}

// parseLoads reads what else the machine does.
func parseLoads(s string) ([]string, error) {
	loads := strings.Split(s, ",")
	for _, l := range loads {
		if l != "idle" && l != "busy" {
			return nil, fmt.Errorf("%q: idle, busy or idle,busy", l)
		}
	}
	return loads, nil
}
