package control_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/scenario"
	"github.com/vaurien-proxy/vaurien/spec"
)

// startScenario plays steps, a line each.
func startScenario(t *testing.T, d *control.Daemon, steps ...string) {
	t.Helper()
	text := "steps:\n  - " + strings.Join(steps, "\n  - ")
	if _, err := d.StartScenario(t.Context(), control.ScenarioStart{Text: []byte(text), File: "s.yaml"}); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// pass lets time pass, and what is due be done.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func wantScenario(t *testing.T, d *control.Daemon, state, reason string) {
	t.Helper()
	s, err := d.Scenario(t.Context())
	if err != nil || s.State != state || s.Reason != reason {
		t.Errorf("scenario %s, %q, %v: want %s, %q", s.State, s.Reason, err, state, reason)
	}
}

// body is what GET answers about the proxies, all of it.
func body(t *testing.T, d *control.Daemon) string {
	t.Helper()
	w := httptest.NewRecorder()
	control.NewHandler(d, control.HandlerOptions{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/proxies", nil))
	return w.Body.String()
}

// TestScenarioPutsBack: what was there before is there again, to the byte.
func TestScenarioPutsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		p := controltest.Web()
		p.Toxics = []spec.Toxic{{Name: "a", Behavior: "slow_close", Percent: 50}}
		put(t, d, p)
		put(t, d, proxy("other", "127.0.0.1:8001"))
		if _, err := d.SetPlan(t.Context(), "web", control.PlanChange{Plan: spec.Single("hang", nil, "")}); err != nil {
			t.Fatal(err)
		}
		before := body(t, d)

		startScenario(t, d,
			`{at: 0s, proxy: web, behavior: 20:delay, options: {delay: {sleep: 300ms}}, for: 10s}`,
			`{at: 5s, proxy: web, toxics: [{name: a, behavior: slow_close, delay: 3}, {behavior: slow_close}], backend: "127.0.0.1:81", for: 10s}`,
			`{at: 7s, proxy: web, enabled: false, for: 10s}`,
			`{at: 0s, proxy: other, behavior: error, ramp: 0 -> 100% over 1m, for: 1m}`)
		pass(8 * time.Second)
		web, err := d.Proxy(t.Context(), "web")
		if err != nil {
			t.Fatal(err)
		}
		if web.Plan.Draw != "20:delay" || web.Plan.Entries[0].Options["sleep"] != "300ms" || web.Enabled || web.Backend != "127.0.0.1:81" ||
			len(web.Toxics) != 2 || web.Toxics[0].Options["delay"] != "3s" || web.Toxics[0].Percent != 100 {
			t.Errorf("%+v", web)
		}
		if other, _ := d.Proxy(t.Context(), "other"); other.Plan.Draw != "13.33:error" || other.Plan.Entries[0].Weight != 13.33 {
			t.Errorf("%+v", other.Plan)
		}
		pass(time.Minute)
		wantScenario(t, d, scenario.Over, "")
		if after := body(t, d); after != before {
			t.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
	})
}

// TestScenarioLeavesThePlan: where only the plan was changed, the very plan
// returns, with what its behaviors remember.
func TestScenarioLeavesThePlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		put(t, d, controltest.Web())
		former := d.Engine("web").Plan()
		startScenario(t, d, `{behavior: hang, for: 1s}`, `{behavior: error, for: 1s}`)
		if d.Engine("web").Plan() == former {
			t.Error("the step is not in force")
		}
		pass(2 * time.Second)
		if d.Engine("web").Plan() != former {
			t.Error("the proxy has another plan than the one before, with what that one remembers")
		}
	})
}

