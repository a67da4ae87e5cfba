package controltest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// Run tests the controllers that make returns for a daemon: the daemon itself,
// or what stands before it. All must answer alike, to the letter.
func Run(t *testing.T, of func(t *testing.T, d *control.Daemon) control.Controller) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, control.Controller, *control.Daemon)
	}{
		{"Empty", testEmpty},
		{"Put", testPut},
		{"PutDefault", testPutDefault},
		{"PutWrong", testPutWrong},
		{"PutAddressInUse", testPutAddressInUse},
		{"Delete", testDelete},
		{"Names", testNames},
		{"SetPlan", testSetPlan},
		{"SetPlanFor", testSetPlanFor},
		{"DryRun", testDryRun},
		{"SetPlanWrong", testSetPlanWrong},
		{"PlanBack", testPlanBack},
		{"SetBackend", testSetBackend},
		{"Toxics", testToxics},
		{"ToxicsWrong", testToxicsWrong},
		{"PutWithToxics", testPutWithToxics},
		{"Enabled", testEnabled},
		{"Patch", testPatch},
		{"EndPlan", testEndPlan},
		{"ToxicFor", testToxicFor},
		{"PatchFor", testPatchFor},
		{"Scenario", testScenario},
		{"ScenarioWrong", testScenarioWrong},
		{"Stop", testStop},
		{"Catalog", testCatalog},
		{"Closed", testClosed},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, _ := NewDaemon(t, Registry())
			test.run(t, of(t, d), d)
		})
	}
}

// Web returns a proxy named web with options for delay.
func Web() spec.Proxy {
	return spec.Proxy{
		Name: "web",
		Settings: option.Values{
			"proxy":    {Text: "127.0.0.1:8000", Place: "f.yaml:2"},
			"backend":  {Text: "127.0.0.1:80", Place: "f.yaml:3"},
			"protocol": {Text: "http", Place: "f.yaml:4"},
			"seed":     {Text: "42", Place: "f.yaml:5"},
		},
		Plan: spec.Plan{Entries: []spec.Entry{
			{Weight: 20, Name: "delay", Place: "f.yaml:6"},
			{Weight: 0.5, Name: "error", Place: "f.yaml:7", Options: option.Values{"code": {Text: "503", Place: "f.yaml:7"}}},
		}},
		Behaviors: map[string]option.Values{"delay": {"sleep": {Text: "2", Place: "f.yaml:8"}}},
		Protocols: map[string]option.Values{"http": {"overwrite_host_header": {Text: "yes", Place: "f.yaml:9"}}},
	}
}

// webState is Web's state before anything else happened.
func webState() control.Proxy {
	return control.Proxy{
		Name: "web", Proxy: "127.0.0.1:8000", Configured: "127.0.0.1:8000", Backend: "127.0.0.1:80", Enabled: true,
		Protocol: "http", Draw: "exchange", Seed: 42,
		Plan: control.Plan{Draw: "20:delay,0.5:error", Entries: []control.PlanEntry{
			{Weight: 20, Name: "delay", Options: delayOptions("2s")},
			{Weight: 0.5, Name: "error", Options: map[string]string{"code": "503", "inject": "false"}},
		}},
		Toxics: []control.Toxic{},
		Stats:  control.Stats{Faults: map[string]uint64{}},
	}
}

func delayOptions(sleep string) map[string]string {
	return map[string]string{"sleep": sleep, "before": "true"}
}

func testEmpty(t *testing.T, c control.Controller, _ *control.Daemon) {
	all, err := c.Proxies(t.Context())
	if err != nil || all == nil || len(all) != 0 {
		t.Errorf("Proxies = %#v, %v, want an empty list", all, err)
	}
	_, err = c.Proxy(t.Context(), "")
	wantError(t, err, control.ErrNoProxy, `no such proxy: "default": there are none`)
}

