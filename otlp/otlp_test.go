package otlp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// A fake is a collector that keeps what it takes.
type fake struct {
	*httptest.Server
	answer func(n int) (status int, body string) // to the n-th post; nil: 200

	mu     sync.Mutex
	posts  int
	header http.Header
	spans  []map[string]any
}

func newFake(t *testing.T, answer func(int) (int, string)) *fake {
	f := &fake{answer: answer}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.posts++
	f.header = r.Header
	status, body := 200, "{}"
	if f.answer != nil {
		status, body = f.answer(f.posts)
	}
	if status == 200 {
		var got struct {
			ResourceSpans []struct {
				ScopeSpans []struct{ Spans []map[string]any }
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.URL.Path != tracesPath || r.Method != "POST" {
			status, body = 400, fmt.Sprint(r.Method, r.URL, err)
		}
		for _, rs := range got.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				f.spans = append(f.spans, ss.Spans...)
			}
		}
	}
	w.WriteHeader(status)
	io.WriteString(w, body)
}

// taken returns what it has taken.
func (f *fake) taken() []map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.spans
}

// exchange sends a request, with a header of its own, through a proxy with a
// plan that o observes.
func exchange(t *testing.T, o vaurien.Observer, plan spec.Plan, traceparent string) {
	t.Helper()
	backend := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer backend.Close()
	cfg, err := builtin.Registry().Build(spec.Proxy{Name: "web", Plan: plan, Settings: option.Values{
		"proxy": {Text: "127.0.0.1:0"}, "backend": {Text: backend.Listener.Addr().String()}, "protocol": {Text: "http"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Observer, cfg.Logger = o, slog.New(slog.DiscardHandler)
	p, err := vaurien.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.Start()
	defer p.Shutdown(t.Context())
	req, _ := http.NewRequest("GET", "http://"+p.Addr().String()+"/cart", nil)
	req.Header.Set("traceparent", traceparent)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if res, err := client.Do(req); err == nil {
		res.Body.Close()
	}
}

func slow(ms string) spec.Plan {
	return spec.Single("delay", option.Values{"sleep": {Text: ms + "ms"}}, "")
}

func TestSpans(t *testing.T) {
	f := newFake(t, nil)
	e, err := New(f.URL, Options{Header: http.Header{"Api-Key": {"secret"}}, Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, e, spec.Plan{}, traceparent) // untouched
	exchange(t, e, slow("2"), "no trace")
	exchange(t, e, slow("2"), traceparent)
	exchange(t, e, spec.Single("error", option.Values{"kind": {Text: "service-unavailable"}}, ""), traceparent)
	e.Close()
	e.Close() // again does nothing

	if f.header.Get("Api-Key") != "secret" || f.header.Get("Content-Type") != "application/json" {
		t.Errorf("header %v", f.header)
	}
	spans := f.taken()
	if len(spans) != 2 {
		t.Fatalf("%d spans: %v", len(spans), spans)
	}
	for i, want := range []struct{ name, event, status string }{
		{"vaurien delay", "delay", ""}, {"vaurien error", "fail", "fail: service-unavailable"},
	} {
		s := spans[i]
		if s["traceId"] != traceparent[3:35] || s["parentSpanId"] != traceparent[36:52] || s["name"] != want.name || len(s["spanId"].(string)) != 16 {
			t.Errorf("span %v", s)
		}
		start, end := nano(t, s["startTimeUnixNano"]), nano(t, s["endTimeUnixNano"])
		ev := s["events"].([]any)[0].(map[string]any)
		if at := nano(t, ev["timeUnixNano"]); ev["name"] != want.event || at < start || at > end {
			t.Errorf("event %v of a span from %d to %d", ev, start, end)
		}
		if want.event == "delay" && end-start < 2e6 {
			t.Errorf("it took %d ns", end-start)
		}
		text := fmt.Sprint(s["attributes"])
		for _, part := range []string{"vaurien.proxy value:map[stringValue:web]", "vaurien.verb value:map[stringValue:GET]", "vaurien.exchange value:map[intValue:1]"} {
			if !strings.Contains(text, part) {
				t.Errorf("no %s in %s", part, text)
			}
		}
		status, _ := s["status"].(map[string]any)
		if fmt.Sprint(status["message"]) != cmp.Or(want.status, "<nil>") {
			t.Errorf("status %v, want %q", status, want.status)
		}
	}
	if spans[0]["spanId"] == spans[1]["spanId"] {
		t.Error("two spans have one id")
	}
}

func nano(t *testing.T, v any) int64 {
	t.Helper()
	n, err := strconv.ParseInt(fmt.Sprint(v), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// roundTrip is a collector that needs no network.
type roundTrip func(*http.Request) (int, string, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body, err := f(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Status: fmt.Sprint(status), Body: io.NopCloser(strings.NewReader(body))}, nil
}

// exporter returns one that posts to f, and what it logs.
func exporter(t *testing.T, f roundTrip) (*Exporter, *bytes.Buffer) {
	t.Helper()
	log := new(bytes.Buffer) // read once the exporter is closed
	e, err := New("http://collector:4318", Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	e.collector.client.Transport = f // before there is anything to post
	return e, log
}

func TestRetry(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answers []int
		body    string
		posts   int
		log     string
	}{
		{"taken", []int{200}, "{}", 1, ""},
		{"later", []int{503, 429, 200}, "{}", 3, ""},
		{"never", []int{502, 503, 504, 429, 200}, "down", 4, `msg="otlp: not every span was taken" lost=1`},
		{"refused", []int{400}, "bad span", 1, `otlp: spans are lost; later losses are only counted" lost=1 error="http://collector:4318/v1/traces answered 400: \"bad span\""`},
		{"partly", []int{200}, `{"partialSuccess":{"rejectedSpans":"1","errorMessage":"no room"}}`, 1, "the collector rejected spans"},
		{"partly, as a number", []int{200}, `{"partialSuccess":{"rejectedSpans":1}}`, 1, "lost=1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				posts := 0
				e, log := exporter(t, func(*http.Request) (int, string, error) {
					posts++
					return tt.answers[posts-1], tt.body, nil
				})
				e.queue <- span{}
				time.Sleep(time.Minute)
				e.Close()
				if posts != tt.posts || tt.log == "" && log.Len() > 0 || !strings.Contains(log.String(), tt.log) {
					t.Errorf("%d posts, and the log is\n%s", posts, log)
				}
			})
		})
	}
}

// TestStuck: a collector that never answers holds up neither traffic nor the end.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, log := exporter(t, func(r *http.Request) (int, string, error) {
			<-r.Context().Done()
			return 0, "", r.Context().Err()
		})
		const n = 3 * room
		for range n {
			select {
			case e.queue <- span{}:
			default:
				e.lost.Add(1)
			}
		}
		began := time.Now()
		time.Sleep(time.Second)
		e.Close()
		if took := time.Since(began); took > time.Second+closeTime {
			t.Errorf("closing took %v", took)
		}
		if lost := e.lost.Load(); lost != n {
			t.Errorf("%d of %d spans are lost", lost, n)
		}
		if got := strings.Count(log.String(), "spans are lost"); got != 1 {
			t.Errorf("it was logged %d times:\n%s", got, log)
		}
	})
}

