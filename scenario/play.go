package scenario

import (
	"fmt"
	"slices"
	"time"
)

// play plays steps together from the time begin on; over is called when all
// that have an end are over. r.mu is held here and wherever the agenda calls.
func (r *Run) play(steps []*Step, begin time.Time, over func(at time.Time)) {
	pending, finished := 0, false
	for _, s := range steps {
		if s.ends() {
			pending++
		}
	}
	var start func(i int, at time.Time)
	ended := func(i int, at time.Time) {
		if next := i + 1; next < len(steps) && steps[next].At == nil {
			start(next, at)
		}
		if pending--; pending == 0 {
			finished = true
			r.endAll(steps)
			over(at)
		}
	}
	start = func(i int, at time.Time) {
		if s := steps[i]; s.ends() {
			r.rounds(s, 1, at, func(at time.Time) { ended(i, at) })
			return
		}
		r.awaited(steps[i], at)
		r.agenda.add(entry{at, true, func(at time.Time) {
			if !finished {
				r.once(steps[i], at, func(time.Time) {})
			}
		}})
	}
	for i, s := range steps {
		switch {
		case s.At != nil:
			start(i, begin.Add(*s.At))
		case i == 0:
			start(i, begin)
		}
	}
}

// rounds plays a step from its nth round on, which begins at a time.
func (r *Run) rounds(s *Step, n int, at time.Time, over func(at time.Time)) {
	r.awaited(s, at)
	r.agenda.add(entry{at, true, func(at time.Time) {
		r.once(s, at, func(ended time.Time) {
			switch {
			case s.Repeat != Forever && n >= s.Repeat:
				over(ended)
			case s.Every > 0 && at.Add(s.Every).After(ended):
				r.rounds(s, n+1, at.Add(s.Every), over)
			default:
				r.rounds(s, n+1, ended, over)
			}
		})
	}})
}

// awaited notes when a step will begin, and of a group those in it of which it
// is known.
func (r *Run) awaited(s *Step, at time.Time) {
	if s.Steps == nil {
		p := r.played[s.number]
		p.state, p.begins = Pending, at
		return
	}
	for i, inner := range s.Steps {
		switch {
		case inner.At != nil:
			r.awaited(inner, at.Add(*inner.At))
		case i == 0:
			r.awaited(inner, at)
		}
	}
}

// once plays one round of a step.
func (r *Run) once(s *Step, at time.Time, over func(at time.Time)) {
	if s.Steps != nil {
		r.play(s.Steps, at, over)
		return
	}
	p := r.played[s.number]
	p.round++
	p.state, p.begins, p.ends = Active, time.Time{}, time.Time{}
	p.over = func(ended time.Time) {
		if p.state == Active {
			r.leave(p)
			over(ended)
		}
	}
	if s.For > 0 {
		p.ends = at.Add(s.For)
		current := p.round
		r.agenda.add(entry{p.ends, false, func(at time.Time) {
			if p.round == current { // else it was released, and is played again
				p.over(at)
			}
		}})
	}
	if s.Change == nil {
		r.note("step", s.Name+" began")
		return
	}
	c := *s.Change
	c.Share = s.Ramp.from(at)
	p.share = c.Share
	effect, err := r.target.Compile(p.proxy, c)
	if err != nil {
		r.fail(p, err.Error())
		return
	}
	p.effect = effect
	r.over[p.proxy] = append(r.over[p.proxy], p)
	r.change(p.proxy)
	r.note("step", fmt.Sprintf("%s began: proxy %s: %s", s.Name, p.proxy, s.does()))
}

// leave ends a step that is active.
func (r *Run) leave(p *played) {
	p.state = Over
	r.note("step", p.step.Name+" is over")
	if p.effect == nil {
		return
	}
	r.over[p.proxy] = slices.DeleteFunc(r.over[p.proxy], func(o *played) bool { return o == p })
	p.effect = nil
	r.change(p.proxy)
}

// endAll ends those steps that last until the others are over. One that has not
// begun will not.
func (r *Run) endAll(steps []*Step) {
	for _, s := range steps {
		if s.ends() {
			continue
		}
		switch p := r.played[s.number]; p.state {
		case Active:
			r.leave(p)
		case Pending:
			p.state = Skipped
		}
	}
}

// change notes that something else is to be put over a proxy.
func (r *Run) change(proxy string) {
	if !slices.Contains(r.changed, proxy) {
		r.changed = append(r.changed, proxy)
	}
}