func testPut(t *testing.T, c control.Controller, d *control.Daemon) {
	got, err := c.Put(t.Context(), Web())
	wantState(t, got, err, webState())
	got, err = c.Proxy(t.Context(), "web")
	wantState(t, got, err, webState())

	changed := Web()
	changed.Plan = spec.Plan{}
	want := webState()
	want.Plan = control.Plan{Draw: "100:dummy", Entries: []control.PlanEntry{}}
	got, err = c.Put(t.Context(), changed)
	wantState(t, got, err, want)

	all, err := c.Proxies(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("Proxies = %v, %v, want one", all, err)
	}
	wantState(t, all[0], nil, want)
}

func testPutDefault(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	p := spec.Proxy{Settings: option.Values{"proxy": {Text: "127.0.0.1:8001"}}}
	got, err := c.Put(t.Context(), p)
	if err != nil || got.Name != "default" || got.Proxy != "127.0.0.1:8001" || got.Draw != "connection" {
		t.Errorf("Put without a name = %+v, %v", got, err)
	}
}

func testPutWrong(t *testing.T, c control.Controller, _ *control.Daemon) {
	p := Web()
	p.Place = "f.yaml:1"
	p.Name = "a/b"
	_, err := c.Put(t.Context(), p)
	wantError(t, err, nil, `f.yaml:1: "a/b" is not a name for a proxy: write letters, digits, '.', '_' and '-'`)

	p = Web()
	p.Settings["proxy"] = option.Value{Text: "8000", Place: "f.yaml:2"}
	p.Settings["seed"] = option.Value{Text: "x"}
	p.Plan.Entries[0].Name = "dely"
	p.Plan.Entries[1].Options["code"] = option.Value{Text: "504"}
	_, err = c.Put(t.Context(), p)
	wantError(t, err, nil, `f.yaml:2: proxy: "8000" is not an address: write HOST:PORT, as in localhost:8000`+"\n"+
		`seed: "x" is not a seed: write a whole number from 0 to 18446744073709551615`+"\n"+
		`f.yaml:6: unknown behavior "dely": did you mean "delay"? known: delay, dummy, error, hang, slow_close`+"\n"+
		`behavior error: code: "504" is not one of: any, 500, 503: did you mean "500"?`)

	p = Web()
	p.Behaviors["delay"] = option.Values{"sleep": {Text: "soon", Place: "f.yaml:8"}}
	_, err = c.Put(t.Context(), p)
	wantError(t, err, nil, `f.yaml:8: sleep: "soon" is not a duration: write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)`)

	p = Web()
	p.Plan.Entries[0].Weight = 99.6
	_, err = c.Put(t.Context(), p)
	wantError(t, err, nil, "f.yaml:6: 99.6:delay,0.5:error: the percentages come to 100.1: together they may not pass 100")

	all, err := c.Proxies(t.Context())
	if err != nil || len(all) != 0 {
		t.Errorf("after refusals there are %v, %v", all, err)
	}
}

func testPutAddressInUse(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	p := Web()
	p.Name = "other"
	_, err := c.Put(t.Context(), p)
	wantError(t, err, control.ErrAddress, "f.yaml:2: proxy: cannot listen on 127.0.0.1:8000: address already in use")
}

func testDelete(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	if err := c.Delete(t.Context(), "web"); err != nil {
		t.Fatal(err)
	}
	wantError(t, c.Delete(t.Context(), "web"), control.ErrNoProxy, `no such proxy: "web": there are none`)
	must(t)(c.Put(t.Context(), Web())) // its address is free again
}

