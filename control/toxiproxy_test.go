package control_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
	"github.com/vaurien-proxy/vaurien/metrics"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// newToxiproxy returns the API before a daemon with nothing in it.
func newToxiproxy(t *testing.T) (http.Handler, *control.Daemon, *controltest.Net) {
	d, n := controltest.NewDaemon(t, builtin.Registry())
	return control.NewToxiproxyHandler(d, control.HandlerOptions{}), d, n
}

const (
	redis      = `{"name":"redis","listen":"127.0.0.1:26379","upstream":"127.0.0.1:6379"}`
	redisState = `{"name":"redis","listen":"127.0.0.1:26379","upstream":"127.0.0.1:6379","enabled":true,"toxics":[]}`
	slowToxic  = `{"attributes":{"jitter":0,"latency":1000},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1}`
)

// A step is a request and its answer, to the letter.
type step struct {
	method, path, body string
	status             int
	want               string
}

func run(t *testing.T, h http.Handler, steps []step) {
	t.Helper()
	for _, s := range steps {
		w := do(h, s.method, s.path, s.body)
		got := strings.TrimSuffix(w.Body.String(), "\n")
		if w.Code != s.status || got != s.want {
			t.Errorf("%s %s %s: %d %s\nwant %d %s", s.method, s.path, s.body, w.Code, got, s.status, s.want)
		}
		if w.Header().Get("X-Toxiproxy-Request-Id") == "" {
			t.Errorf("%s %s: no request id", s.method, s.path)
		}
		if w.Body.Len() > 0 && !strings.HasSuffix(w.Body.String(), "\n") {
			t.Errorf("%s %s: the answer does not end its line", s.method, s.path)
		}
	}
}

func toxiproxyFail(status int, text string) string {
	return strings.TrimSuffix(marshal(map[string]any{"error": text, "status": status}), "\n")
}

