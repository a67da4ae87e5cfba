package scenario

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// put puts over the proxies what is to be there, and tells what has happened.
func (r *Run) put() {
	r.mu.Lock()
	changed := r.changed
	r.changed = nil
	r.mu.Unlock()
	for _, proxy := range changed {
		r.mu.Lock()
		active := slices.Clone(r.over[proxy])
		ending := r.end != nil
		if !slices.Contains(r.touched, proxy) {
			r.touched = append(r.touched, proxy)
		}
		r.mu.Unlock()
		if ending {
			break // all of them are restored at once
		}
		effects := make([]Effect, len(active))
		for i, p := range active {
			effects[i] = p.effect
		}
		if err := r.target.Put(context.Background(), proxy, effects); err != nil {
			r.refused(proxy, active, err)
		}
	}
	r.tell()
}

// refused ends the scenario since effects could not be put over a proxy.
func (r *Run) refused(proxy string, active []*played, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(active) == 0 {
		r.close(Failed, fmt.Sprintf("proxy %s: %v", proxy, err))
		return
	}
	r.fail(active[len(active)-1], err.Error())
}

// restore takes all effects away.
func (r *Run) restore() {
	var problems []string
	for _, proxy := range r.touched {
		if err := r.target.Put(context.Background(), proxy, nil); err != nil {
			if _, gone := r.target.Proxy(proxy); gone == nil {
				problems = append(problems, fmt.Sprintf("proxy %s is not what it was before: %v", proxy, err))
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended, r.problems = time.Now(), problems
	for _, p := range r.played {
		switch {
		case p.state == Active && r.end.state == Over:
			p.state = Over
		case p.state == Active:
			p.state = Stopped
		case p.state == Pending:
			p.state = Skipped
		}
	}
	text := "scenario " + r.end.state
	if r.end.reason != "" {
		text += ": " + r.end.reason
	}
	r.note("ended", text)
	for _, p := range problems {
		r.note("ended", p)
	}
}

func (r *Run) note(kind, text string) { r.notes = append(r.notes, Note{kind, text}) }

// tell passes the notes on.
func (r *Run) tell() {
	r.mu.Lock()
	notes := r.notes
	r.notes = nil
	r.mu.Unlock()
	if r.options.Note != nil {
		for _, n := range notes {
			r.options.Note(n)
		}
	}
}
