package metrics

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A world is a daemon that is measured, and its page of metrics.
type world struct {
	t       testing.TB
	daemon  *control.Daemon
	backend string
	options Options
	page    http.Handler
}

// newWorld returns one whose daemon is observed by a Recorder and by others.
func newWorld(t testing.TB, others ...vaurien.Observer) *world {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
	t.Cleanup(backend.Close)
	r := NewRecorder()
	d := control.NewDaemon(builtin.Registry(), control.Options{
		Logger: slog.New(slog.DiscardHandler), Observer: vaurien.Observers(append(others, r)...),
	})
	t.Cleanup(func() { d.Close() })
	w := &world{t: t, daemon: d, backend: backend.Listener.Addr().String()}
	w.options = Options{
		Proxies: d, Recorder: r, Toxiproxy: true, Runtime: true, Version: "1.2.3", Lost: func() uint64 { return 7 },
		Logger: slog.New(slog.DiscardHandler),
	}
	w.page = Handler(w.options)
	return w
}

// proxy makes a proxy of that name, speaking HTTP unless more says otherwise.
func (w *world) proxy(name string, more option.Values) {
	w.t.Helper()
	settings := option.Values{
		"proxy": {Text: "127.0.0.1:0"}, "backend": {Text: w.backend}, "protocol": {Text: "http"},
	}.Merge(more)
	if _, err := w.daemon.Put(w.t.Context(), spec.Proxy{Name: name, Settings: settings}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) plan(name, behavior string, options option.Values) {
	w.t.Helper()
	plan := control.PlanChange{Plan: spec.Single(behavior, options, "")}
	if _, err := w.daemon.SetPlan(w.t.Context(), name, plan); err != nil {
		w.t.Fatal(err)
	}
}

// get sends n requests through a proxy.
func (w *world) get(name string, n int) {
	w.t.Helper()
	p, err := w.daemon.Proxy(w.t.Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for range n {
		if res, err := client.Get("http://" + p.Proxy + "/"); err == nil {
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}
}

// scrape returns the page.
func (w *world) scrape() string {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.page.ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	if rec.Code != http.StatusOK {
		w.t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// value returns a series' value on the page, -1 if it is not there.
func (w *world) value(series string) float64 {
	w.t.Helper()
	for line := range strings.Lines(w.scrape()) {
		if text, ok := strings.CutPrefix(line, series+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				w.t.Fatal(err)
			}
			return v
		}
	}
	return -1
}

// want waits for series to have their values: the last exchange of a session is
// over a little after its client has the answer.
func (w *world) want(series map[string]float64) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		wrong := ""
		for name, v := range series {
			if got := w.value(name); got != v {
				wrong += fmt.Sprintf("%s is %v, want %v\n", name, got, v)
			}
		}
		if wrong == "" {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%son the page\n%s", wrong, w.scrape())
		}
	}
}

func TestPage(t *testing.T) {
	w := newWorld(t)
	w.proxy("web", nil)
	w.get("web", 3)
	w.plan("web", "error", option.Values{"kind": {Text: "service-unavailable"}})
	w.get("web", 2)
	w.plan("web", "delay", option.Values{"sleep": {Text: "3ms"}})
	w.get("web", 4)
	web := w.addr("web")
	w.want(map[string]float64{
		`vaurien_proxy_info{backend="` + w.backend + `",listen="` + web + `",protocol="http",proxy="web"}`: 1,
		`vaurien_proxy_enabled{proxy="web"}`:                                                       1,
		`vaurien_plan_ratio{behavior="delay",proxy="web"}`:                                         1,
		`vaurien_sessions_total{proxy="web"}`:                                                      3,
		`vaurien_sessions_open{proxy="web"}`:                                                       0,
		`vaurien_exchanges_total{proxy="web"}`:                                                     9,
		`vaurien_faults_total{behavior="error",proxy="web"}`:                                       2,
		`vaurien_faults_total{behavior="delay",proxy="web"}`:                                       4,
		`vaurien_deeds_total{behavior="error",deed="fail",kind="service-unavailable",proxy="web"}`: 2,
		`vaurien_deeds_total{behavior="delay",deed="delay",kind="",proxy="web"}`:                   4,
		`vaurien_client_latency_seconds_count{proxy="web"}`:                                        9,
		`vaurien_backend_latency_seconds_count{proxy="web"}`:                                       7,
		`vaurien_delay_lateness_seconds_count{proxy="web"}`:                                        4,
		`vaurien_added_delay_seconds_count{behavior="delay",proxy="web"}`:                          4,
		`vaurien_added_delay_seconds_bucket{behavior="delay",proxy="web",le="0.0025"}`:             0, // 3 ms each at least
		`vaurien_added_delay_seconds_count{behavior="error",proxy="web"}`:                          -1,
		`vaurien_backend_failures_total{proxy="web"}`:                                              0,
		`vaurien_ledger_lost_entries_total`:                                                        7,
	})
	page := w.scrape()
	for _, part := range []string{`vaurien_build_info{goversion="go`, `version="1.2.3"} 1`, "\ngo_goroutines ", "\nprocess_"} {
		if !strings.Contains(page, part) {
			t.Errorf("no %q on the page", part)
		}
	}
	// By both names, the bytes are the proxy's own count.
	state, err := w.daemon.Proxy(t.Context(), "web")
	if err != nil || state.Stats.ToClient == 0 {
		t.Fatal(state, err)
	}
	labels := `listener="` + web + `",proxy="web",upstream="` + w.backend + `"}`
	w.want(map[string]float64{
		`vaurien_received_bytes_total{direction="to_backend",proxy="web"}`:      float64(state.Stats.FromClient),
		`vaurien_received_bytes_total{direction="to_client",proxy="web"}`:       float64(state.Stats.FromBackend),
		`vaurien_sent_bytes_total{direction="to_backend",proxy="web"}`:          float64(state.Stats.ToBackend),
		`vaurien_sent_bytes_total{direction="to_client",proxy="web"}`:           float64(state.Stats.ToClient),
		`toxiproxy_proxy_received_bytes_total{direction="upstream",` + labels:   float64(state.Stats.FromClient),
		`toxiproxy_proxy_received_bytes_total{direction="downstream",` + labels: float64(state.Stats.FromBackend),
		`toxiproxy_proxy_sent_bytes_total{direction="upstream",` + labels:       float64(state.Stats.ToBackend),
		`toxiproxy_proxy_sent_bytes_total{direction="downstream",` + labels:     float64(state.Stats.ToClient),
	})
}

func (w *world) addr(name string) string {
	p, err := w.daemon.Proxy(w.t.Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return p.Proxy
}

// TestToxics: on a tcp connection they act as long as it is open, and what they
// did is known once it is closed.
func TestToxics(t *testing.T) {
	w := newWorld(t)
	w.proxy("raw", option.Values{"protocol": {Text: "tcp"}})
	name := `my "slow" 慢`
	toxic := spec.Toxic{Name: name, Behavior: "latency", Percent: 100, Options: option.Values{"latency": {Text: "1ms"}}}
	if _, err := w.daemon.PutToxic(t.Context(), "raw", toxic); err != nil {
		t.Fatal(err)
	}
	label := `my \"slow\" 慢`
	w.want(map[string]float64{
		`vaurien_toxic_ratio{behavior="latency",proxy="raw",toxic="` + label + `"}`: 1,
		`vaurien_faults_total{behavior="` + label + `",proxy="raw"}`:                0,
	})
	w.get("raw", 1)
	w.want(map[string]float64{
		`vaurien_faults_total{behavior="` + label + `",proxy="raw"}`:              1,
		`vaurien_exchanges_total{proxy="raw"}`:                                    1,
		`vaurien_added_delay_seconds_count{behavior="` + label + `",proxy="raw"}`: 1,
	})
}

func TestBackendFailures(t *testing.T) {
	w := newWorld(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	w.proxy("web", option.Values{"backend": {Text: gone.Listener.Addr().String()}})
	w.get("web", 1)
	if w.want(map[string]float64{`vaurien_sessions_open{proxy="web"}`: 0}); w.value(`vaurien_backend_failures_total{proxy="web"}`) < 1 {
		t.Errorf("no failure on the page\n%s", w.scrape())
	}
}

// TestComeAndGo: a proxy's series go when it does; one that is disabled, and
// enabled again, counts on.
func TestComeAndGo(t *testing.T) {
	w := newWorld(t)
	w.proxy("a", nil)
	w.proxy("b", nil)
	w.get("a", 2)
	w.get("b", 3)
	w.want(map[string]float64{`vaurien_client_latency_seconds_count{proxy="a"}`: 2})
	for _, enabled := range []bool{false, true} {
		if _, err := w.daemon.SetEnabled(t.Context(), "a", enabled); err != nil {
			t.Fatal(err)
		}
		up := map[bool]float64{true: 1}[enabled]
		w.want(map[string]float64{
			`vaurien_proxy_enabled{proxy="a"}`:                up,
			`vaurien_exchanges_total{proxy="a"}`:              2,
			`vaurien_client_latency_seconds_count{proxy="a"}`: 2,
		})
	}
	w.get("a", 1)
	w.want(map[string]float64{`vaurien_exchanges_total{proxy="a"}`: 3, `vaurien_client_latency_seconds_count{proxy="a"}`: 3})
	if err := w.daemon.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if page := w.scrape(); strings.Contains(page, `proxy="a"`) || !strings.Contains(page, `proxy="b"`) {
		t.Errorf("after proxy a is gone:\n%s", page)
	}
	// Another of that name begins at nothing.
	w.proxy("a", nil)
	w.get("a", 1)
	w.want(map[string]float64{`vaurien_exchanges_total{proxy="a"}`: 1, `vaurien_client_latency_seconds_count{proxy="a"}`: 1})
}

// TestChoices: a page has what was asked for and nothing else.
func TestChoices(t *testing.T) {
	w := newWorld(t)
	w.proxy("web", nil)
	for _, c := range []struct {
		o    Options
		want []string
	}{
		{Options{}, nil},
		{Options{Runtime: true}, []string{"go", "process"}},
		{Options{Proxies: w.daemon, Recorder: w.options.Recorder}, []string{"vaurien"}},
		{Options{Proxies: w.daemon, Toxiproxy: true}, []string{"toxiproxy"}},
		{w.options, []string{"go", "process", "toxiproxy", "vaurien"}},
	} {
		families, err := registry(c.o).Gather()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range families {
			prefix, _, _ := strings.Cut(f.GetName(), "_")
			if len(got) == 0 || got[len(got)-1] != prefix { // they are sorted
				got = append(got, prefix)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%+v: %q, want %q", c.o, got, c.want)
		}
	}
}

// TestLint: the names are as the rules for names want them.
func TestLint(t *testing.T) {
	w := newWorld(t)
	w.options.Runtime = false // not ours
	w.page = Handler(w.options)
	w.proxy("web", nil)
	w.plan("web", "delay", option.Values{"sleep": {Text: "1ms"}})
	w.get("web", 2)
	w.want(map[string]float64{`vaurien_added_delay_seconds_count{behavior="delay",proxy="web"}`: 2})
	problems, err := promlint.New(strings.NewReader(w.scrape())).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestNative: histograms have native buckets, and classic ones.
func TestNative(t *testing.T) {
	w := newWorld(t)
	w.proxy("web", nil)
	w.get("web", 5)
	w.want(map[string]float64{`vaurien_client_latency_seconds_count{proxy="web"}`: 5})
	families, err := registry(w.options).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "vaurien_client_latency_seconds" {
			h := f.GetMetric()[0].GetHistogram()
			if len(h.GetPositiveSpan()) == 0 || len(h.GetBucket()) != len(latencies) {
				t.Errorf("histogram %v", h)
			}
			return
		}
	}
	t.Error("no histogram")
}

// TestClosed: when the proxies are gone for good the page says so.
func TestClosed(t *testing.T) {
	w := newWorld(t)
	w.daemon.Close()
	rec := httptest.NewRecorder()
	w.page.ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	if page := rec.Body.String(); strings.Contains(page, `proxy=`) || !strings.Contains(page, "go_goroutines") {
		t.Errorf("status %d\n%s", rec.Code, page)
	}
}

// TestConcurrent: proxies come and go, with traffic, while the page is read.
func TestConcurrent(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			w.page.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
		}
	}()
	for i := range 20 {
		name := fmt.Sprint("p", i%3)
		w.proxy(name, nil)
		w.plan(name, "error", nil)
		w.get(name, 2)
		if err := w.daemon.Delete(t.Context(), name); err != nil {
			t.Error(err)
		}
	}
	cancel()
	<-done
	if page := w.scrape(); strings.Contains(page, `proxy="`) {
		t.Errorf("with no proxies left:\n%s", page)
	}
}