func TestToxiproxyRoutes(t *testing.T) {
	h, _, _ := newToxiproxy(t)
	up := `{"attributes":{"rate":5},"name":"up","type":"bandwidth","stream":"upstream","toxicity":0.29}`
	both := strings.Replace(redisState, `"toxics":[]`, `"toxics":[`+up+`,`+slowToxic+`]`, 1)
	run(t, h, []step{
		{"GET", "/version", "", 200, `{"version":"2.12.0"}`},
		{"GET", "/proxies", "", 200, `{}`},
		{"POST", "/proxies", redis, 201, redisState},
		{"POST", "/proxies", redis, 409, toxiproxyFail(409, "proxy already exists")},
		{"POST", "/proxies", `{"name":"x"}`, 400, toxiproxyFail(400, "missing required field: upstream")},
		{"POST", "/proxies", `{"upstream":"localhost:1"}`, 400, toxiproxyFail(400, "missing required field: name")},
		{"POST", "/proxies", `{`, 400, toxiproxyFail(400, "bad request body: unexpected EOF")},
		{"POST", "/proxies", strings.Replace(redis, "redis", "other", 1), 500,
			toxiproxyFail(500, "listen tcp: bind: address already in use")},
		{"GET", "/proxies/redis", "", 200, redisState},
		{"GET", "/proxies/nope", "", 404, toxiproxyFail(404, "proxy not found")},
		{"POST", "/proxies/nope", "{}", 404, toxiproxyFail(404, "proxy not found")},
		{"DELETE", "/proxies/nope", "", 404, toxiproxyFail(404, "proxy not found")},
		{"GET", "/proxies/nope/toxics", "", 404, toxiproxyFail(404, "proxy not found")},

		{"POST", "/proxies/redis/toxics", `{"type":"latency","attributes":{"latency":1000,"nonsense":true}}`, 200, slowToxic},
		{"POST", "/proxies/redis/toxics", `{"type":"latency"}`, 409, toxiproxyFail(409, "toxic already exists")},
		{"POST", "/proxies/redis/toxics", `{"type":"latncy"}`, 400, toxiproxyFail(400, "invalid toxic type")},
		{"POST", "/proxies/redis/toxics", `{"type":"latency","stream":"sideways"}`, 400,
			toxiproxyFail(400, "stream was invalid, can be either upstream or downstream")},
		{"POST", "/proxies/redis/toxics", `{"name":"up","type":"bandwidth","stream":"UpStream","toxicity":0.29,"attributes":{"rate":5}}`, 200, up},
		{"GET", "/proxies/redis/toxics", "", 200, "[" + up + "," + slowToxic + "]"},
		{"GET", "/proxies/redis/toxics/up", "", 200, up},
		{"GET", "/proxies/redis/toxics/down", "", 404, toxiproxyFail(404, "toxic not found")},
		{"GET", "/proxies", "", 200, `{"redis":` + both + `}`},
		{"POST", "/proxies/redis/toxics/up", `{"name":"x","type":"latency","stream":"downstream","toxicity":1,"attributes":{"rate":7}}`, 200,
			`{"attributes":{"rate":7},"name":"up","type":"bandwidth","stream":"upstream","toxicity":1}`},
		{"PATCH", "/proxies/redis/toxics/latency_downstream", `{"attributes":{"jitter":5}}`, 200,
			strings.Replace(slowToxic, `"jitter":0`, `"jitter":5`, 1)},
		{"PATCH", "/proxies/redis/toxics/down", `{}`, 404, toxiproxyFail(404, "toxic not found")},
		{"DELETE", "/proxies/redis/toxics/up", "", 204, ""},
		{"DELETE", "/proxies/redis/toxics/up", "", 404, toxiproxyFail(404, "toxic not found")},

		{"POST", "/proxies/redis", `{"name":"other","enabled":false}`, 200,
			`{"name":"redis","listen":"127.0.0.1:26379","upstream":"127.0.0.1:6379","enabled":false,"toxics":[` +
				strings.Replace(slowToxic, `"jitter":0`, `"jitter":5`, 1) + `]}`},
		{"POST", "/reset", "", 204, ""},
		{"PATCH", "/proxies/redis", `{"listen":"127.0.0.1:26380","upstream":"127.0.0.1:6380"}`, 200,
			`{"name":"redis","listen":"127.0.0.1:26380","upstream":"127.0.0.1:6380","enabled":true,"toxics":[]}`},
		{"DELETE", "/proxies/redis", "", 204, ""},
		{"GET", "/proxies", "", 200, `{}`},
		{"GET", "/nope", "", 404, toxiproxyFail(404, "there is no GET /nope here")},
	})
}

// TestToxiproxyTypes creates a toxic of every type and shows it.
func TestToxiproxyTypes(t *testing.T) {
	h, d, _ := newToxiproxy(t)
	run(t, h, []step{{"POST", "/proxies", redis, 201, redisState}})
	for _, test := range []struct{ typ, stream, attributes, want, options string }{
		{"latency", "upstream", `{"latency":2,"jitter":1}`, `{"jitter":1,"latency":2}`, "latency=2ms jitter=1ms direction=to_backend"},
		{"bandwidth", "downstream", `{"rate":100}`, `{"rate":100}`, "rate=100000 direction=to_client"},
		{"slow_close", "downstream", `{"delay":5}`, `{"delay":5}`, "delay=5ms"},
		{"timeout", "upstream", `{"timeout":5}`, `{"timeout":5}`, "timeout=5ms"},
		{"reset_peer", "upstream", `{"timeout":5}`, `{"timeout":5}`, "timeout=5ms"},
		{"slicer", "downstream", `{"average_size":64,"size_variation":32,"delay":10}`, `{"average_size":64,"delay":10,"size_variation":32}`,
			"average-size=64 size-variation=32 delay=10µs"},
		{"slicer", "upstream", `{}`, `{"average_size":0,"delay":0,"size_variation":0}`, "average-size=0"},
		{"limit_data", "downstream", `{"bytes":1000}`, `{"bytes":1000}`, "bytes=1000"},
		{"packet_loss", "downstream", `{"loss_rate":0.25}`, `{"correlation":0,"loss_rate":0.25}`, "loss-rate=0.25"},
		{"noop", "downstream", `null`, `{}`, ""},
	} {
		body := `{"name":"x","type":"` + test.typ + `","stream":"` + test.stream + `","attributes":` + test.attributes + `}`
		run(t, h, []step{{"POST", "/proxies/redis/toxics", body, 200, `{"attributes":` + test.want +
			`,"name":"x","type":"` + test.typ + `","stream":"` + test.stream + `","toxicity":1}`}})
		p, _ := d.Proxy(t.Context(), "redis")
		for _, o := range strings.Fields(test.options) {
			name, text, _ := strings.Cut(o, "=")
			if len(p.Toxics) != 1 || p.Toxics[0].Options[name] != text {
				t.Errorf("%s: the toxic is %+v, want %s", test.typ, p.Toxics, o)
			}
		}
		run(t, h, []step{{"DELETE", "/proxies/redis/toxics/x", "", 204, ""}})
	}
}

