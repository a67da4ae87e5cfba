package scenario

import (
	"time"

	"github.com/vaurien-proxy/vaurien/spec"
)

// A Scenario is a timeline of changes, and what ends it early.
type Scenario struct {
	Name  string
	Steps []*Step
	Rails []Rail

	// Lease is how often whoever started it must say that it is still there;
	// 0: never.
	Lease time.Duration

	leaves []*Step // all steps that are not groups, in the file's order
}

// Forever is a Step's Repeat without an end.
const Forever = -1

// What ends a step, other than its time.
const (
	Released = "released" // somebody lets it go
	End      = "end"      // all that has an end, of what it stands in, is over
)

// A Step is a change for a while, a pause, or a group of steps.
type Step struct {
	Name   string         // of a leaf: unique
	Place  string         // where it was written
	At     *time.Duration // after the begin of what it stands in; nil: when the step before it is over
	For    time.Duration  // 0: see Until
	Until  string         // Released, End or empty
	Change *Change        // nil: it changes nothing
	Ramp   *Ramp
	Repeat int           // how often it is played, 1 or more, or Forever
	Every  time.Duration // from begin to begin of its rounds; 0: one after the other
	Steps  []*Step       // of a group
	number int           // of a leaf: its place in leaves
}

// A Change is what a step does to a proxy. What is nil stays as it is.
type Change struct {
	Proxy   string // empty: the default one, or the only one
	Plan    *spec.Plan
	Toxics  []spec.Toxic // beside those that are there; one of the same name is in its place
	Enabled *bool
	Backend *string
	Place   string

	// Share is how much of the plan's weights holds, from 0 to 1, as it is now;
	// nil: all.
	Share func() float64
}

// A Ramp lets a step's plan grow or shrink: the plan's weights are multiplied
// by a percentage that goes evenly from From to To.
type Ramp struct {
	From, To float64 // percent
	Over     time.Duration
}

// from returns the share of the weights that holds, in a step that begins at t.
func (r *Ramp) from(t time.Time) func() float64 {
	if r == nil {
		return nil
	}
	return func() float64 {
		part := min(max(float64(time.Since(t))/float64(r.Over), 0), 1)
		return (r.From + (r.To-r.From)*part) / 100
	}
}

// ends reports whether a step has an end of its own.
func (s *Step) ends() bool { return s.Until != End }

// length is how long one round of a step takes; false if nobody can know.
func (s *Step) length() (time.Duration, bool) {
	switch {
	case s.Steps != nil:
		return span(s.Steps)
	case s.Until == Released:
		return s.For, false
	}
	return s.For, true
}

// whole is how long all rounds of a step take.
func (s *Step) whole() (time.Duration, bool) {
	one, known := s.length()
	if !known || s.Repeat == Forever {
		return 0, false
	}
	return sum(one, time.Duration(min(float64(s.Repeat-1)*float64(max(one, s.Every)), float64(ages)))), true
}

// ages is longer than anybody plays a scenario, and no sum of two overflows.
const ages = 100 * 365 * 24 * time.Hour

func sum(a, b time.Duration) time.Duration { return min(a+b, ages) }

// span is how long steps take that are played together.
func span(steps []*Step) (time.Duration, bool) {
	var latest, end time.Duration // end is that of the step before
	for _, s := range steps {
		begin := end
		if s.At != nil {
			begin = *s.At
		}
		if !s.ends() {
			end = begin
			continue
		}
		whole, known := s.whole()
		if !known {
			return 0, false
		}
		end = sum(begin, whole)
		latest = max(latest, end)
	}
	return latest, true
}

// Length is how long the scenario takes; false if that depends on somebody.
func (s *Scenario) Length() (time.Duration, bool) { return span(s.Steps) }
