package controltest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/scenario"
	"github.com/vaurien-proxy/vaurien/spec"
)

func hang() control.Plan {
	return control.Plan{Draw: "100:hang", Entries: []control.PlanEntry{{Weight: 100, Name: "hang", Options: map[string]string{}}}}
}

func testEndPlan(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	got, err := c.EndPlan(t.Context(), "") // there is none for a time
	wantState(t, got, err, webState())
	must(t)(c.SetPlan(t.Context(), "", control.PlanChange{Plan: spec.Single("hang", nil, ""), For: time.Hour}))
	got, err = c.EndPlan(t.Context(), "web")
	wantState(t, got, err, webState())
	_, err = c.EndPlan(t.Context(), "wen")
	wantError(t, err, control.ErrNoProxy, `no such proxy: "wen": did you mean "web"? known: web`)
}

func testToxicFor(t *testing.T, c control.Controller, _ *control.Daemon) {
	p := Web()
	p.Toxics = []spec.Toxic{slow("a", 50, "1s")}
	must(t)(c.Put(t.Context(), p))
	lasting := webState()
	lasting.Toxics = []control.Toxic{slowState("a", 50, "1s")}

	// It is in the place of the one of its name, which returns.
	forATime := slow("a", 100, "2s")
	forATime.For = time.Hour
	want := lasting
	want.Toxics = []control.Toxic{slowState("a", 100, "2s")}
	want.Toxics[0].For = "1h"
	got, err := c.PutToxic(t.Context(), "", forATime)
	wantState(t, got, err, want)
	forATime.For = 2 * time.Hour // the clock is started anew
	want.Toxics[0].For = "2h"
	got, err = c.PutToxic(t.Context(), "", forATime)
	wantState(t, got, err, want)
	got, err = c.RemoveToxic(t.Context(), "", "a")
	wantState(t, got, err, lasting)

	// A change that stays goes before one for a time.
	must(t)(c.PutToxic(t.Context(), "", forATime))
	want.Toxics = []control.Toxic{slowState("a", 1, "3s")}
	got, err = c.PutToxic(t.Context(), "", slow("a", 1, "3s"))
	wantState(t, got, err, want)

	// A list may have some of each.
	other := slow("b", 100, "2s")
	other.For = time.Hour
	want.Toxics = []control.Toxic{slowState("c", 100, "4s"), slowState("b", 100, "2s")}
	want.Toxics[1].For = "1h"
	got, err = c.SetToxics(t.Context(), "", []spec.Toxic{other, slow("c", 100, "4s")})
	wantState(t, got, err, want)
	want.Toxics = want.Toxics[:1]
	got, err = c.RemoveToxic(t.Context(), "", "b")
	wantState(t, got, err, want)

	other.For = -time.Second
	_, err = c.PutToxic(t.Context(), "", other)
	wantError(t, err, nil, "f.yaml:10: for: -1s is in the past: write how long it is to last, as in 30s")
}

func testPatchFor(t *testing.T, c control.Controller, d *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	backend, off := "127.0.0.1:81", false
	want := webState()
	want.Backend, want.Enabled = backend, false
	want.Toxics = []control.Toxic{slowState("a", 50, "1s")}
	want.Toxics[0].For = "1h"
	got, err := c.Patch(t.Context(), "", control.Patch{
		Backend: &backend, Enabled: &off, Toxics: &[]spec.Toxic{slow("a", 50, "1s")}, For: time.Hour,
	})
	wantState(t, got, err, want)

	// What is said by hand stays, and the rest keeps its time.
	other := "127.0.0.1:82"
	want.Backend = other
	got, err = c.SetBackend(t.Context(), "", other)
	wantState(t, got, err, want)
	want.Enabled = true
	got, err = c.SetEnabled(t.Context(), "", true)
	wantState(t, got, err, want)

	_, err = c.Patch(t.Context(), "", control.Patch{Proxy: &backend, For: time.Hour})
	wantError(t, err, nil, "proxy: cannot be changed for a time: leave out one of proxy and for")
	_, err = c.Patch(t.Context(), "", control.Patch{Enabled: &off, For: -time.Hour})
	wantError(t, err, nil, "for: -1h0m0s is in the past: write how long it is to last, as in 30s")
}