// TestToxiproxyWrongValues: a 400 changes nothing.
func TestToxiproxyWrongValues(t *testing.T) {
	h, d, _ := newToxiproxy(t)
	run(t, h, []step{
		{"POST", "/proxies", redis, 201, redisState},
		{"POST", "/proxies/redis/toxics", `{"type":"latency","attributes":{"latency":1000}}`, 200, slowToxic},
	})
	before, _ := d.Proxy(t.Context(), "redis")
	for _, body := range []string{
		`{"type":"bandwidth","attributes":{"rate":-1}}`,
		`{"type":"bandwidth","attributes":{"rate":"fast"}}`,
		`{"type":"bandwidth","attributes":{"rate":1.5}}`,
		`{"type":"bandwidth","attributes":{"rate":99999999999999999999}}`,
		`{"type":"bandwidth","attributes":{"rate":9223372036854775807}}`,
		`{"type":"latency","name":"b","attributes":{"latency":9223372036854775807}}`,
		`{"type":"latency","name":"b","attributes":{"jitter":[1]}}`,
		`{"type":"latency","name":"b","toxicity":2}`,
		`{"type":"latency","name":"b","toxicity":"1"}`,
		`{"type":"latency","name":".."}`,
		`{"type":"slicer","attributes":{"delay":-1}}`,
		`{"type":5}`, `[]`, ``,
	} {
		for _, r := range [][2]string{{"POST", "/proxies/redis/toxics"}, {"PATCH", "/proxies/redis/toxics/latency_downstream"}} {
			if r[0] == "PATCH" && !strings.Contains(body, "latency\",\"name\":\"b\",") {
				continue // what it says of another type is not looked at
			}
			w := do(h, r[0], r[1], body)
			var got struct {
				Error  string
				Status int
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 400 || got.Status != 400 || !strings.HasPrefix(got.Error, "bad request body: ") {
				t.Errorf("%s %s: %d %s", r[0], body, w.Code, w.Body)
			}
		}
	}
	// A right toxicity beside a wrong attribute is not taken either.
	run(t, h, []step{{"POST", "/proxies/redis/toxics/latency_downstream", `{"toxicity":0.5,"attributes":{"latency":"x"}}`, 400,
		toxiproxyFail(400, `bad request body: attribute latency is "x": write a number`)}})
	if after, _ := d.Proxy(t.Context(), "redis"); marshal(after) != marshal(before) {
		t.Errorf("the proxy is\n%s\nand was\n%s", marshal(after), marshal(before))
	}
}

// TestToxiproxyFailedUpdate: one that fails leaves the proxy as it was, and its
// connections.
func TestToxiproxyFailedUpdate(t *testing.T) {
	d := newSocketDaemon(t)
	h := control.NewToxiproxyHandler(d, control.HandlerOptions{Metrics: metrics.Handler(metrics.Options{Proxies: d, Toxiproxy: true})})
	backend := echo(t, "a")
	created := do(h, "POST", "/proxies", `{"name":"p","upstream":"`+backend+`","listen":"127.0.0.1:0"}`)
	other := do(h, "POST", "/proxies", `{"name":"q","upstream":"`+backend+`","listen":"127.0.0.1:0"}`)
	var p, q struct{ Listen string }
	if json.Unmarshal(created.Body.Bytes(), &p) != nil || json.Unmarshal(other.Body.Bytes(), &q) != nil || strings.HasSuffix(p.Listen, ":0") {
		t.Fatalf("created %s and %s", created.Body, other.Body)
	}
	conn := dial(t, p.Listen, "a")
	run(t, h, []step{
		{"PATCH", "/proxies/p", `{"listen":"` + q.Listen + `","upstream":"127.0.0.1:1","enabled":true}`, 500,
			toxiproxyFail(500, "listen tcp "+q.Listen+": bind: address already in use")},
		{"POST", "/proxies", `{"name":"r","upstream":"` + backend + `","listen":"` + q.Listen + `"}`, 500,
			toxiproxyFail(500, "listen tcp "+q.Listen+": bind: address already in use")},
		{"GET", "/proxies/p", "", 200, strings.TrimSpace(created.Body.String())},
	})
	conn.wantEcho()
	dial(t, p.Listen, "a").wantEcho()
	wantMetric(t, h, `toxiproxy_proxy_sent_bytes_total{direction="upstream",listener="`+p.Listen+`",proxy="p",upstream="`+backend+`"} 8`)

	// Disabled, and enabled again at the same port.
	run(t, h, []step{{"POST", "/proxies/p", `{"enabled":false}`, 200,
		strings.Replace(strings.TrimSpace(created.Body.String()), `"enabled":true`, `"enabled":false`, 1)}})
	conn.wantEnd()
	run(t, h, []step{{"POST", "/proxies/p", `{"enabled":true}`, 200, strings.TrimSpace(created.Body.String())}})
	dial(t, p.Listen, "a").wantEcho()
	wantMetric(t, h, `toxiproxy_proxy_sent_bytes_total{direction="upstream",listener="`+p.Listen+`",proxy="p",upstream="`+backend+`"} 12`)
}

// wantMetric waits for a line of /metrics: bytes are counted once they have been
// written, which is after they can be read.
func wantMetric(t *testing.T, h http.Handler, line string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		w := do(h, "GET", "/metrics", "")
		if strings.Contains(w.Body.String(), line+"\n") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %s in\n%s", line, w.Body)
		}
	}
}