// TestRampIsOnePlan: while it goes on, nobody who waits by its plan is let go.
func TestRampIsOnePlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		put(t, d, controltest.Web())
		startScenario(t, d, `{behavior: 50:hang, ramp: 0 -> 100% over 1m, for: 2m}`)
		ramp := d.Engine("web").Plan()
		for _, want := range []string{"0:hang", "25:hang", "50:hang"} {
			wantPlan(t, d, want, "", "")
			if d.Engine("web").Plan() != ramp {
				t.Error("there is another plan")
			}
			pass(30 * time.Second)
		}
	})
}

// TestByHandDuringScenario: who changes something by hand has the last word,
// until a later step is about the same.
func TestByHandDuringScenario(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		put(t, d, controltest.Web())
		startScenario(t, d, `{at: 0s, behavior: hang, backend: "127.0.0.1:81", for: 10s}`, `{at: 5s, behavior: error, for: 2s}`, `{at: 9s, for: 10s}`)
		wantPlan(t, d, "100:hang", "", "")
		setPlan(t, d, "10:delay", "3s", 0)
		wantPlan(t, d, "10:delay", "3s", "")
		pass(5 * time.Second)
		wantPlan(t, d, "100:error", "", "")
		pass(2 * time.Second)
		wantPlan(t, d, "10:delay", "3s", "") // not hang, which was taken out
		if p, _ := d.Proxy(t.Context(), ""); p.Backend != "127.0.0.1:81" {
			t.Errorf("the backend was left alone, and is %s", p.Backend)
		}
		pass(20 * time.Second)
		wantPlan(t, d, "10:delay", "3s", "")
		if p, _ := d.Proxy(t.Context(), ""); p.Backend != "127.0.0.1:80" {
			t.Errorf("the backend is %s", p.Backend)
		}
	})
}

// TestPlanForATimeBeneathScenario: its time goes on while a step is over it.
func TestPlanForATimeBeneathScenario(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		put(t, d, controltest.Web())
		setPlan(t, d, "hang", "", 10*time.Second)
		startScenario(t, d, `{at: 2s, behavior: error, for: 3s}`, `{at: 8s, behavior: error, for: 4s}`)
		pass(3 * time.Second)
		wantPlan(t, d, "100:error", "", "")
		pass(3 * time.Second)
		wantPlan(t, d, "100:hang", "", "4s")
		pass(5 * time.Second)
		wantPlan(t, d, "100:error", "", "")
		pass(5 * time.Second)
		wantPlan(t, d, "20:delay,0.5:error", "2s", "")
	})
}

func TestScenarioAndConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		apply(t, d, controltest.Web())
		startScenario(t, d, `{at: 0s, behavior: hang, enabled: false, for: 10s}`, `{at: 5s, behavior: error, for: 10s}`)
		apply(t, d, controltest.Web()) // nothing differs
		wantPlan(t, d, "100:hang", "", "")
		changed := controltest.Web()
		changed.Settings["backend"] = option.Value{Text: "127.0.0.1:81"}
		changed.Plan = spec.Single("delay", nil, "")
		apply(t, d, changed)
		wantPlan(t, d, "100:delay", "2s", "")
		if p, _ := d.Proxy(t.Context(), ""); !p.Enabled || p.Backend != "127.0.0.1:81" {
			t.Errorf("%+v", p)
		}
		pass(6 * time.Second) // a later step is over what is configured now
		wantPlan(t, d, "100:error", "", "")
		pass(20 * time.Second)
		wantPlan(t, d, "100:delay", "2s", "")
		if p, _ := d.Proxy(t.Context(), ""); !p.Enabled || p.Backend != "127.0.0.1:81" {
			t.Errorf("%+v", p)
		}
	})
}

func TestScenarioProxyDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		put(t, d, controltest.Web())
		put(t, d, proxy("other", "127.0.0.1:8001"))
		startScenario(t, d, `{at: 0s, proxy: web, behavior: hang, for: 1h}`, `{at: 0s, proxy: other, behavior: hang, for: 1h}`)
		if err := d.Delete(t.Context(), "other"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantScenario(t, d, scenario.Failed, "step 2 (s.yaml:3): proxy other is gone")
		wantPlan(t, d, "20:delay,0.5:error", "2s", "")
	})
}

