package control

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"sync"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// engine is what a Daemon needs of a *vaurien.Proxy.
type engine interface {
	Start()
	Addr() net.Addr
	SetPlan(*vaurien.Plan)
	SetBackend(address string)
	SetSettings(vaurien.Settings)
	Stats() vaurien.Stats
	ShareListener() (net.Listener, error)
	StopAccepting()
	Shutdown(ctx context.Context) error
	Close() error
}

// built is one proxy's configuration, found to be right, and what was made of
// it. It is never changed, only replaced.
type built struct {
	spec    spec.Proxy
	config  vaurien.Config
	plan    *compiled
	options map[string]map[string]string // every option of the behaviors and the protocol, as text
}

// compiled is a plan as it was asked for, as it runs and as it is shown.
type compiled struct {
	draw    spec.Plan
	plan    *vaurien.Plan
	entries []PlanEntry
}

// running is one proxy at work: its configuration, the plan that its last
// lasting change put in force, and perhaps another plan for a time.
type running struct {
	name  string
	proxy engine
	log   *slog.Logger

	mu      sync.Mutex // guards what follows; nothing waits under it
	retired bool       // it is closed, or another has taken its place
	built   *built
	base    *compiled
	over    *override // nil: base is in force
}

// override is a plan that is in force for a time.
type override struct {
	*compiled
	until time.Time
	timer *time.Timer
}

// configuration returns what the proxy is made of now.
func (r *running) configuration() *built {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.built
}

// setPlan puts a plan in force for a time, or until the next change if d is
// zero. It does nothing and returns false if the plan was compiled for another
// configuration than the present one.
func (r *running) setPlan(of *built, c *compiled, d time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.retired || r.built != of {
		return false
	}
	r.dropOverride()
	if d == 0 {
		r.base = c
	} else {
		o := &override{compiled: c, until: time.Now().Add(d)}
		o.timer = time.AfterFunc(d, func() { r.expire(o) })
		r.over = o
	}
	r.proxy.SetPlan(c.plan)
	return true
}

// expire puts the lasting plan back when o's time is over.
func (r *running) expire(o *override) {
	r.mu.Lock()
	current := r.over == o
	base := r.base
	if current {
		r.over = nil
		r.proxy.SetPlan(base.plan)
	}
	r.mu.Unlock()
	if current {
		r.log.Info("plan returned", "proxy", r.name, "plan", base.draw.Draw())
	}
}

func (r *running) dropOverride() {
	if r.over != nil {
		r.over.timer.Stop()
		r.over = nil
	}
}

// setBackend returns false if the proxy has been retired.
func (r *running) setBackend(address string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.retired {
		return false
	}
	b := *r.built
	b.spec = b.spec.Clone()
	b.spec.Settings["backend"] = option.Value{Text: address}
	b.config.Settings.Backend = address
	r.built = &b
	r.proxy.SetBackend(address)
	return true
}

// become makes the proxy follow another configuration that does not need a
// new listener. If nothing differs it is left as it is, a plan for a time
// included, and become returns false.
func (r *running) become(b *built) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.built.same(b) && r.base.same(b.plan) {
		return false
	}
	old := r.built
	r.proxy.SetSettings(b.config.Settings)
	if old.config.Settings.Backend != b.config.Settings.Backend {
		r.proxy.SetBackend(b.config.Settings.Backend)
	}
	b.config.Seed = old.config.Seed
	r.built = b
	inForce := r.base
	if r.over != nil {
		inForce = r.over.compiled
	}
	r.dropOverride()
	if !r.base.same(b.plan) {
		r.base = b.plan
	}
	if inForce != r.base { // else what its behaviors remember, and who waits by it, stays
		r.proxy.SetPlan(r.base.plan)
	}
	return true
}

// retire takes the proxy out of use: it accepts no more and changes no more,
// and its address is free when retire returns.
func (r *running) retire() {
	r.mu.Lock()
	r.retired = true
	r.dropOverride()
	r.mu.Unlock()
	r.proxy.StopAccepting()
}

// state returns what is to be shown of the proxy.
func (r *running) state() Proxy {
	r.mu.Lock()
	b, c := r.built, r.base
	var left time.Duration
	if r.over != nil {
		c, left = r.over.compiled, max(time.Until(r.over.until), time.Millisecond)
	}
	r.mu.Unlock()

	s := r.proxy.Stats()
	settings := &b.config.Settings
	state := Proxy{
		Name:     r.name,
		Proxy:    r.proxy.Addr().String(),
		Backend:  settings.Backend,
		Protocol: settings.Protocol,
		Draw:     drawOf(settings),
		Seed:     b.config.Seed,
		Plan:     Plan{Draw: c.draw.Draw(), Entries: cloneEntries(c.entries)},
		Stats: Stats{
			Open: s.Open, Sessions: s.Sessions, Exchanges: s.Exchanges,
			ToBackend: s.ToBackend, ToClient: s.ToClient, Faults: s.Faults,
		},
	}
	if left > 0 {
		state.Plan.For = option.FormatDuration(roundUp(left))
	}
	if state.Stats.Faults == nil {
		state.Stats.Faults = map[string]uint64{}
	}
	return state
}

// cloneEntries returns a copy that the caller may do with as it likes.
func cloneEntries(entries []PlanEntry) []PlanEntry {
	out := append([]PlanEntry{}, entries...)
	for i := range out {
		out[i].Options = maps.Clone(out[i].Options)
	}
	return out
}

// roundUp rounds a time left to what a person wants to read: whole seconds,
// or milliseconds below one.
func roundUp(d time.Duration) time.Duration {
	unit := time.Second
	if d < time.Second {
		unit = time.Millisecond
	}
	return (d + unit - 1).Truncate(unit)
}

// drawOf says when the dice are rolled, once auto is resolved.
func drawOf(s *vaurien.Settings) string {
	switch {
	case s.Draw != "auto":
		return s.Draw
	case s.Protocol == "tcp":
		return "connection"
	}
	return "exchange"
}
