package matrix

import (
	"fmt"
	"slices"
	"time"
)

// The outcomes of a failure.
const (
	Survived   = "survived"
	Failed     = "failed"
	TimedOut   = "timed out"
	NotReached = "not reached" // nothing was hit by it
	NotRun     = "not run"     // the runs were interrupted
)

// A Report is what was found out.
type Report struct {
	Command  []string  `json:"command"`
	Started  time.Time `json:"started"`
	Seconds  float64   `json:"seconds"`
	Seed     uint64    `json:"seed"`
	Attempts int       `json:"repeat"`   // runs of each failure
	Parallel int       `json:"parallel"` // runs at a time
	Timeout  float64   `json:"timeout"`  // seconds that a run might take

	Control     Control   `json:"control"`
	Backends    []Backend `json:"backends"`
	Cells       []*Cell   `json:"cells"` // by backend, in their order
	Unused      []Unused  `json:"unused,omitempty"`
	SetAside    []string  `json:"set_aside,omitempty"`
	Interrupted bool      `json:"interrupted"`
	Held        bool      `json:"held"`            // everything came as it was expected, and the command succeeds without a failure
	Again       string    `json:"again,omitempty"` // the line that runs all of it again
}

// Control are the runs without a failure.
type Control struct {
	Runs   []*Run  `json:"runs"`
	Median float64 `json:"median"` // seconds
}

// A Backend is a server whose failures are tried.
type Backend struct {
	Name     string `json:"name"` // its proxy's
	Address  string `json:"address"`
	Protocol string `json:"protocol"`
}

// Unused is a proxy to which the command, without a failure, did not connect.
type Unused struct {
	Proxy     string `json:"proxy"`
	Variables string `json:"variables"` // that tell where it is
}

// A Cell is a failure of a backend and what came of it.
type Cell struct {
	Proxy   string  `json:"proxy"`
	Failure string  `json:"failure"`
	Doc     string  `json:"doc,omitempty"`
	What    string  `json:"what"` // is done
	Outcome string  `json:"outcome"`
	Failed  int     `json:"failed"` // of its runs
	Runs    []*Run  `json:"runs"`
	Median  float64 `json:"median"` // seconds

	// Slowdown is how many times as long as without a failure it took; 0 if it
	// did not survive.
	Slowdown float64 `json:"slowdown,omitempty"`

	Expected string `json:"expected"`
	Broken   string `json:"broken,omitempty"` // why the expectation does not hold
	Note     string `json:"note,omitempty"`   // what else is to be said
	Again    string `json:"again,omitempty"`  // the line that runs it again

	spec    Case
	expect  Expectation
	control *Control
	skipped bool
}

// report returns a report to be filled.
func (m *Matrix) report(config Config, began time.Time) *Report {
	r := &Report{
		Command: config.Command, Started: began, Seed: config.Seed, SetAside: m.SetAside,
		Attempts: int(m.Settings.Repeat), Parallel: int(m.Settings.Parallel), Timeout: m.Settings.Timeout.Seconds(),
		Cells: []*Cell{},
	}
	for _, p := range m.Proxies {
		if !slices.ContainsFunc(m.Cases, func(c Case) bool { return c.Proxy == p.Name }) {
			continue // nobody wants to know
		}
		cfg, err := m.registry.Build(p)
		if err != nil {
			continue // it was built before
		}
		r.Backends = append(r.Backends, Backend{p.Name, cfg.Settings.Backend, cfg.Settings.Protocol})
	}
	again := config.Again
	if again == nil {
		again = func(string) string { return "" }
	}
	r.Again = again("")
	for _, c := range m.Cases {
		expect := m.Expectation(c)
		r.Cells = append(r.Cells, &Cell{
			Proxy: c.Proxy, Failure: c.Name, Doc: c.Doc, What: c.What(), Outcome: NotRun, Runs: []*Run{},
			Expected: expect.String(), Again: again(c.ID()), spec: c, expect: expect, control: &r.Control,
		})
	}
	return r
}

// judge says what came of a cell whose runs have been made.
func (c *Cell) judge() {
	c.Median = median(c.Runs)
	reached := false
	var worst *Run
	for _, r := range c.Runs {
		reached = reached || r.Hits > 0
		if !r.survived() {
			c.Failed++
			if worst == nil || r.TimedOut && !worst.TimedOut {
				worst = r
			}
		}
		if why := c.expect.broken(r); why != "" && c.Broken == "" {
			c.Broken = why
		}
	}
	switch {
	case !reached:
		c.notReached()
		return
	case worst == nil:
		c.Outcome = Survived
		if c.control.Median > 0 {
			c.Slowdown = c.Median / c.control.Median
		}
	case worst.TimedOut:
		c.Outcome = TimedOut
	default:
		c.Outcome = Failed
	}
	if limit := c.expect.MaxSlowdown; limit > 0 && c.Slowdown > limit && c.Broken == "" {
		c.Broken = fmt.Sprintf("it took %.1f times as long", c.Slowdown)
	}
}

// notReached says of a cell that nothing was hit. An expectation that somebody
// wrote down of this very failure does not hold then, for it was not tried; one
// of all that a list has is left open.
func (c *Cell) notReached() {
	c.Outcome, c.Broken = NotReached, ""
	if !c.spec.Listed && !c.expect.IsAny() {
		c.Broken = "nothing was hit, so that nothing is known"
	}
	var sessions, exchanges uint64
	for _, r := range c.Runs {
		sessions += r.stats(c.Proxy).Sessions
		exchanges += r.stats(c.Proxy).Exchanges
	}
	switch {
	case c.skipped:
		c.Note = "the command does not connect to " + c.Proxy
	case sessions == 0:
		c.Note = "nothing connected"
	default:
		c.Note = fmt.Sprintf("%d exchanges passed, and none that this happens to", exchanges)
	}
	if c.Failed > 0 {
		c.Note += fmt.Sprintf("; and yet %d of %d runs failed: are they stable?", c.Failed, len(c.Runs))
	}
}

// finish closes a report.
func (r *Report) finish() {
	for _, c := range r.Cells {
		switch {
		case c.skipped:
			c.notReached()
		case c.Outcome == NotRun && len(c.Runs) > 0:
			c.judge() // by the runs that there were time for
		}
	}
	r.Held = r.Control.ok() && r.broken() == 0
}

// ok reports whether the command succeeds without a failure, as far as it was
// tried.
func (c *Control) ok() bool {
	return !slices.ContainsFunc(c.Runs, func(r *Run) bool { return !r.survived() })
}

// Count returns how many cells have an outcome.
func (r *Report) Count(outcome string) int {
	n := 0
	for _, c := range r.Cells {
		if c.Outcome == outcome {
			n++
		}
	}
	return n
}

// broken returns how many cells are not as expected.
func (r *Report) broken() int {
	n := 0
	for _, c := range r.Cells {
		if c.Broken != "" {
			n++
		}
	}
	return n
}

// median returns the median time of the runs, in seconds.
func median(runs []*Run) float64 {
	times := make([]float64, len(runs))
	for i, r := range runs {
		times[i] = r.Seconds
	}
	slices.Sort(times)
	switch n := len(times); {
	case n == 0:
		return 0
	case n%2 == 1:
		return times[n/2]
	default:
		return (times[n/2-1] + times[n/2]) / 2
	}
}

// last returns the run that shows what came of a cell: the last that failed,
// or the last.
func (c *Cell) last() *Run {
	for _, r := range slices.Backward(c.Runs) {
		if !r.survived() {
			return r
		}
	}
	if len(c.Runs) == 0 {
		return nil
	}
	return c.Runs[len(c.Runs)-1]
}
