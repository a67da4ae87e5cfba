package controltest

import (
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// What a change would make is told, and what is wrong with it, and nothing is
// changed.
func testDryRun(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))

	hang := control.PlanChange{Plan: spec.Single("hang", nil, ""), For: time.Hour, DryRun: true}
	want := webState()
	want.Plan = control.Plan{Draw: "100:hang", For: "1h", Entries: []control.PlanEntry{
		{Weight: 100, Name: "hang", Options: map[string]string{}},
	}}
	got, err := c.SetPlan(t.Context(), "web", hang)
	wantState(t, got, err, want)
	wrong := control.PlanChange{Plan: spec.Single("delay", option.Values{"sleep": {Text: "-1"}}, ""), DryRun: true}
	_, err = c.SetPlan(t.Context(), "web", wrong)
	wantError(t, err, nil, `behavior delay: sleep: -1 is too small: the least is 0s`)

	address, backend, enabled, toxics := "127.0.0.1:8002", "127.0.0.1:81", false, []spec.Toxic{slow("a", 50, "1s")}
	want = webState()
	want.Proxy, want.Configured, want.Backend, want.Enabled = address, address, backend, enabled
	want.Toxics = []control.Toxic{slowState("a", 50, "1s")}
	got, err = c.Patch(t.Context(), "web", control.Patch{Proxy: &address, Backend: &backend, Enabled: &enabled, Toxics: &toxics, DryRun: true})
	wantState(t, got, err, want)
	twice := append(toxics, toxics...)
	if _, err = c.Patch(t.Context(), "web", control.Patch{Toxics: &twice, DryRun: true}); err == nil {
		t.Error("two toxics of one name are right")
	}

	got, err = c.Proxy(t.Context(), "web")
	wantState(t, got, err, webState())
}