func (p peer) wantEnd() {
	p.t.Helper()
	if n, err := p.Read(make([]byte, 1)); err == nil {
		p.t.Errorf("read %d bytes, want the end", n)
	}
}

func TestToxiproxyPopulate(t *testing.T) {
	h, d, _ := newToxiproxy(t)
	list := `[{"name":"a","listen":"0.0.0.0:1","upstream":"127.0.0.1:80"},{"name":"b:1","listen":"localhost:2","upstream":"127.0.0.1:80","enabled":false}]`
	a := `{"name":"a","listen":"0.0.0.0:1","upstream":"127.0.0.1:80","enabled":true,"toxics":[]}`
	b := `{"name":"b:1","listen":"localhost:2","upstream":"127.0.0.1:80","enabled":false,"toxics":[]}`
	aSlow := strings.Replace(a, `"toxics":[]`, `"toxics":[`+slowToxic+`]`, 1)
	slowBody := `{"type":"latency","attributes":{"latency":1000}}`
	run(t, h, []step{
		{"POST", "/populate", list, 201, `{"proxies":[` + a + `,` + b + `]}`},
		{"POST", "/proxies/a/toxics", slowBody, 200, slowToxic},
		{"POST", "/populate", list, 201, `{"proxies":[` + aSlow + `,` + b + `]}`},
		{"POST", "/populate", strings.Replace(list, "0.0.0.0:1", "[::]:1", 1), 201, `{"proxies":[` + aSlow + `,` + b + `]}`},
		{"POST", "/populate", `[{"name":"a","listen":"0.0.0.0:1","upstream":"127.0.0.1:81"}]`, 201,
			`{"proxies":[` + strings.Replace(a, ":80", ":81", 1) + `]}`},
		{"POST", "/populate", `[{"name":"a","listen":"0.0.0.0:1","upstream":"127.0.0.1:81","toxics":[` + slowBody + `]}]`, 201,
			`{"proxies":[` + strings.Replace(aSlow, ":80", ":81", 1) + `]}`},
		{"POST", "/populate", `[{"name":"c","upstream":"x:1"},{"upstream":"x:1"}]`, 400,
			toxiproxyFail(400, "missing required field: name at proxy 2")},
		{"POST", "/populate", `[{"name":"c","upstream":"x:1","toxics":[{"type":"x"}]}]`, 400, toxiproxyFail(400, "invalid toxic type")},
		{"POST", "/populate", `[{"name":"c","listen":"127.0.0.1:3","upstream":"x:1"},{"name":"d","listen":"127.0.0.1:3","upstream":"x:1"}]`, 500,
			`{"error":"listen tcp: bind: address already in use","proxies":[{"name":"c","listen":"127.0.0.1:3","upstream":"x:1","enabled":true,"toxics":[]}],"status":500}`},
		{"GET", "/proxies/d", "", 404, toxiproxyFail(404, "proxy not found")},
	})
	engine := d.Engine("a")
	do(h, "POST", "/populate", strings.Replace(list, ":80", ":81", 1))
	if d.Engine("a") != engine {
		t.Error("a proxy that is the same was made anew")
	}
}

