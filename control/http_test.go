package control_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
)

// do sends a request to h as a program on this machine would. The header X-Host
// stands for Host.
func do(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost:8080"+path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	if host := r.Header.Get("X-Host"); host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// newAPI returns the API to a daemon with one proxy, web.
func newAPI(t *testing.T) (http.Handler, *control.Daemon) {
	d, _ := newDaemon(t)
	put(t, d, controltest.Web())
	return control.NewHandler(d, control.HandlerOptions{}), d
}

const (
	webPlan = `{"plan":"20:delay,0.5:error","entries":[` +
		`{"weight":20,"name":"delay","options":{"before":"true","sleep":"2s"}},` +
		`{"weight":0.5,"name":"error","options":{"code":"503","inject":"false"}}]}`
	webHead = `{"name":"web","proxy":"127.0.0.1:8000","configured":"127.0.0.1:8000","backend":"127.0.0.1:80","enabled":true,"protocol":"http","draw":"exchange","seed":42,"plan":`
	webTail = `,"toxics":[],"stats":{"open":0,"sessions":0,"exchanges":0,"bytes_to_backend":0,"bytes_to_client":0,"bytes_from_backend":0,"bytes_from_client":0,"backend_failures":0,"faults":{}}}`
	hang    = `{"plan":"100:hang","entries":[{"weight":100,"name":"hang","options":{}}]}`

	knownBehaviors = `known: delay, dummy, error, hang, slow_close`
	durations      = `write seconds (2, 0.5) or a number with a unit (150ms, 2m, 1h)`
)

func own(field, problem string) string {
	type fail struct {
		Field   string `json:"field"`
		Problem string `json:"problem"`
	}
	return marshal(struct {
		Error  string `json:"error"`
		Errors []fail `json:"errors"`
	}{field + ": " + problem, []fail{{field, problem}}})
}

// ownOption is own for an error about a setting.
func ownOption(field, option, problem string) string {
	return strings.Replace(own(field, problem), `,"problem":`, `,"option":"`+option+`","problem":`, 1)
}

func second(location, name, description string) string {
	type item struct {
		Location    string `json:"location"`
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	return marshal(struct {
		Status string `json:"status"`
		Errors []item `json:"errors"`
	}{"error", []item{{location, name, description}}})
}

func marshal(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(v)
	return b.String()
}

// TestRoutes calls each route on a daemon of its own.
func TestRoutes(t *testing.T) {
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string // the answer, to the letter
		handler            string // what GET /handler says afterwards; empty: the plan is as it was
	}{
		// The seed's dialect.
		{"GET", "/handler", "", 200, "20:delay,0.5:error", ""},
		{"HEAD", "/handler", "", 200, "20:delay,0.5:error", ""},
		{"GET", "/handler?proxy=web", "", 200, "20:delay,0.5:error", ""},
		{"POST", "/handler", "hang", 200, "ok", "hang"},
		{"POST", "/handler", "  hang\n", 200, "ok", "hang"},
		{"POST", "/handler", "20:hang, 5%:error", 200, "ok", "20:hang,5:error"},
		{"POST", "/handler", "dummy", 200, "ok", "dummy"},
		{"POST", "/handler", ` {"name": "delay", "sleep": 2.50}`, 200, "ok", "delay"},
		{"POST", "/handler?for=1h", "hang", 200, "ok", "hang"},
		{"GET", "/handlers", "", 200, `{"handlers":["delay","dummy","error","hang","slow_close"]}` + "\n", ""},
		{"POST", "/handler", "hank", 400, own("body", `unknown behavior "hank": did you mean "hang"? `+knownBehaviors), ""},
		{"POST", "/handler", "", 400, own("body", `is empty: send a name or a draw, as in delay or 20:delay, or {"name": "delay", "sleep": 2}`), ""},
		{"POST", "/handler", "60:delay,50:hang", 400, own("body", "60:delay,50:hang: the percentages come to 110: together they may not pass 100"), ""},
		{"POST", "/handler", `{"name": "delay", "sleep": "soon"}`, 400, ownOption("sleep", "sleep", `"soon" is not a duration: `+durations), ""},
		{"POST", "/handler?for=soon", "hang", 400, own("?for", `"soon" is not a duration: `+durations), ""},
		{"POST", "/handler?x=web", "hang", 400, own("?x", `unknown parameter; known: proxy, for`), ""},
		{"POST", "/handler?proxie=web", "hang", 400, own("?proxie", `unknown parameter: did you mean "proxy"?; known: proxy, for`), ""},
		{"POST", "/handler?for=1s&for=2s", "hang", 400, own("?for", `is there twice`), ""},
		{"POST", "/handler?proxy=wen", "hang", 404, `{"error":"no such proxy: \"wen\": did you mean \"web\"? known: web"}` + "\n", ""},

		// That of 2.0.
		{"GET", "/behavior", "", 200, `{"behavior":"20:delay,0.5:error"}` + "\n", ""},
		{"PUT", "/behavior", `{"name": "delay", "sleep": 2, "before": false}`, 200, `{"status":"ok"}` + "\n", "delay"},
		{"PUT", "/behavior", `{"name": "20:delay", "sleep": 2}`, 200, `{"status":"ok"}` + "\n", "20:delay"},
		{"GET", "/behaviors", "", 200, `{"behaviors":["delay","dummy","error","hang","slow_close"]}` + "\n", ""},
		{"GET", "/backend", "", 200, `{"backend":"127.0.0.1:80"}` + "\n", ""},
		{"PUT", "/backend", `{"backend": "127.0.0.1:81"}`, 200, `{"status":"ok"}` + "\n", ""},
		{"PUT", "/behavior", `{"name": "hank"}`, 400, second("body", "name", `unknown behavior "hank": did you mean "hang"? `+knownBehaviors), ""},
		{"PUT", "/behavior", `{"sleep": 2}`, 400, second("body", "name", `is missing: write the behavior's name, as in {"name": "delay", "sleep": 2}`), ""},
		{"PUT", "/behavior", `{"name": 7}`, 400, second("body", "name", `is a number: write a text, as in {"name": "delay", "sleep": 2}`), ""},
		{"PUT", "/behavior", `{"name": "delay", "slep": 2}`, 400, second("body", "slep", `unknown option: did you mean "sleep"?; known: sleep, before`), ""},
		{"PUT", "/behavior", `{"name": "delay", "sleep": -1}`, 400, second("body", "sleep", `-1 is too small: the least is 0s`), ""},
		{"PUT", "/behavior", `{"name": "delay", "sleep": null}`, 400, second("body", "sleep", `is null: write a number, a text, or true or false`), ""},
		{"PUT", "/behavior", `{"name": "5:delay,5:hang", "sleep": 1}`, 400, second("body", "sleep", `the draw names several behaviors: say whose option this is, with PUT /proxies/NAME/plan {"plan": "20:delay", "options": {"delay": {"sleep": 2}}, "for": "30s"}`), ""},
		{"PUT", "/behavior", "", 400, second("body", "body", `is empty: write {"name": "delay", "sleep": 2}`), ""},
		{"PUT", "/behavior", `hang`, 400, second("body", "body", `not JSON: line 1, column 1: invalid character 'h' looking for beginning of value: write {"name": "delay", "sleep": 2}`), ""},
		{"PUT", "/behavior?proxy=x", `{"name": "hang"}`, 404, second("querystring", "proxy", `no such proxy: "x"; known: web`), ""},
		{"PUT", "/behavior?x=1", `{"name": "hang"}`, 400, second("querystring", "x", `unknown parameter; known: proxy, for`), ""},
		{"PUT", "/backend", `{"backend": "81"}`, 400, second("body", "backend", `"81" is not an address: write HOST:PORT, as in localhost:81`), ""},
		{"PUT", "/backend", `{"backnd": "x:81"}`, 400, second("body", "backnd", `unknown field: did you mean "backend"?; known: backend`), ""},
		{"PUT", "/backend", `{}`, 400, second("body", "backend", `is missing: write the server's address, as in {"backend": "localhost:80"}`), ""},
		{"PUT", "/backend", `{"backend": 81}`, 400, second("body", "backend", `is a number: write a text, as in {"backend": "localhost:80"}`), ""},

		// Our own: proxies.
		{"GET", "/proxies", "", 200, `{"web":` + webHead + webPlan + webTail + `}` + "\n", ""},
		{"GET", "/proxies/web", "", 200, webHead + webPlan + webTail + "\n", ""},
		{"GET", "/proxies/-", "", 200, webHead + webPlan + webTail + "\n", ""},
		{"DELETE", "/proxies/web", "", 204, "", "-"},
		{
			"PUT", "/proxies/api", `{"local": "127.0.0.1:9000", "distant": "127.0.0.1:90", "seed": 18446744073709551615, "plan": "5:delay", "behaviors": {"delay": {"sleep": 3}}}`, 201,
			`{"name":"api","proxy":"127.0.0.1:9000","configured":"127.0.0.1:9000","backend":"127.0.0.1:90","enabled":true,"protocol":"tcp","draw":"connection","seed":18446744073709551615,` +
				`"plan":{"plan":"5:delay","entries":[{"weight":5,"name":"delay","options":{"before":"true","sleep":"3s"}}]}` + webTail + "\n", "-",
		},
		{
			"PUT", "/proxies/web", `{"name": "web", "proxy": "127.0.0.1:8000", "backend": "127.0.0.1:80", "seed": 42, "protocol": "http", "behavior": [{"name": "hang"}], "protocols": {"http": {"overwrite_host_header": true}}}`, 200,
			webHead + hang + webTail + "\n", "hang",
		},
		{"PUT", "/proxies/web", `{"prxy": "x:1"}`, 400, own("prxy", `unknown field: did you mean "proxy"?; known: name, plan, behaviors, protocols, toxics, `+settingNames()), ""},
		{"PUT", "/proxies/web", `{"proxy": "x:1", "local": "x:2"}`, 400, own("local", `is said by proxy already`), ""},
		{"PUT", "/proxies/web", `{"plan": "hang", "behavior": "hang"}`, 400, own("behavior", `is said by plan already`), ""},
		{"PUT", "/proxies/web", `{"name": "other"}`, 400, own("name", `is not the "web" of the path: leave it out`), ""},
		{"PUT", "/proxies/web", `{"timeout": [3]}`, 400, own("timeout", `is a list: write a number, a text, or true or false`), ""},
		{"PUT", "/proxies/web", `{"timeout": -3}`, 400, ownOption("timeout", "timeout", `-3 is too small: the least is 1ms`), ""},
		{"PUT", "/proxies/web", `{"behaviors": {"delay": {"sleep": "x"}}}`, 400, ownOption("behaviors.delay.sleep", "sleep", `"x" is not a duration: `+durations), ""},
		{"PUT", "/proxies/web", `{"behaviors": {"delay": 2}}`, 400, own("behaviors.delay", `is a number: write an object, as in {"sleep": 2}`), ""},
		{"PUT", "/proxies/api", `{"proxy": "127.0.0.1:8000"}`, 409, ownOption("proxy", "proxy", `cannot listen on 127.0.0.1:8000: address already in use`), ""},
		{"PUT", "/proxies/a%2Fb", `{}`, 400, own("name", `"a/b" is not a name for a proxy: write letters, digits, '.', '_' and '-'`), ""},
		{"GET", "/proxies/wen", "", 404, `{"error":"no such proxy: \"wen\": did you mean \"web\"? known: web"}` + "\n", ""},
		{"GET", "/proxies?x=1", "", 400, own("?x", `unknown parameter: there are none here`), ""},

		// Our own: plans.
		{"GET", "/proxies/web/plan", "", 200, webPlan + "\n", ""},
		{"PUT", "/proxies/web/plan", "hang", 200, webHead + hang + webTail + "\n", "hang"},
		{"PUT", "/proxies/web/plan", webPlan, 200, webHead + webPlan + webTail + "\n", ""},
		{"PUT", "/proxies/web/plan", `{"entries":[{"weight":100,"name":"hang"}]}`, 200, webHead + hang + webTail + "\n", "hang"},
		{"PUT", "/proxies/web/plan", `{"plan": []}`, 200, webHead + `{"plan":"100:dummy","entries":[]}` + webTail + "\n", "dummy"},
		{
			"PUT", "/proxies/web/plan", `{"plan": "20:delay,5:error", "options": {"delay": {"sleep": 0.25}}, "for": 3600}`, 200, webHead +
				`{"plan":"20:delay,5:error","entries":[{"weight":20,"name":"delay","options":{"before":"true","sleep":"250ms"}},` +
				`{"weight":5,"name":"error","options":{"code":"any","inject":"false"}}],"for":"1h"}` + webTail + "\n", "20:delay,5:error",
		},
		{
			"PUT", "/proxies/web/plan?for=1h", `{"plan": [{"weight": 20, "name": "delay", "options": {"sleep": "150ms"}}]}`, 200, webHead +
				`{"plan":"20:delay","entries":[{"weight":20,"name":"delay","options":{"before":"true","sleep":"150ms"}}],"for":"1h"}` + webTail + "\n", "20:delay",
		},
		{"PUT", "/proxies/web/plan", `{"plan": "delay", "options": {"delay": {"sleep": "x"}}}`, 400, ownOption("options.delay.sleep", "sleep", `"x" is not a duration: `+durations), ""},
		{"PUT", "/proxies/web/plan", `{"plan": "delay", "options": {"hang": {}}}`, 400, own("options.hang", `hang is not in the plan 100:delay`), ""},
		{"PUT", "/proxies/web/plan", `{"plan": [{"name": "hank"}]}`, 400, own("plan[0].name", `unknown behavior "hank": did you mean "hang"? `+knownBehaviors), ""},
		{"PUT", "/proxies/web/plan", `{"plan": [{"weight": 5}]}`, 400, own("plan[0].name", `is missing: write the behavior's name, as in {"weight": 20, "name": "delay"}`), ""},
		{"PUT", "/proxies/web/plan", `{"plan": [{"name": "hang", "weight": "x"}]}`, 400, own("plan[0].weight", `is not a percentage: write a number from 0 to 100`), ""},
		{"PUT", "/proxies/web/plan", `{"plan": [{"name": "hang", "wieght": 2}]}`, 400, own("plan[0].wieght", `unknown field: did you mean "weight"?; known: weight, name, options`), ""},
		{"PUT", "/proxies/web/plan", `{"plan": [{"name": "hang", "weight": 100.5}]}`, 400, own("plan", `100.5:hang: a percentage is from 0 to 100`), ""},
		{"PUT", "/proxies/web/plan", `{"plan": "hang", "entries": [{"name": "delay"}]}`, 400, own("entries", `say 100:delay, but plan says 100:hang: write one of the two`), ""},
		{"PUT", "/proxies/web/plan", `{"plan": true}`, 400, own("plan", `is true: write a draw, as in "20:delay,5:error", or a list, as in [{"weight": 20, "name": "delay"}]`), ""},
		{"PUT", "/proxies/web/plan", `{"for": "30s"}`, 400, own("plan", `is missing: write a draw, as in {"plan": "20:delay", "options": {"delay": {"sleep": 2}}, "for": "30s"}`), ""},
		{"PUT", "/proxies/web/plan", `{"plan": "hang", "for": "-1s"}`, 400, ownOption("for", "for", `-1s is in the past: write how long it is to last, as in 30s`), ""},
		{"PUT", "/proxies/web/plan", `{"plan": "hang", "For": "1s"}`, 400, own("For", `unknown field: did you mean "for"?; known: plan, entries, options, for`), ""},
		{"PUT", "/proxies/web/plan", `[]`, 400, own("body", `is a list: write an object, as in {"plan": "20:delay", "options": {"delay": {"sleep": 2}}, "for": "30s"}`), ""},
		{"PUT", "/proxies/web/plan", `{"plan": "hang", "plan": "delay"}`, 400, own("plan", `is there twice`), ""},
		{"PUT", "/proxies/web/plan", `{"plan": [{"name": "delay", "options": {"a_b": 1, "a-b": 2}}]}`, 400, own("plan[0].options.a-b", `is there twice`), ""},
		{"PUT", "/proxies/web/plan", "{\"plan\": \"hang\"}\n x", 400, own("body", `not JSON: line 2, column 2: invalid character 'x' after top-level value: write {"plan": "20:delay", "options": {"delay": {"sleep": 2}}, "for": "30s"}`), ""},
		{"PUT", "/proxies/web/plan", `{"plan": "hang"`, 400, own("body", `not JSON: line 1, column 15: unexpected end of JSON input: write {"plan": "20:delay", "options": {"delay": {"sleep": 2}}, "for": "30s"}`), ""},
		{"PUT", "/proxies/no/plan", "hang", 404, `{"error":"no such proxy: \"no\"; known: web"}` + "\n", ""},

		// Our own: the rest.
		{"GET", "/proxies/web/backend", "", 200, `{"backend":"127.0.0.1:80"}` + "\n", ""},
		{"PUT", "/proxies/web/backend", `{"backend": "127.0.0.1:81"}`, 200, strings.Replace(webHead, `:80"`, `:81"`, 1) + webPlan + webTail + "\n", ""},
		{"PUT", "/proxies/web/backend", `{"backend": ""}`, 400, ownOption("backend", "backend", `"" is not an address: write HOST:PORT, as in localhost:8000`), ""},
	} {
		t.Run(test.method+" "+test.path+" "+test.body, func(t *testing.T) {
			h, _ := newAPI(t)
			w := do(h, test.method, test.path, test.body)
			if w.Code != test.status || w.Body.String() != test.want {
				t.Errorf("answer %d\n%s\nwant %d\n%s", w.Code, w.Body, test.status, test.want)
			}
			media := "application/json"
			if test.path == "/handler" && test.status == 200 {
				media = "text/plain"
			}
			if got := w.Header().Get("Content-Type"); w.Code != 204 && !strings.HasPrefix(got, media) && !strings.HasPrefix(test.path, "/handler?") {
				t.Errorf("Content-Type %q", got)
			}
			after := do(h, "GET", "/handler", "").Body.String()
			switch test.handler {
			case "-":
			case "":
				if got := do(h, "GET", "/proxies/-/plan", "").Body.String(); got != webPlan+"\n" {
					t.Errorf("the plan became %s", got)
				}
			default:
				if after != test.handler {
					t.Errorf("the handler became %q, want %q", after, test.handler)
				}
			}
		})
	}
}

func settingNames() string {
	return "proxy, backend, protocol, behavior, seed, draw, timeout, backend-down, read-ahead, bufsize, backlog, pool-max-size, pool-timeout, enabled, stay-connected"
}

func TestNoRoute(t *testing.T) {
	h, _ := newAPI(t)
	w := do(h, "GET", "/behaviour", "")
	var body struct {
		Error  string
		Routes []string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != 404 {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if want := `there is no /behaviour here: did you mean "/behavior"?`; body.Error != want {
		t.Errorf("error %q, want %q", body.Error, want)
	}
	if len(body.Routes) != len(control.Routes()) || body.Routes[0] != "GET /handler" {
		t.Errorf("routes %q", body.Routes)
	}
	for _, path := range []string{"/page/", "/proxies/", "/proxies/web/x", "/proxies/web/plan/", "/handler/x"} {
		if w := do(h, "GET", path, ""); w.Code != 404 {
			t.Errorf("GET %s: %d", path, w.Code)
		}
	}
}

func TestWrongMethod(t *testing.T) {
	h, _ := newAPI(t)
	for _, test := range []struct{ method, path, allow, want string }{
		{"PUT", "/handler", "GET, POST, HEAD", "PUT is not allowed at /handler: use GET or POST"},
		{"POST", "/behavior", "GET, PUT, HEAD", "POST is not allowed at /behavior: use GET or PUT"},
		{"DELETE", "/handlers", "GET, HEAD", "DELETE is not allowed at /handlers: use GET"},
		{"OPTIONS", "/proxies/web", "DELETE, GET, PATCH, PUT, HEAD", "OPTIONS is not allowed at /proxies/web: use DELETE or GET or PATCH or PUT"},
	} {
		w := do(h, test.method, test.path, "")
		if w.Code != 405 || w.Header().Get("Allow") != test.allow || w.Body.String() != `{"error":"`+test.want+`"}`+"\n" {
			t.Errorf("%s %s: %d, Allow %q, %s", test.method, test.path, w.Code, w.Header().Get("Allow"), w.Body)
		}
	}
}

func TestBodies(t *testing.T) {
	h, _ := newAPI(t)
	long := strings.Repeat(" ", 1<<20)
	for _, test := range []struct {
		path, body, media, encoding string
		status                      int
	}{
		{"/proxies/web/plan", "hang", "", "", 200},
		{"/proxies/web/plan", "hang", "application/x-www-form-urlencoded", "", 200},
		{"/proxies/web/plan", `{"plan":"hang"}`, "text/plain; charset=utf-8", "", 200},
		{"/proxies/web/plan", `{"plan":"hang"}`, "application/json", "", 200},
		{"/proxies/web/plan", `{"plan":"hang"}`, "application/vnd.x+json", "identity", 200},
		{"/proxies/web/plan", "hang", "multipart/form-data; boundary=x", "", 415},
		{"/proxies/web/plan", "<x/>", "text/xml", "", 415},
		{"/behavior", "{}", "text/xml", "", 415},
		{"/proxies/web/plan", "hang", "a b c", "", 415},
		{"/proxies/web/plan", "hang", "", "gzip", 415},
		{"/proxies/web/plan", "hang" + long, "", "", 413},
		{"/behavior", `{"name":"hang"}` + long, "", "", 413},
		{"/proxies/web", `{}` + long, "", "", 413},
		{"/proxies/web/plan", "hang" + long[4:], "", "", 200},
		{"/proxies/web/plan", strings.Repeat("[", 1<<19), "", "", 400},
		{"/proxies/web", "{" + fields(1001) + "}", "", "", 400},
		{"/proxies/web/plan", `{"plan":[` + strings.Repeat(`{"name":"hang"},`, 1000) + `{"name":"hang"}]}`, "", "", 400},
		{"/proxies/web/plan", strings.Repeat("0:hang,", 1000) + "hang", "", "", 400},
		{"/proxies/web/plan", strings.Repeat("0:hang,", 999) + "hang", "", "", 200},
		{"/proxies/web/plan", `{"plan":` + strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9001), "", "", 400},
	} {
		var headers []string
		if test.media != "" {
			headers = append(headers, "Content-Type", test.media)
		}
		if test.encoding != "" {
			headers = append(headers, "Content-Encoding", test.encoding)
		}
		w := do(h, "PUT", test.path, test.body, headers...)
		if w.Code != test.status {
			t.Errorf("PUT %s %.20s as %q %q: %d, want %d: %.200s", test.path, test.body, test.media, test.encoding, w.Code, test.status, w.Body)
		}
		if w.Code == 415 || w.Code == 413 {
			t.Log(w.Body)
		}
		if w.Body.Len() > 2<<20 {
			t.Errorf("PUT %s %.20s: an answer of %d bytes", test.path, test.body, w.Body.Len())
		}
	}

	// A client that goes away in the middle of its request.
	r := httptest.NewRequest("PUT", "http://localhost/behavior", iotest.TimeoutReader(strings.NewReader(`{"name":`)))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 400 {
		t.Errorf("half a body: %d %s", w.Code, w.Body)
	}
}

// fields returns n fields of an object.
func fields(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"f%d": 1`, i)
	}
	return strings.Join(all, ",")
}

func TestServerLimits(t *testing.T) {
	s := control.NewServer(http.NotFoundHandler())
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 || s.Handler == nil {
		t.Errorf("a limit is missing: %+v", s)
	}
}
