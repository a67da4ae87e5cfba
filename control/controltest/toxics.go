package controltest

import (
	"errors"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

func slow(name string, percent float64, delay string) spec.Toxic {
	return spec.Toxic{Name: name, Behavior: "slow_close", Percent: percent, Place: "f.yaml:10",
		Options: option.Values{"delay": {Text: delay, Place: "f.yaml:11"}}}
}

func slowState(name string, percent float64, delay string) control.Toxic {
	return control.Toxic{Name: name, Behavior: "slow_close", Percent: percent,
		Options: map[string]string{"delay": delay, "direction": "both"}}
}

func testToxics(t *testing.T, c control.Controller, d *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	want := webState()
	want.Toxics = []control.Toxic{slowState("a", 50, "1s"), slowState("slow_close_both", 100, "2s")}
	got, err := c.SetToxics(t.Context(), "web", []spec.Toxic{slow("a", 50, "1"), slow("", 100, "2s")})
	wantState(t, got, err, want)

	// Another plan, also for a time, leaves them alone, and the reverse.
	got, err = c.SetPlan(t.Context(), "", control.PlanChange{Plan: spec.Single("hang", nil, ""), For: time.Hour})
	want.Plan = control.Plan{Draw: "100:hang", For: "1h", Entries: []control.PlanEntry{
		{Weight: 100, Name: "hang", Options: map[string]string{}},
	}}
	wantState(t, got, err, want)
	got, err = c.PutToxic(t.Context(), "", slow("a", 0.5, "3s"))
	want.Toxics[0] = slowState("a", 0.5, "3s")
	wantState(t, got, err, want)

	hyphen := slow("", 100, "4s")
	hyphen.Behavior, hyphen.Options["direction"] = "slow-close", option.Value{Text: "to_client"}
	got, err = c.PutToxic(t.Context(), "", hyphen)
	added := slowState("slow_close_to_client", 100, "4s")
	added.Options["direction"] = "to_client"
	want.Toxics = append(want.Toxics, added)
	wantState(t, got, err, want)

	must(t)(c.PutToxic(t.Context(), "", slow("ü/ ?", 100, "1s")))
	must(t)(c.RemoveToxic(t.Context(), "", "ü/ ?"))
	got, err = c.RemoveToxic(t.Context(), "", "slow_close_both")
	want.Toxics = []control.Toxic{want.Toxics[0], added}
	wantState(t, got, err, want)

	// What is shown can be set again, and changes nothing.
	var shown []spec.Toxic
	for _, toxic := range got.Toxics {
		shown = append(shown, toxic.Spec())
	}
	got, err = c.SetToxics(t.Context(), "", shown)
	wantState(t, got, err, want)
	got, err = c.SetToxics(t.Context(), "", nil)
	want.Toxics = []control.Toxic{}
	wantState(t, got, err, want)
	got, err = d.Proxy(t.Context(), "web")
	wantState(t, got, err, want)
}

func testToxicsWrong(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	must(t)(c.PutToxic(t.Context(), "web", slow("a", 50, "1s")))
	want := webState()
	want.Toxics = []control.Toxic{slowState("a", 50, "1s")}
	unknown := slow("b", 100, "1s")
	unknown.Behavior = "slow_clos"
	for _, test := range []struct {
		list []spec.Toxic
		want string
	}{
		{[]spec.Toxic{slow("b", 100, "1s"), unknown},
			"f.yaml:10: there are two toxics named b: give each a name of its own\n" +
				`f.yaml:10: unknown behavior "slow_clos": did you mean "slow_close"? known: delay, dummy, error, hang, slow_close`},
		{[]spec.Toxic{slow("b", 100, "soon")},
			`f.yaml:11: delay: "soon" is not a duration: write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)`},
		{[]spec.Toxic{slow("..", 100, "1s")},
			`f.yaml:10: ".." is not a name for a toxic: write 1 to 100 characters that can be seen`},
	} {
		_, err := c.SetToxics(t.Context(), "web", test.list)
		wantError(t, err, nil, test.want)
	}
	_, err := c.RemoveToxic(t.Context(), "web", "b")
	wantError(t, err, control.ErrNoToxic, `no such toxic: "b"`)
	_, err = c.PutToxic(t.Context(), "we", slow("b", 100, "1s"))
	wantError(t, err, control.ErrNoProxy, `no such proxy: "we": did you mean "web"? known: web`)
	got, err := c.Proxy(t.Context(), "web")
	wantState(t, got, err, want)
}

func testPutWithToxics(t *testing.T, c control.Controller, _ *control.Daemon) {
	p := Web()
	p.Toxics = []spec.Toxic{slow("a", 50, "1s")}
	want := webState()
	want.Toxics = []control.Toxic{slowState("a", 50, "1s")}
	got, err := c.Put(t.Context(), p)
	wantState(t, got, err, want)
	got, err = c.Put(t.Context(), Web())
	wantState(t, got, err, webState())
	p.Toxics[0].Options["dely"] = option.Value{Text: "1", Place: "f.yaml:12"}
	_, err = c.Put(t.Context(), p)
	wantError(t, err, nil, `f.yaml:12: dely: unknown option: did you mean "delay"?; known: delay, direction`)
}

func testEnabled(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	must(t)(c.PutToxic(t.Context(), "web", slow("a", 50, "1s")))
	must(t)(c.SetPlan(t.Context(), "web", control.PlanChange{Plan: spec.Single("hang", nil, ""), For: time.Hour}))
	want := webState()
	want.Toxics = []control.Toxic{slowState("a", 50, "1s")}
	want.Plan = control.Plan{Draw: "100:hang", For: "1h", Entries: []control.PlanEntry{
		{Weight: 100, Name: "hang", Options: map[string]string{}},
	}}
	for _, enabled := range []bool{true, false, false, true} {
		want.Enabled = enabled
		got, err := c.SetEnabled(t.Context(), "web", enabled)
		wantState(t, got, err, want)
	}

	// What is not enabled does not need its address.
	must(t)(c.SetEnabled(t.Context(), "web", false))
	other := Web()
	other.Name = "other"
	must(t)(c.Put(t.Context(), other))
	_, err := c.SetEnabled(t.Context(), "web", true)
	if !errors.Is(err, control.ErrAddress) {
		t.Errorf("enabled at an address in use: error %v", err)
	}
	want.Enabled = false
	got, err := c.Proxy(t.Context(), "web")
	wantState(t, got, err, want)
}

func testPatch(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	other := Web()
	other.Name, other.Settings["proxy"] = "other", option.Value{Text: "127.0.0.1:8001"}
	must(t)(c.Put(t.Context(), other))

	address, backend, enabled := "127.0.0.1:8002", "127.0.0.1:81", true
	toxics := []spec.Toxic{slow("a", 50, "1s")}
	want := webState()
	want.Proxy, want.Configured, want.Backend = address, address, backend
	want.Toxics = []control.Toxic{slowState("a", 50, "1s")}
	got, err := c.Patch(t.Context(), "web", control.Patch{Proxy: &address, Backend: &backend, Enabled: &enabled, Toxics: &toxics})
	wantState(t, got, err, want)

	// One that fails leaves all as it was.
	taken, elsewhere, none := "127.0.0.1:8001", "127.0.0.1:82", []spec.Toxic{}
	_, err = c.Patch(t.Context(), "web", control.Patch{Proxy: &taken, Backend: &elsewhere, Toxics: &none})
	wantError(t, err, control.ErrAddress, "proxy: cannot listen on 127.0.0.1:8001: address already in use")
	wrong := "81"
	_, err = c.Patch(t.Context(), "web", control.Patch{Backend: &wrong, Toxics: &none})
	wantError(t, err, nil, `backend: "81" is not an address: write HOST:PORT, as in localhost:81`)
	got, err = c.Proxy(t.Context(), "web")
	wantState(t, got, err, want)
}
