package vaurientest

import (
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// With puts a plan in force until the test or subtest t ends, and then what was
// there before: a behavior's name, which meets every exchange, or a draw such as
// "20:delay,10:error". Open connections meet it too, from their next exchange
// on.
//
//	p.With(t, "error", vaurientest.Options{"kind": "readonly", "match": `key == "cart"`})
//
// What lies beneath a plan goes on where it was once that is over; a plan that
// counts has counted nothing meanwhile.
func (p *Proxy) With(t testing.TB, plan string, options ...Options) {
	t.Helper()
	draw, err := planOf(plan, options)
	if err != nil {
		t.Fatalf("vaurientest: %s", oneLine(err))
	}
	compiled, err := p.registry.Compile(p.registry.NormalPlan(draw), nil, p.protocol)
	if err != nil {
		t.Fatalf("vaurientest: %s", oneLine(err))
	}
	p.over(t, compiled)
}

// WithBehavior is With for a behavior made in Go, which meets every exchange.
// The name is what Fired and the lists of exchanges call it.
func (p *Proxy) WithBehavior(t testing.TB, name string, b vaurien.Behavior) {
	t.Helper()
	p.journal.know(name)
	p.over(t, vaurien.NewPlan(vaurien.OneOf(vaurien.Choice{Weight: 100, Name: name, Behavior: b})))
}

// over puts a plan over the others until t ends. The proxy's toxics stay.
func (p *Proxy) over(t testing.TB, plan *vaurien.Plan) {
	remove, _ := p.plans.add(plan.With(p.plans.base.Toxics()...)) // put never fails
	t.Cleanup(func() { remove() })
}
