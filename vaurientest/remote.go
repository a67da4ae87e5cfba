package vaurientest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// callTime is how long a call to a remote Vaurien may take.
const callTime = 10 * time.Second

// A RemoteProxy is a proxy of a Vaurien that runs elsewhere, with its control
// server: vaurien --http. What needs the exchanges themselves (Exchanges, Hold)
// needs a [Proxy].
type RemoteProxy struct {
	tb     testing.TB
	client *client.Client
	name   string
	before map[string]uint64 // what was counted when it was made
	plans  layers[spec.Plan]
}

// Remote returns the proxy of that name of the Vaurien whose control server is
// at url, such as http://localhost:8080; an empty name is the default proxy. If
// nobody answers there the test fails at once.
func Remote(t testing.TB, url, name string, options ...client.Option) *RemoteProxy {
	t.Helper()
	c, err := client.New(url, options...)
	if err != nil {
		t.Fatalf("vaurientest: %s", oneLine(err))
	}
	p := &RemoteProxy{tb: t, client: c, name: name}
	t.Cleanup(c.Close)
	state, err := p.state()
	if err != nil {
		t.Fatalf("vaurientest: %s", oneLine(err))
	}
	p.before = state.Stats.Faults
	p.plans = layers[spec.Plan]{put: p.put}
	return p
}

// With puts a plan in force until the test or subtest t ends, and then the one
// that was there before: see [Proxy.With]. What comes back begins to count anew.
func (p *RemoteProxy) With(t testing.TB, plan string, options ...Options) {
	t.Helper()
	draw, err := planOf(plan, options)
	if err != nil {
		t.Fatalf("vaurientest: %s", oneLine(err))
	}
	state, err := p.state()
	if err == nil && state.Plan.For != "" {
		err = fmt.Errorf("a plan is in force for %s yet, and could not be put back: wait for its end", state.Plan.For)
	}
	var remove func() error
	if err == nil {
		p.plans.onto(planIn(state.Plan))
		remove, err = p.plans.add(draw)
	}
	if err != nil {
		t.Fatalf("vaurientest: %s", oneLine(err))
	}
	t.Cleanup(func() {
		t.Helper()
		if err := remove(); err != nil {
			t.Errorf("vaurientest: the plan that was there could not be put back: %s", oneLine(err))
		}
	})
}

// Fired returns on how many exchanges, or connections, that behavior has acted
// since Remote was called.
func (p *RemoteProxy) Fired(behavior string) int {
	p.tb.Helper()
	state, err := p.state()
	if err == nil {
		err = p.checkName(state, behavior)
	}
	if err != nil {
		p.tb.Errorf("vaurientest: Fired: %s", oneLine(err))
	}
	return firedIn(state.Stats.Faults, behavior) - firedIn(p.before, behavior)
}

// checkName says what is wrong with the name of a behavior or toxic.
func (p *RemoteProxy) checkName(state control.Proxy, behavior string) error {
	if firedIn(state.Stats.Faults, behavior) > 0 {
		return nil
	}
	ctx, cancel := callContext()
	defer cancel()
	catalog, err := p.client.Catalog(ctx)
	if err != nil {
		return err
	}
	var known []string
	for _, k := range catalog.Behaviors {
		known = append(known, k.Name)
	}
	for _, t := range state.Toxics {
		known = append(known, t.Name)
	}
	if slices.Contains(known, behavior) {
		return nil
	}
	return fmt.Errorf("unknown behavior %q%s; known: %s", behavior, option.DidYouMean(behavior, known), strings.Join(known, ", "))
}

// Addr returns the address that clients connect to.
func (p *RemoteProxy) Addr() string {
	p.tb.Helper()
	state, err := p.state()
	if err != nil {
		p.tb.Errorf("vaurientest: Addr: %s", oneLine(err))
	}
	return state.Proxy
}

func (p *RemoteProxy) state() (control.Proxy, error) {
	ctx, cancel := callContext()
	defer cancel()
	return p.client.Proxy(ctx, p.name)
}

func (p *RemoteProxy) put(plan spec.Plan) error {
	ctx, cancel := callContext()
	defer cancel()
	_, err := p.client.SetPlan(ctx, p.name, control.PlanChange{Plan: plan})
	return err
}

// callContext returns a context for one call. It is not the test's, which has
// ended when Cleanup puts things back.
func callContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), callTime)
}

// planIn returns what puts a plan such as p in force.
func planIn(p control.Plan) spec.Plan {
	var plan spec.Plan
	for _, e := range p.Entries {
		options := make(option.Values)
		for name, text := range e.Options {
			options[name] = option.Value{Text: text}
		}
		plan.Entries = append(plan.Entries, spec.Entry{Weight: e.Weight, Name: e.Name, Options: options})
	}
	return plan
}

// firedIn counts a behavior in the faults of a proxy, which are by what acted
// together.
func firedIn(faults map[string]uint64, behavior string) int {
	n := 0
	for together, times := range faults {
		for name := range strings.SplitSeq(together, "+") {
			if name == behavior {
				n += int(times)
			}
		}
	}
	return n
}
