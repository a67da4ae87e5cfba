package scenario

import (
	"fmt"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
)

// What has become of a scenario.
const (
	Idle     = "idle"     // none was started yet
	Checking = "checking" // its rails are looked at before its first step
	Running  = "running"
	Over     = "over"    // it ran to its end
	Stopped  = "stopped" // somebody stopped it
	Tripped  = "tripped" // a rail did
	Failed   = "failed"  // a step could not be made
)

// What has become of a step.
const (
	Pending = "pending"
	Active  = "active"
	Skipped = "skipped" // the scenario ended before it; otherwise it is Over, Stopped or Failed
)

// A State is what is to be shown of a scenario. Times are written as options'
// are, such as 1m30s.
type State struct {
	ID       string      `json:"id,omitempty"`
	Name     string      `json:"name,omitempty"`
	State    string      `json:"state"`
	Reason   string      `json:"reason,omitempty"`   // why it did not run to its end
	Problems []string    `json:"problems,omitempty"` // what could not be put back
	Began    *time.Time  `json:"began,omitempty"`    // its timeline, once the rails have held
	Ended    *time.Time  `json:"ended,omitempty"`
	Elapsed  string      `json:"elapsed,omitempty"`
	Left     string      `json:"left,omitempty"` // empty if nobody can know
	Lease    *LeaseState `json:"lease,omitempty"`
	Steps    []StepState `json:"steps"`
	Rails    []RailState `json:"rails"`
}

// Live reports whether the scenario is being played.
func (s State) Live() bool { return s.State == Checking || s.State == Running }

// A StepState is a step of a State.
type StepState struct {
	Number   int    `json:"number"`
	Name     string `json:"name"`
	Place    string `json:"place"`
	Proxy    string `json:"proxy,omitempty"`
	Does     string `json:"does"`
	State    string `json:"state"`
	Round    int    `json:"round,omitempty"`     // of a step that is repeated: the present or the last one
	BeginsIn string `json:"begins_in,omitempty"` // of a pending step, if it is known
	Left     string `json:"left,omitempty"`      // of an active step
	Until    string `json:"until,omitempty"`     // released or end
	Percent  string `json:"percent,omitempty"`   // of a ramp, as it is now
}

// A RailState is a rail of a State.
type RailState struct {
	Rail     string     `json:"rail"`
	State    string     `json:"state"` // waiting, holds, failing or tripped; caller: whoever started it checks it
	Failures int        `json:"failures"`
	Limit    int        `json:"limit"`
	Last     string     `json:"last,omitempty"`
	Checked  *time.Time `json:"checked,omitempty"`
}

// A LeaseState is the lease of a State.
type LeaseState struct {
	Every string `json:"every"`
	Left  string `json:"left"`
}

// State returns what is to be shown of the scenario now.
func (r *Run) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	s := State{ID: r.options.ID, Name: r.scenario.Name, State: r.state(), Steps: []StepState{}, Rails: []RailState{}}
	if r.end != nil {
		s.Reason = r.end.reason
	}
	s.Problems = append(s.Problems, r.problems...)
	if began := r.began; !began.IsZero() {
		s.Began = &began
		until := now
		if !r.ended.IsZero() {
			until = r.ended
		}
		s.Elapsed = option.FormatDuration(until.Sub(r.began).Round(time.Millisecond))
		if length, known := r.scenario.Length(); known && s.Live() {
			s.Left = left(r.began.Add(length), now)
		}
	}
	if ended := r.ended; !ended.IsZero() {
		s.Ended = &ended
	} else if r.options.Lease > 0 {
		s.Lease = &LeaseState{option.FormatDuration(r.options.Lease), left(r.leased.Add(r.options.Lease), now)}
	}
	for _, p := range r.played {
		s.Steps = append(s.Steps, p.show(now))
	}
	for i := range r.rails {
		s.Rails = append(s.Rails, r.rails[i].show(r.options.CallerRuns))
	}
	return s
}

func (r *Run) state() string {
	switch {
	case !r.ended.IsZero():
		return r.end.state
	case r.began.IsZero():
		return Checking
	}
	return Running
}

// left writes how long it is until t: whole seconds, or milliseconds below one.
func left(t, now time.Time) string {
	d := max(t.Sub(now), 0)
	unit := time.Second
	if d < time.Second {
		unit = time.Millisecond
	}
	return option.FormatDuration((d + unit - 1).Truncate(unit))
}

// show returns what is to be shown of a step.
func (p *played) show(now time.Time) StepState {
	s := StepState{
		Number: p.step.number + 1, Name: p.step.Name, Place: p.step.Place, Proxy: p.proxy,
		Does: p.step.does(), State: p.state, Until: p.step.Until,
	}
	if p.round > 1 || p.step.Repeat != 1 {
		s.Round = p.round
	}
	switch {
	case p.state == Pending && !p.begins.IsZero():
		s.BeginsIn = left(p.begins, now)
	case p.state == Active && !p.ends.IsZero():
		s.Left = left(p.ends, now)
	}
	if p.share != nil && p.state == Active {
		s.Percent = fmt.Sprintf("%.1f%%", p.share()*100)
	}
	return s
}

// does says in a few words what a step does.
func (s *Step) does() string {
	c := s.Change
	if c == nil {
		return "pause"
	}
	var parts []string
	if c.Plan != nil {
		parts = append(parts, c.Plan.Draw())
	}
	if r := s.Ramp; r != nil {
		parts = append(parts, fmt.Sprintf("ramp %g%% -> %g%% over %s", r.From, r.To, option.FormatDuration(r.Over)))
	}
	for _, t := range c.Toxics {
		parts = append(parts, fmt.Sprintf("toxic %g%% %s", t.Percent, t.Behavior))
	}
	if c.Backend != nil {
		parts = append(parts, "backend "+*c.Backend)
	}
	if c.Enabled != nil {
		parts = append(parts, map[bool]string{true: "enabled", false: "disabled"}[*c.Enabled])
	}
	return strings.Join(parts, ", ")
}