func testNames(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	got, err := c.Proxy(t.Context(), "")
	wantState(t, got, err, webState()) // the only one
	_, err = c.Proxy(t.Context(), "wen")
	wantError(t, err, control.ErrNoProxy, `no such proxy: "wen": did you mean "web"? known: web`)
	_, err = c.Proxy(t.Context(), "default")
	wantError(t, err, control.ErrNoProxy, `no such proxy: "default"; known: web`)

	other := Web()
	other.Name, other.Settings["proxy"] = "api", option.Value{Text: "127.0.0.1:8001"}
	must(t)(c.Put(t.Context(), other))
	_, err = c.Proxy(t.Context(), "")
	wantError(t, err, control.ErrNoProxy, `no such proxy: "default"; known: api, web`)
	for _, name := range []string{"-", ".", "..", "a/b", "a b"} {
		if _, err := c.Proxy(t.Context(), name); !errors.Is(err, control.ErrNoProxy) {
			t.Errorf("Proxy(%q) = %v, want ErrNoProxy", name, err)
		}
	}
}

func testSetPlan(t *testing.T, c control.Controller, d *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	want := webState()

	// The configuration's options hold.
	got, err := c.SetPlan(t.Context(), "web", change(spec.Single("delay", nil, "")))
	want.Plan = control.Plan{Draw: "100:delay", Entries: []control.PlanEntry{{Weight: 100, Name: "delay", Options: delayOptions("2s")}}}
	wantState(t, got, err, want)

	// The change's go over them, for this change only.
	got, err = c.SetPlan(t.Context(), "web", change(spec.Single("delay", option.Values{"sleep": {Text: "150ms"}}, "")))
	want.Plan.Entries[0].Options = delayOptions("150ms")
	wantState(t, got, err, want)
	got, err = c.SetPlan(t.Context(), "", change(spec.Single("delay", nil, "")))
	want.Plan.Entries[0].Options = delayOptions("2s")
	wantState(t, got, err, want)

	// What is shown is what the daemon has.
	got, err = d.Proxy(t.Context(), "web")
	wantState(t, got, err, want)

	got, err = c.SetPlan(t.Context(), "", change(spec.Plan{}))
	want.Plan = control.Plan{Draw: "100:dummy", Entries: []control.PlanEntry{}}
	wantState(t, got, err, want)
}

func testSetPlanFor(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	for _, test := range []struct {
		d    time.Duration
		want string
	}{{time.Hour, "1h"}, {90 * time.Minute, "1h30m"}} {
		got, err := c.SetPlan(t.Context(), "", control.PlanChange{Plan: spec.Single("hang", nil, ""), For: test.d})
		want := webState()
		want.Plan = control.Plan{Draw: "100:hang", For: test.want, Entries: []control.PlanEntry{
			{Weight: 100, Name: "hang", Options: map[string]string{}},
		}}
		wantState(t, got, err, want)
	}
}

func testSetPlanWrong(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	for _, test := range []struct {
		change control.PlanChange
		want   string
	}{
		{
			change(spec.Single("dely", nil, "--plan")),
			`--plan: unknown behavior "dely": did you mean "delay"? known: delay, dummy, error, hang, slow_close`,
		},
		{
			change(spec.Single("delay", option.Values{"slep": {Text: "2", Place: "-o slep"}}, "")),
			`-o slep: slep: unknown option: did you mean "sleep"?; known: sleep, before`,
		},
		{
			change(spec.Single("delay", option.Values{"sleep": {Text: "-1"}}, "")),
			`behavior delay: sleep: -1 is too small: the least is 0s`,
		},
		{
			control.PlanChange{Plan: spec.Single("delay", nil, ""), For: -time.Second},
			`for: -1s is in the past: write how long it is to last, as in 30s`,
		},
		{
			change(spec.Plan{Entries: []spec.Entry{{Weight: 101, Name: "delay", Place: "--plan"}}}),
			`--plan: 101:delay: a percentage is from 0 to 100`,
		},
	} {
		_, err := c.SetPlan(t.Context(), "web", test.change)
		wantError(t, err, nil, test.want)
	}
	_, err := c.SetPlan(t.Context(), "we", change(spec.Plan{}))
	wantError(t, err, control.ErrNoProxy, `no such proxy: "we": did you mean "web"? known: web`)
	got, err := c.Proxy(t.Context(), "web")
	wantState(t, got, err, webState())
}

