package control

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"sync"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// engine is what a Daemon needs of a *vaurien.Proxy.
type engine interface {
	Start()
	Addr() net.Addr
	SetPlan(*vaurien.Plan) uint64
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
	toxics  []toxic
	options map[string]map[string]string // every option of the behaviors and the protocol, as text

	// What lies over the proxy's own configuration; all nil if nothing does.
	under  *built // that configuration
	layers []layer
	held   *compiled // the plan of the topmost layer that has one; nil if none has
}

// copy returns a configuration that may be changed into another.
func (b *built) copy() *built {
	to := *b
	to.spec = b.spec.Clone()
	to.config.Listener = nil
	return &to
}

// compiled is a plan as it was asked for, as it runs without toxics and as it
// is shown.
type compiled struct {
	draw    spec.Plan
	plan    *vaurien.Plan
	entries []PlanEntry
	share   func() float64 // of the weights, as it is now; nil: all
}

// armed is a plan with a proxy's toxics.
type armed struct {
	*compiled
	plan *vaurien.Plan
}

// arm puts b's toxics beside a plan.
func (b *built) arm(c *compiled) armed {
	toxics := make([]vaurien.Toxic, len(b.toxics))
	for i, t := range b.toxics {
		toxics[i] = t.run
	}
	return armed{c, c.plan.With(toxics...)}
}

// running is one proxy at work: its configuration, the plan that its last
// lasting change put in force, and perhaps another plan for a time.
type running struct {
	name    string
	proxy   engine
	past    *history
	log     *slog.Logger
	account account // guarded by mu, but for its ledger

	mu      sync.Mutex // guards what follows; nothing waits under it
	retired bool       // it is closed, or another has taken its place
	built   *built
	base    armed
	over    *override // nil: base is in force
	held    armed     // the plan of built's layers, which goes before both; its compiled is nil if there is none
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
	r.built, r.held = of.withoutPlans(), armed{}
	a := of.arm(c)
	if d == 0 {
		r.base = a
	} else {
		r.overrideUntil(time.Now().Add(d), a)
	}
	r.putInForce()
	return true
}

// inForce returns the plan that is in force.
func (r *running) inForce() armed {
	if r.held.compiled != nil {
		return r.held
	}
	if r.over != nil {
		return r.over.armed
	}
	return r.base
}

// follow puts another configuration in force that needs no new listener, and
// leaves the plan as it is. It does nothing and returns false if the present
// configuration is not the one that it was made of.
func (r *running) follow(from, to *built) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.retired || r.built != from {
		return false
	}
	r.built = to
	if backend := to.config.Settings.Backend; backend != from.config.Settings.Backend {
		r.proxy.SetBackend(backend)
		r.tellState(ledger.StateChanged)
	}
	switch {
	case !sameToxics(from.toxics, to.toxics):
		r.rearm()
	case from.held != to.held:
		r.held = to.armHeld()
		r.putInForce()
	}
	return true
}

// rearm puts the toxics of the present configuration beside the plans.
func (r *running) rearm() {
	r.base = r.built.arm(r.base.compiled)
	if r.over != nil {
		r.over.armed = r.built.arm(r.over.compiled)
	}
	r.held = r.built.armHeld()
	r.putInForce()
}

// bequeath retires r in favour of another, which has not been started, and
// gives it the plans and what was counted. It does nothing and returns false if
// the configuration is not from any more.
func (r *running) bequeath(from *built, heir *running) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.retired || r.built != from {
		return false
	}
	r.retired = true
	heir.mu.Lock()
	defer heir.mu.Unlock()
	heir.past = r.past
	heir.past.leave(r.proxy)
	heir.base = heir.built.arm(r.base.compiled)
	heir.held = heir.built.armHeld()
	if o := r.over; o != nil {
		r.dropOverride()
		heir.overrideUntil(o.until, heir.built.arm(o.compiled))
	}
	heir.putInForce()
	return true
}

// become makes the proxy follow another configuration that does not need a
// new listener. If nothing differs it is left as it is, with all that is over it
// for a time, and become returns false.
func (r *running) become(b *built) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isAlready(b) {
		return false
	}
	old := r.built
	r.proxy.SetSettings(b.config.Settings)
	if old.config.Settings.Backend != b.config.Settings.Backend {
		r.proxy.SetBackend(b.config.Settings.Backend)
	}
	b.config.Seed = old.config.Seed
	b.toxics = keep(old.toxics, b.toxics)
	r.built = b
	if old.config.Settings != b.config.Settings {
		r.tellState(ledger.StateChanged)
	}
	inForce := r.inForce()
	r.dropOverride()
	r.held = armed{}
	switch plansDiffer := !r.base.same(b.plan); {
	case plansDiffer:
		r.base = b.arm(b.plan)
	case !sameToxics(old.toxics, b.toxics):
		r.base = b.arm(r.base.compiled)
	}
	if inForce.plan != r.base.plan { // else what its behaviors remember, and who waits by it, stays
		r.putInForce()
	}
	return true
}

// isAlready reports whether the proxy's own configuration is b, and its plan
// too. r.mu is held.
func (r *running) isAlready(b *built) bool {
	return r.built.root().same(b) && r.base.same(b.plan)
}

// is reports whether the proxy's own configuration is b, so that nothing is to
// be changed.
func (r *running) is(b *built) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.isAlready(b)
}

// retire takes the proxy out of use: it accepts no more and changes no more,
// and its address is free when retire returns.
func (r *running) retire() {
	r.mu.Lock()
	r.retired = true
	r.dropOverride()
	r.tellState(ledger.StateGone)
	r.mu.Unlock()
	r.proxy.StopAccepting()
}

// state returns what is to be shown of the proxy.
func (r *running) state() Proxy {
	r.mu.Lock()
	b, c := r.built, r.inForce()
	var left time.Duration
	if r.over != nil && c.compiled == r.over.compiled {
		left = max(time.Until(r.over.until), time.Millisecond)
	}
	past := r.past
	r.mu.Unlock()

	s := past.with(r.proxy)
	settings := &b.config.Settings
	state := Proxy{
		Name:       r.name,
		Proxy:      r.proxy.Addr().String(),
		Configured: settings.Proxy,
		Backend:    settings.Backend,
		Enabled:    settings.Enabled,
		Protocol:   settings.Protocol,
		Draw:       drawOf(settings),
		Seed:       b.config.Seed,
		Plan:       c.shown(),
		Toxics:     cloneToxics(b.toxics),
		Stopped:    b.isStopped(),
		Stats: Stats{
			Open: s.Open, Sessions: s.Sessions, Exchanges: s.Exchanges,
			ToBackend: s.ToBackend, ToClient: s.ToClient, FromBackend: s.FromBackend, FromClient: s.FromClient,
			Unreached: s.Unreached, Faults: s.Faults,
		},
	}
	if left > 0 {
		state.Plan.For = option.FormatDuration(roundUp(left))
	}
	return state
}

// cloneToxics returns what is to be shown of toxics, for the caller to do with
// as it likes.
func cloneToxics(toxics []toxic) []Toxic {
	out := make([]Toxic, len(toxics))
	for i, t := range toxics {
		out[i] = t.show
		out[i].Options = maps.Clone(t.show.Options)
		if !t.until.IsZero() {
			out[i].For = option.FormatDuration(roundUp(max(time.Until(t.until), time.Millisecond)))
		}
	}
	return out
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