const timeline = `
name: two steps
steps:
  - {at: 0s, behavior: hang, for: 10m, until: released}
  - {at: 1h, toxics: [{behavior: slow_close}], for: 10m}
rails: [{command: "false"}, {lease: 1h}]
`

func testScenario(t *testing.T, c control.Controller, d *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	s, err := c.Scenario(t.Context())
	if err != nil || s.State != scenario.Idle || s.Live() {
		t.Errorf("before: %+v, %v", s, err)
	}
	_, err = c.StopScenario(t.Context(), "")
	wantSentinel(t, err, control.ErrNoScenario)
	_, err = c.RenewLease(t.Context())
	wantSentinel(t, err, control.ErrNoScenario)
	_, err = c.ReleaseStep(t.Context(), "1")
	wantSentinel(t, err, control.ErrNoScenario)

	s, err = c.StartScenario(t.Context(), control.ScenarioStart{Text: []byte(timeline), File: "s.yaml", CallerRuns: true, Lease: 2 * time.Hour})
	if err != nil || !s.Live() || s.ID != "1" || s.Lease == nil || s.Lease.Every != "2h" {
		t.Fatalf("%+v, %v", s, err)
	}
	_, err = c.StartScenario(t.Context(), control.ScenarioStart{Text: []byte(timeline), CallerRuns: true})
	wantSentinel(t, err, control.ErrScenario)
	await(t, c, func() bool { return plan(t, c) == "100:hang" })
	s, err = c.RenewLease(t.Context())
	if err != nil || s.Steps[0].State != scenario.Active || s.Steps[0].Place != "s.yaml:4" || s.Steps[0].Proxy != "web" || s.Rails[0].State != "caller" {
		t.Errorf("%+v, %v", s, err)
	}
	_, err = c.ReleaseStep(t.Context(), "2")
	wantSentinel(t, err, scenario.ErrNoStep)
	if _, err := c.ReleaseStep(t.Context(), "step 1"); err != nil {
		t.Error(err)
	}
	await(t, c, func() bool { return plan(t, c) == "20:delay,0.5:error" })
	s, err = c.StopScenario(t.Context(), "it is late")
	if err != nil || s.State != scenario.Stopped || s.Reason != "it is late" || s.Ended == nil {
		t.Errorf("%+v, %v", s, err)
	}
	got, err := c.Proxy(t.Context(), "")
	wantState(t, got, err, webState())
	last, err := c.Scenario(t.Context())
	if diff := cmp.Diff(s, last, cmpopts.EquateEmpty(), cmp.Comparer(time.Time.Equal)); err != nil || diff != "" {
		t.Errorf("afterwards (-stopped +looked at): %s, %v", diff, err)
	}
}

func testScenarioWrong(t *testing.T, c control.Controller, d *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	for _, test := range []struct {
		start control.ScenarioStart
		want  string
	}{
		{control.ScenarioStart{File: "s.yaml"}, `s.yaml: is empty: write steps: [{at: 10s, behavior: 20:delay, for: 30s}]`},
		{control.ScenarioStart{Text: []byte("steps: [")}, `body:1: not YAML: `},
		{control.ScenarioStart{Text: []byte("steps:\n  - {behavior: dely, for: 1s}\n  - {proxy: x, behavior: delay, options: {delay: {sleep: soon}}, for: 1s}"), File: "s.yaml"},
			`s.yaml:2: unknown behavior "dely": did you mean "delay"? known: delay, dummy, error, hang, slow_close` + "\n" +
				`s.yaml:3: no such proxy: "x"; known: web`},
		{control.ScenarioStart{Text: []byte("steps:\n  - {behavior: delay, options: {delay: {sleep: soon}}, for: 1s}")},
			`body:2: sleep: "soon" is not a duration: write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)`},
		{control.ScenarioStart{Text: []byte(timeline), File: "s.yaml"},
			"s.yaml:6: command: is not run for whoever can call this server: let vaurien scenario run do it, or start the server with --scenario-commands"},
		{control.ScenarioStart{Text: []byte(timeline), CallerRuns: true, Lease: time.Millisecond}, "lease: 1ms: write a time from 1s to 24h"},
	} {
		_, err := c.StartScenario(t.Context(), test.start)
		if test.want[len(test.want)-1] == ' ' && err != nil {
			test.want = err.Error() // what the library says
		}
		wantError(t, err, nil, test.want)
	}
	got, err := c.Proxy(t.Context(), "")
	wantState(t, got, err, webState())
	if s, err := c.Scenario(t.Context()); err != nil || s.State != scenario.Idle {
		t.Errorf("%+v, %v", s, err)
	}
}