// testPlanBack takes each behavior's options as they are shown and sets them
// again: nothing may change, and nothing be refused.
func testPlanBack(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	catalog, err := c.Catalog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range catalog.Behaviors {
		first, err := c.SetPlan(t.Context(), "", change(spec.Single(kind.Name, nil, "")))
		if err != nil {
			t.Fatal(err)
		}
		options := make(option.Values)
		for name, text := range first.Plan.Entries[0].Options {
			options[name] = option.Value{Text: text}
		}
		again, err := c.SetPlan(t.Context(), "", change(spec.Single(kind.Name, options, "")))
		wantState(t, again, err, first)
	}
}

func testSetBackend(t *testing.T, c control.Controller, _ *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	want := webState()
	want.Backend = "127.0.0.1:81"
	got, err := c.SetBackend(t.Context(), "", "127.0.0.1:81")
	wantState(t, got, err, want)
	_, err = c.SetBackend(t.Context(), "", "81")
	wantError(t, err, nil, `backend: "81" is not an address: write HOST:PORT, as in localhost:81`)
	got, err = c.Proxy(t.Context(), "")
	wantState(t, got, err, want)
}

func testCatalog(t *testing.T, c control.Controller, d *control.Daemon) {
	got, err := c.Catalog(t.Context())
	want, _ := d.Catalog(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Catalog: %v, differs: %s", err, diff)
	}
	want = control.Catalog{
		Behaviors: []control.CatalogKind{{
			Name: "delay", Doc: "waits", Options: []control.CatalogOption{
				{Name: "sleep", Type: "duration", Default: "1s", Doc: "how long", Min: "0s", Max: "24h"},
				{Name: "before", Type: "bool", Default: "true", Doc: "before the request rather than the reply"},
			},
		}},
	}
	if diff := cmp.Diff(want.Behaviors, got.Behaviors[:1]); diff != "" {
		t.Errorf("the catalog begins wrongly (-want +got):\n%s", diff)
	}
	if len(got.Behaviors) != 5 || len(got.Protocols) != 2 {
		t.Errorf("the catalog lists %d behaviors and %d protocols, not 5 and 2", len(got.Behaviors), len(got.Protocols))
	}
}

func testClosed(t *testing.T, c control.Controller, d *control.Daemon) {
	must(t)(c.Put(t.Context(), Web()))
	d.Close()
	_, err := c.Proxies(t.Context())
	wantError(t, err, control.ErrClosed, "shut down")
	_, err = c.Put(t.Context(), Web())
	wantError(t, err, control.ErrClosed, "shut down")
	_, err = c.SetPlan(t.Context(), "web", change(spec.Plan{}))
	wantError(t, err, control.ErrClosed, "shut down")
	wantError(t, c.Delete(t.Context(), "web"), control.ErrClosed, "shut down")
}

func change(p spec.Plan) control.PlanChange { return control.PlanChange{Plan: p} }

func must(t *testing.T) func(control.Proxy, error) {
	return func(_ control.Proxy, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func wantState(t *testing.T, got control.Proxy, err error, want control.Proxy) {
	t.Helper()
	if err != nil {
		t.Errorf("error %q, want the state %+v", err, want)
	} else if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the state differs (-want +got):\n%s", diff)
	}
}

// wantError compares the text, the sentinel, and the places inside.
func wantError(t *testing.T, err, is error, text string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("no error, want %q", text)
	case err.Error() != text:
		t.Errorf("error\n%s\nwant\n%s", err, text)
	case is != nil && !errors.Is(err, is):
		t.Errorf("error %v is not %v", err, is)
	case is == nil && option.Errors(err) == nil:
		t.Errorf("error %v has no *option.Error in it", err)
	}
}