// TestScenarioListenerTaken: what cannot be put back is said.
func TestScenarioListenerTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, net := newDaemon(t)
		put(t, d, controltest.Web())
		startScenario(t, d, `{enabled: false, for: 5s}`)
		l, err := net.Listen(t.Context(), "127.0.0.1:8000")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		pass(6 * time.Second)
		s, err := d.Scenario(t.Context())
		if err != nil || len(s.Problems) != 1 || !strings.Contains(s.Problems[0], "proxy web is not what it was before: ") ||
			!strings.Contains(s.Problems[0], "cannot listen on 127.0.0.1:8000: address already in use") {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// TestChangesForATime end by themselves.
func TestChangesForATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		p := controltest.Web()
		p.Toxics = []spec.Toxic{{Name: "a", Behavior: "slow_close", Percent: 50}}
		put(t, d, p)
		before := body(t, d)
		off, backend := false, "127.0.0.1:81"
		for _, change := range []func() (control.Proxy, error){
			func() (control.Proxy, error) {
				return d.PutToxic(t.Context(), "", spec.Toxic{Name: "a", Behavior: "slow_close", Percent: 5, For: 5 * time.Second})
			},
			func() (control.Proxy, error) {
				return d.PutToxic(t.Context(), "", spec.Toxic{Name: "b", Behavior: "hang", Percent: 5, For: 6 * time.Second})
			},
			func() (control.Proxy, error) {
				return d.Patch(t.Context(), "", control.Patch{Enabled: &off, For: 7 * time.Second})
			},
			func() (control.Proxy, error) {
				return d.Patch(t.Context(), "", control.Patch{Backend: &backend, Toxics: &[]spec.Toxic{}, For: 8 * time.Second})
			},
		} {
			if _, err := change(); err != nil {
				t.Fatal(err)
			}
		}
		if got, _ := d.Proxy(t.Context(), ""); len(got.Toxics) != 0 || got.Enabled || got.Backend != backend {
			t.Errorf("%+v", got)
		}
		pass(7500 * time.Millisecond)
		if got, _ := d.Proxy(t.Context(), ""); len(got.Toxics) != 0 || !got.Enabled || got.Backend != backend {
			t.Errorf("%+v", got)
		}
		pass(time.Second)
		if after := body(t, d); after != before {
			t.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
	})
}

// TestStopDuringScenario: nothing beneath the scenario shows for a moment.
func TestStopDuringScenario(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := controltest.NewNet()
		account := ledger.New(ledger.Options{})
		d := control.NewDaemon(controltest.Registry(), control.Options{
			Logger: slog.New(slog.DiscardHandler), Listen: net.Listen, Dial: net.Dial, Ledger: account,
		})
		defer d.Close()
		put(t, d, controltest.Web())
		before := body(t, d)
		startScenario(t, d, `{behavior: hang, for: 1h}`)
		if _, err := d.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantScenario(t, d, scenario.Stopped, "all chaos was stopped")
		wantPlan(t, d, "100:dummy", "", "")
		if _, err := d.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := body(t, d); after != before {
			t.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
		want := "began: scenario began\nstep: step 1 began: proxy web: 100:hang\n" +
			"ended: scenario stopped: all chaos was stopped\nstop: all chaos is stopped\n" +
			"resume: what was there before all chaos was stopped is put back\n"
		if got := scenarioEntries(t, account); got != want {
			t.Errorf("in the ledger:\n%s\nwant:\n%s", got, want)
		}
	})
}

// TestCloseDuringScenario: a daemon that is closed has nothing left behind.
func TestCloseDuringScenario(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := newDaemon(t)
		put(t, d, controltest.Web())
		startScenario(t, d, `{behavior: hang, for: 1h}`)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		wantScenario(t, d, scenario.Stopped, "the program stops")
		_, err := d.StartScenario(t.Context(), control.ScenarioStart{Text: []byte("steps: [{for: 1s}]")})
		if err != control.ErrClosed {
			t.Error(err)
		}
	})
}