// TestBatches: what comes together goes together, and nothing waits for long.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		e, _ := exporter(t, func(r *http.Request) (int, string, error) {
			var got request
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
				t.Error(err)
			}
			sizes = append(sizes, len(got.ResourceSpans[0].ScopeSpans[0].Spans))
			return 200, "", nil
		})
		for range batchSize + 3 {
			e.queue <- span{}
		}
		time.Sleep(batchTime)
		synctest.Wait()
		e.queue <- span{}
		e.Close() // which waits for no batch
		if fmt.Sprint(sizes) != fmt.Sprint([]int{batchSize, 3, 1}) {
			t.Errorf("batches of %v", sizes)
		}
	})
}

func (t *nanoseconds) UnmarshalText(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 64)
	*t = nanoseconds(time.Unix(0, n))
	return err
}

func TestEndpoint(t *testing.T) {
	for text, want := range map[string]string{
		"http://localhost:4318":            "http://localhost:4318/v1/traces",
		"http://localhost:4318/":           "http://localhost:4318/v1/traces",
		"https://o.example/otlp":           "https://o.example/otlp/v1/traces",
		"https://o.example/otlp/v1/traces": "https://o.example/otlp/v1/traces",
		"localhost:4318":                   `"localhost:4318" is not the URL of a collector: write http://HOST:PORT, as in http://localhost:4318`,
		"http://":                          `"http://" is not the URL of a collector: write http://HOST:PORT, as in http://localhost:4318`,
		"":                                 `"" is not the URL of a collector: write http://HOST:PORT, as in http://localhost:4318`,
	} {
		u, err := ParseEndpoint(text)
		if err == nil && u.String() != want || err != nil && err.Error() != want {
			t.Errorf("%q: %v, %v", text, u, err)
		}
	}
}

func TestHeaders(t *testing.T) {
	for list, want := range map[string]string{
		"":                        "map[]",
		"api-key=s%2Cecret, a=b ": "map[A:[b] Api-Key:[s,ecret]]",
		"a=b=c":                   "map[A:[b=c]]",
		"a=1,secret":              "header 2 is not one: write NAME=VALUE,NAME=VALUE, as in api-key=secret",
		"a=x%0d%0ab: c":           "header 1 is not one: write NAME=VALUE,NAME=VALUE, as in api-key=secret",
		"a b=c":                   "header 1 is not one: write NAME=VALUE,NAME=VALUE, as in api-key=secret",
	} {
		h, err := ParseHeaders(list)
		if got := fmt.Sprint(h); err == nil && got != want || err != nil && err.Error() != want {
			t.Errorf("%q: %v, %v", list, got, err)
		}
	}
}