// TestToxiproxyAndOwn: what one API makes the other shows, and what only ours
// can say is kept.
func TestToxiproxyAndOwn(t *testing.T) {
	h, d, _ := newToxiproxy(t)
	p := proxy("web", "127.0.0.1:8000")
	p.Settings["protocol"] = option.Value{Text: "http"}
	p.Plan = spec.Single("delay", nil, "")
	p.Toxics = []spec.Toxic{
		{Name: "all", Behavior: "latency", Percent: 12.5, Options: option.Values{"latency": {Text: "1500us"}, "distribution": {Text: "normal"}}},
		{Behavior: "corrupt", Percent: 100, Options: option.Values{"rate": {Text: "0.5"}, "direction": {Text: "to_backend"}}},
		{Name: "odd", Behavior: "abort", Percent: 100},
	}
	put(t, d, p)
	run(t, h, []step{
		{"GET", "/proxies/web/toxics", "", 200, `[{"attributes":{"rate":0.5,"unit":"bit"},"name":"corrupt_to_backend","type":"corrupt","stream":"upstream","toxicity":1},` +
			`{"attributes":{"direction":"both","distribution":"normal","jitter":0,"latency":1.5},"name":"all","type":"latency","stream":"downstream","toxicity":0.125},` +
			`{"attributes":{},"name":"odd","type":"abort","stream":"downstream","toxicity":1}]`},
		{"PATCH", "/proxies/web/toxics/all", `{"attributes":{"latency":3}}`, 200,
			`{"attributes":{"direction":"both","distribution":"normal","jitter":0,"latency":3},"name":"all","type":"latency","stream":"downstream","toxicity":0.125}`},
		{"POST", "/proxies/web/toxics", `{"type":"slow_read","stream":"upstream","attributes":{"rate":2000}}`, 200,
			`{"attributes":{"rate":2000},"name":"slow_read_upstream","type":"slow_read","stream":"upstream","toxicity":1}`},
	})
	before, _ := d.Proxy(t.Context(), "web")
	do(h, "PATCH", "/proxies/web", `{"enabled":false}`)
	do(h, "PATCH", "/proxies/web", `{"enabled":true,"listen":"127.0.0.1:8000"}`)
	if after, _ := d.Proxy(t.Context(), "web"); marshal(after) != marshal(before) {
		t.Errorf("after it was enabled again, the proxy is\n%s\nand was\n%s", marshal(after), marshal(before))
	}
	do(h, "POST", "/reset", "")
	if after, _ := d.Proxy(t.Context(), "web"); len(after.Toxics) != 0 || after.Plan.Draw != "100:delay" || after.Protocol != "http" {
		t.Errorf("after a reset the proxy is %s", marshal(after))
	}
}

