package scenario

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
)

// ErrNoStep is returned, wrapped, for a step that there is not or that does not
// wait to be released.
var ErrNoStep = errors.New("no such step")

// A Target is what scenarios are played on. Its methods do not wait for
// traffic.
type Target interface {
	// Proxy returns the name of the proxy that name means, which may be empty.
	Proxy(name string) (string, error)

	// Compile makes a change ready to be put over a proxy, without doing it.
	// Errors about what it says are *option.Error.
	Compile(proxy string, c Change) (Effect, error)

	// Put makes these effects, the last one on top, all that a scenario has put
	// over the proxy. What it is itself stays as it is beneath.
	Put(ctx context.Context, proxy string, effects []Effect) error
}

// An Effect is a Target's own.
type Effect any

// Options say how a scenario is played.
type Options struct {
	ID         string
	Lease      time.Duration // in place of the scenario's; 0: the scenario's
	CallerRuns bool          // whoever starts it runs the rails' commands
	Note       func(n Note)  // is told what happens, in its order; nil: nobody
}

// A Note is something that has happened.
type Note struct {
	Kind string // began, step or ended
	Text string
}

// A Run is a scenario that is played. Its methods do not wait, and may be
// called at the same time.
type Run struct {
	scenario *Scenario
	target   Target
	options  Options
	wake     chan struct{} // holds one token: there is something for the loop
	done     chan struct{}

	watching sync.WaitGroup // for the rails
	unwatch  context.CancelFunc

	mu       sync.Mutex // guards what follows; nothing waits under it
	agenda   agenda
	played   []*played // the steps, by their numbers
	over     map[string][]*played
	changed  []string // proxies over which something else is to be put
	touched  []string // those over which something was put
	rails    []watched
	leased   time.Time // when the lease was renewed last
	began    time.Time
	ended    time.Time
	end      *end // nil: it goes on
	problems []string
	notes    []Note
}

// An end is how a scenario ends, and why.
type end struct{ state, reason string }

// A played step is one with what has become of it.
type played struct {
	step   *Step
	proxy  string
	state  string
	round  int
	begins time.Time // zero: nobody knows
	ends   time.Time
	effect Effect
	share  func() float64
	over   func(at time.Time) // what is to be done when it is
}

// Start plays a scenario. All that its steps do is compiled before anything is
// done; errors about that are *option.Error, one or several joined.
func Start(s *Scenario, target Target, o Options) (*Run, error) {
	r := &Run{
		scenario: s, target: target, options: o,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		over: make(map[string][]*played), leased: time.Now(),
	}
	if o.Lease == 0 {
		r.options.Lease = s.Lease
	}
	var errs []error
	for _, step := range s.leaves {
		p := &played{step: step, state: Pending}
		r.played = append(r.played, p)
		if step.Change != nil {
			errs = append(errs, p.prepare(target))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.unwatch = cancel
	r.watchRails(ctx)
	go r.loop()
	return r, nil
}

// prepare finds the proxy and sees whether the change can be made.
func (p *played) prepare(target Target) error {
	c := p.step.Change
	name, err := target.Proxy(c.Proxy)
	if err != nil {
		return &option.Error{Place: c.Place, Problem: err.Error()}
	}
	p.proxy = name
	_, err = target.Compile(name, *c)
	return err
}

// Done is closed when the scenario has ended and its effects are taken away.
func (r *Run) Done() <-chan struct{} { return r.done }

// Stop ends the scenario at once.
func (r *Run) Stop(reason string) { r.finish(Stopped, reason) }

// finish ends the scenario, unless it has ended.
func (r *Run) finish(state, reason string) {
	r.mu.Lock()
	r.close(state, reason)
	r.mu.Unlock()
}

func (r *Run) close(state, reason string) {
	if r.end == nil {
		r.end = &end{state, reason}
	}
	r.poke()
}

func (r *Run) poke() {
	select {
	case r.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Release lets the step of that name or number go, which lasts until then.
func (r *Run) Release(step string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var waiting []string
	for i, p := range r.played {
		if r.end != nil || p.step.Until != Released {
			continue
		}
		if p.state == Active && (p.step.Name == step || fmt.Sprint(i+1) == step) {
			p.over(time.Now())
			r.poke()
			return nil
		}
		waiting = append(waiting, fmt.Sprintf("%q (%s)", p.step.Name, p.state))
	}
	if len(waiting) == 0 {
		return fmt.Errorf("%w: %q: none waits to be released", ErrNoStep, step)
	}
	return fmt.Errorf("%w: %q does not wait to be released; those that do: %s", ErrNoStep, step, strings.Join(waiting, ", "))
}

// Renew says that whoever started the scenario is still there.
func (r *Run) Renew() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leased = time.Now()
}

// Gone says that a proxy is not there any more.
func (r *Run) Gone(proxy string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.played {
		if p.proxy == proxy && (p.state == Pending || p.state == Active) {
			r.fail(p, fmt.Sprintf("proxy %s is gone", proxy))
			return
		}
	}
}

// fail ends the scenario for a step that cannot be made.
func (r *Run) fail(p *played, why string) {
	if r.end == nil {
		p.state = Failed
	}
	r.close(Failed, fmt.Sprintf("%s (%s): %s", p.step.Name, p.step.Place, why))
}

// loop is the goroutine that plays the scenario.
func (r *Run) loop() {
	defer close(r.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		wait := r.advance(time.Now())
		r.put()
		if r.ending() {
			break
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-r.wake:
		}
	}
	r.unwatch()
	r.watching.Wait()
	r.restore()
	r.tell()
}

// ending reports whether the scenario is to end.
func (r *Run) ending() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end != nil
}

// idle is how long the loop waits if there is nothing to wait for.
const idle = time.Hour

// advance does what is due, and returns how long it takes until there is more
// to do.
func (r *Run) advance(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.began.IsZero() && r.end == nil && r.railsHeld() {
		r.began = now
		r.note("began", "scenario began")
		r.play(r.scenario.Steps, now, func(time.Time) { r.close(Over, "") })
	}
	for r.end == nil {
		e, due := r.agenda.due(now)
		if !due {
			break
		}
		e.do(e.at)
	}
	wait := idle
	if next, ok := r.agenda.next(now); ok {
		wait = next
	}
	if lease := r.options.Lease; lease > 0 {
		leaseLeft := lease - now.Sub(r.leased)
		if leaseLeft <= 0 {
			r.close(Tripped, fmt.Sprintf("the lease of %s was not renewed", option.FormatDuration(lease)))
		}
		wait = min(wait, leaseLeft)
	}
	return wait
}
