package scenario

import (
	"context"
	"fmt"
	"time"
)

// A watched rail is one with what its checks have said.
type watched struct {
	rail     Rail
	held     bool // at least once
	failures int  // in a row
	tripped  bool
	last     string
	checked  time.Time
}

// watchRails begins to check the rails. Commands that the caller runs are the
// caller's.
func (r *Run) watchRails(ctx context.Context) {
	for _, rail := range r.scenario.Rails {
		r.rails = append(r.rails, watched{rail: rail})
	}
	for i := range r.rails {
		if w := &r.rails[i]; w.rail.Command == "" || !r.options.CallerRuns {
			r.watching.Go(func() { r.watch(ctx, w) })
		} else {
			w.held = true
		}
	}
}

// watch is the goroutine that checks a rail, at once and then over and over.
func (r *Run) watch(ctx context.Context, w *watched) {
	Watch(ctx, w.rail, func(detail string, err error) { r.checked(w, detail, err) })
}

// Watch checks a rail, at once and then over and over until ctx ends, and tells
// what came out.
func Watch(ctx context.Context, rail Rail, told func(detail string, err error)) {
	ticker := time.NewTicker(rail.Every)
	defer ticker.Stop()
	for {
		detail, err := rail.Check(ctx)
		if ctx.Err() != nil {
			return
		}
		told(detail, err)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// checked takes down what a check has said.
func (r *Run) checked(w *watched, detail string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.checked, w.last = time.Now(), detail
	if err == nil {
		w.failures = 0
		if !w.held {
			w.held = true
			r.poke()
		}
		return
	}
	w.last = err.Error()
	w.failures++
	if w.failures >= w.rail.Failures && r.end == nil {
		w.tripped = true
		r.close(Tripped, Trip(w.rail, w.failures, err))
	}
}

// Trip says why a rail ends a scenario.
func Trip(rail Rail, failures int, err error) string {
	if failures == 1 {
		return fmt.Sprintf("%v: %v", rail, err)
	}
	return fmt.Sprintf("%v: %d failures in a row: %v", rail, failures, err)
}

// railsHeld reports whether every rail has held once.
func (r *Run) railsHeld() bool {
	for i := range r.rails {
		if !r.rails[i].held {
			return false
		}
	}
	return true
}

func (w *watched) show(callerRuns bool) RailState {
	s := RailState{Rail: w.rail.String(), Failures: w.failures, Limit: w.rail.Failures, Last: w.last}
	if !w.checked.IsZero() {
		checked := w.checked
		s.Checked = &checked
	}
	switch {
	case callerRuns && w.rail.Command != "":
		s.State = "caller"
	case w.tripped:
		s.State = "tripped"
	case w.failures > 0:
		s.State = "failing"
	case w.held:
		s.State = "holds"
	default:
		s.State = "waiting"
	}
	return s
}