// TestScenarioRoutes: statuses, and what is said of a body that is wrong.
func TestScenarioRoutes(t *testing.T) {
	d, _ := newDaemon(t)
	put(t, d, controltest.Web())
	h := control.NewHandler(d, control.HandlerOptions{})
	for _, test := range []struct {
		method, path, media, body string
		status                    int
		contains                  string
	}{
		{"GET", "/scenario", "", "", 200, `{"state":"idle","steps":[],"rails":[]}`},
		{"DELETE", "/scenario", "", "", 404, `no scenario is running`},
		{"PUT", "/scenario/lease", "", "", 404, `no scenario is running`},
		{"POST", "/scenario", "application/yaml", "steps: [{behavior: hang}]", 400, `"body:1: step 1 has no end: write for: 30s, until: released or until: end"`},
		{"POST", "/scenario", "text/html", "steps: []", 415, `text/html is not read here`},
		{"POST", "/scenario?lease=soon", "", "steps: []", 400, `?lease: `},
		{"POST", "/scenario?lease=1ms", "", "steps: []", 400, `lease: 1ms: write a time from 1s to 24h`},
		{"POST", "/scenario?commands=server", "", "steps: []", 400, `?commands: is not caller`},
		{"POST", "/scenario?file=a%0Ab", "", "steps: []", 400, `?file: is no name`},
		{"POST", "/scenario", "application/json", `{"steps": [{"behavior": "hang", "for": "1h"}]}`, 201, `"id":"1"`},
		{"POST", "/scenario", "", "steps: [{behavior: hang, for: 1h}]", 409, `a scenario is running already: stop it first`},
		{"POST", "/scenario/release/nosuch", "", "", 404, `no such step: \"nosuch\": none waits to be released`},
		{"PUT", "/scenario/lease", "", "", 200, `"state":"`},
		{"DELETE", "/scenario?reason=a%0Ab", "", "", 200, `"reason":"a\\nb"`},
		{"GET", "/stop", "", "", 200, `{"stopped":false,"proxies":[]}`},
		{"POST", "/stop", "", "", 200, `"proxies":["web"]`},
		{"POST", "/scenario", "", "steps: [{behavior: hang, for: 1h}]", 409, `all chaos is stopped: resume first`},
		{"POST", "/resume", "", "", 200, `{"stopped":false,"proxies":[]}`},
		{"PATCH", "/proxies/web", "", `{"enabled": false, "for": "soon"}`, 400, `for: \"soon\" is not a duration`},
		{"PUT", "/proxies/web/toxics/a", "", `{"behavior": "hang", "for": "-1s"}`, 400, `for: -1s is in the past`},
		{"PUT", "/proxies/web/toxics/a", "", `{"behavior": "hang", "for": "1h"}`, 200, `"for":"1h"`},
	} {
		r := httptest.NewRequest(test.method, "http://localhost"+test.path, strings.NewReader(test.body))
		if test.media != "" {
			r.Header.Set("Content-Type", test.media)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.contains) || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s %s: %d %s\nwant %d %s", test.method, test.path, test.body, w.Code, w.Body, test.status, test.contains)
		}
	}
}

// scenarioEntries are the ledger's about scenarios, a line each.
func scenarioEntries(t *testing.T, l *ledger.Ledger) string {
	t.Helper()
	var out strings.Builder
	s := l.Subscribe(0, ledger.Filter{Types: []ledger.Type{ledger.ScenarioType}})
	for batch := s.Ready(); len(batch) > 0; batch = s.Ready() {
		for _, e := range batch {
			out.WriteString(e.Kind + ": " + e.Text + "\n")
		}
	}
	return out.String()
}
