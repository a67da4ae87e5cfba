package control

import "github.com/vaurien-proxy/vaurien/ledger"

// An account tells a ledger what becomes of one proxy.
type account struct {
	ledger *ledger.Ledger // may be nil
	plan   uint64         // the number of the plan in force, in the engine
	open   bool           // the proxy is at work
}

// putInForce puts the plan in force that r has. r.mu is held.
func (r *running) putInForce() {
	r.account.plan = r.proxy.SetPlan(r.inForce().plan)
	r.tellPlan()
}

// announce tells that the proxy is about to work, and by which plan.
func (r *running) announce() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, disabled := r.proxy.(absent); disabled || r.retired {
		return
	}
	r.account.open = true
	r.tellState(ledger.StateUp)
	r.tellPlan()
}

// tellPlan tells which plan is in force. r.mu is held.
func (r *running) tellPlan() {
	if r.account.ledger == nil || !r.account.open {
		return
	}
	a := r.inForce()
	p := &ledger.Plan{Number: r.account.plan, Text: a.draw.Draw()}
	for _, e := range a.entries {
		p.Behaviors = append(p.Behaviors, ledger.Choice{Name: e.Name, Weight: e.Weight, Options: e.Options})
	}
	for _, t := range r.built.toxics {
		p.Toxics = append(p.Toxics, ledger.Choice{
			Name: t.show.Name, Behavior: t.show.Behavior, Weight: t.show.Percent, Options: t.show.Options,
		})
	}
	r.account.ledger.Add(ledger.Entry{Type: ledger.PlanType, Proxy: r.name, InPlan: p})
}

// tellState tells what the proxy is now. r.mu is held.
func (r *running) tellState(state string) {
	if r.account.ledger == nil || !r.account.open {
		return
	}
	s := &r.built.config.Settings
	r.account.ledger.Add(ledger.Entry{Type: ledger.ProxyType, Proxy: r.name, State: state, Server: &ledger.Server{
		Listen: r.proxy.Addr().String(), Backend: s.Backend, Protocol: s.Protocol, Draw: drawOf(s), Seed: r.built.config.Seed,
	}})
	r.account.open = state != ledger.StateGone
}