func testStop(t *testing.T, c control.Controller, _ *control.Daemon) {
	p := Web()
	p.Toxics = []spec.Toxic{slow("a", 50, "1s")}
	must(t)(c.Put(t.Context(), p))
	before := webState()
	before.Toxics = []control.Toxic{slowState("a", 50, "1s")}
	if h, err := c.Halted(t.Context()); err != nil || h.Stopped || h.Since != nil {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := c.StartScenario(t.Context(), control.ScenarioStart{Text: []byte("steps: [{enabled: false, behavior: hang, for: 1h}]")}); err != nil {
		t.Fatal(err)
	}
	await(t, c, func() bool { return plan(t, c) == "100:hang" })

	quiet := before
	quiet.Plan, quiet.Toxics, quiet.Stopped = control.Plan{Draw: "100:dummy", Entries: []control.PlanEntry{}}, []control.Toxic{}, true
	for range 2 { // again does nothing
		h, err := c.Stop(t.Context())
		if err != nil || !h.Stopped || h.Since == nil || !slices.Equal(h.Proxies, []string{"web"}) {
			t.Errorf("%+v, %v", h, err)
		}
		got, err := c.Proxy(t.Context(), "")
		wantState(t, got, err, quiet)
	}
	if s, err := c.Scenario(t.Context()); err != nil || s.State != scenario.Stopped || s.Reason != "all chaos was stopped" {
		t.Errorf("%+v, %v", s, err)
	}
	_, err := c.StartScenario(t.Context(), control.ScenarioStart{Text: []byte("steps: [{behavior: hang, for: 1h}]")})
	wantSentinel(t, err, control.ErrStopped)

	for range 2 {
		h, err := c.Resume(t.Context())
		if err != nil || h.Stopped || len(h.Proxies) != 0 {
			t.Errorf("%+v, %v", h, err)
		}
		got, err := c.Proxy(t.Context(), "")
		wantState(t, got, err, before)
	}

	// What is changed by hand while all is stopped is in force, and stays.
	if _, err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	quiet.Plan = hang()
	got, err := c.SetPlan(t.Context(), "", change(spec.Single("hang", nil, "")))
	wantState(t, got, err, quiet)
	quiet.Toxics = []control.Toxic{slowState("b", 1, "2s")}
	got, err = c.PutToxic(t.Context(), "", slow("b", 1, "2s"))
	wantState(t, got, err, quiet)
	if _, err := c.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	before.Plan, before.Toxics = hang(), append(before.Toxics, quiet.Toxics...)
	got, err = c.Proxy(t.Context(), "")
	wantState(t, got, err, before)
}

func plan(t *testing.T, c control.Controller) string {
	t.Helper()
	p, err := c.Proxy(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return p.Plan.Draw
}

// await waits until a scenario has brought something about.
func await(t *testing.T, c control.Controller, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			s, err := c.Scenario(t.Context())
			t.Fatalf("it does not come about: %+v, %v", s, err)
		}
		time.Sleep(time.Millisecond)
	}
}

func wantSentinel(t *testing.T, err, is error) {
	t.Helper()
	if !errors.Is(err, is) || option.Errors(err) != nil {
		t.Errorf("error %v, want %v", err, is)
	}
}