func TestToxiproxyGuard(t *testing.T) {
	d, _ := newDaemon(t)
	everywhere := control.NewToxiproxyHandler(d, control.HandlerOptions{Host: "0.0.0.0"})
	here := control.NewToxiproxyHandler(d, control.HandlerOptions{Host: "localhost"})
	for _, test := range []struct {
		h             http.Handler
		header, value string
		status        int
	}{
		{here, "User-Agent", "toxiproxy-cli/v2.12.0", 200},
		{here, "User-Agent", "Mozilla/5.0 (X11; Linux)", 403},
		{here, "Origin", "https://evil.example", 403},
		{here, "Sec-Fetch-Site", "cross-site", 403},
		{here, "X-Host", "toxiproxy:8474", 403},
		{everywhere, "X-Host", "toxiproxy:8474", 200},
		{everywhere, "X-Host", "toxiproxy.chaos.svc.cluster.local:8474", 200},
		{everywhere, "X-Host", "10.1.2.3:8474", 200},
		{everywhere, "X-Host", "evil.example:8474", 403},
	} {
		w := do(test.h, "GET", "/proxies", "", test.header, test.value)
		if w.Code != test.status || w.Header().Get("X-Toxiproxy-Request-Id") == "" {
			t.Errorf("%s: %s: %d %s", test.header, test.value, w.Code, w.Body)
		}
		if strings.HasPrefix(test.value, "Mozilla") && w.Body.String() != "User agent not allowed\n" {
			t.Errorf("a browser is told %q", w.Body)
		}
	}
}

func TestParseToxiproxy(t *testing.T) {
	proxies, err := control.ParseToxiproxy("f.json", []byte(`[
  {"name": "a", "listen": "127.0.0.1:1", "upstream": "127.0.0.1:80", "enabled": false,
   "toxics": [{"type": "latency", "stream": "upstream", "toxicity": 0.5, "attributes": {"latency": 100}}]},
  {"name": "b", "upstream": "127.0.0.1:80"}
]`), builtin.Registry())
	if err != nil {
		t.Fatal(err)
	}
	d, _ := controltest.NewDaemon(t, builtin.Registry())
	apply(t, d, proxies...)
	a, err := d.Proxy(t.Context(), "a")
	if err != nil || a.Enabled || len(a.Toxics) != 1 || a.Toxics[0].Percent != 50 || a.Toxics[0].Options["latency"] != "100ms" {
		t.Errorf("%s, %v", marshal(a), err)
	}
	for text, want := range map[string]string{
		"[\n{]":                            "f.json:2: not a list of proxies as JSON: invalid character ']' looking for beginning of object key string",
		`{}`:                               "f.json:1: not a list of proxies as JSON: it is an object",
		`[{"name":"a"}, {"upstream":"x"}]`: "f.json: proxy a: missing required field: upstream\nf.json: proxy 2: missing required field: name",
		`[{"name":"a","upstream":"x:1","toxics":[{"type":"x"}]}]`: "f.json: proxy a: invalid toxic type",
	} {
		if _, err := control.ParseToxiproxy("f.json", []byte(text), builtin.Registry()); err == nil || err.Error() != want {
			t.Errorf("%s: error\n%v\nwant\n%s", text, err, want)
		}
	}
}
