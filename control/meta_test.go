package control_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
)

func TestMeta(t *testing.T) {
	_, d := newAPI(t)
	odd := controltest.Web()
	odd.Name, odd.Settings["proxy"] = "a.web", controltest.Web().Settings["backend"]
	put(t, d, odd)
	server := httptest.NewServer(control.NewHandler(d, control.HandlerOptions{}))
	defer server.Close()
	u, _ := url.Parse(server.URL)
	port := u.Port()
	_, silent, _ := strings.Cut(freeAddress(t), ":")
	meta := control.NewMeta(control.HandlerOptions{})

	for _, test := range []struct {
		method, path, body string
		headers            []string
		status             int
		want               string
	}{
		{"POST", "/" + port + "/handler?proxy=web", "hang", nil, 200, "ok"},
		{"GET", "/" + port + "/handler?proxy=web", "", nil, 200, "hang"},
		{"PUT", "/" + port + "/proxies/web/plan", "delay", []string{"Origin", "http://localhost:8080", "Sec-Fetch-Site", "same-origin"}, 200, `"plan":"100:delay"`},
		{"GET", "/" + port + "/proxies/%61.web/backend", "", nil, 200, `{"backend":"127.0.0.1:80"}`},
		{"GET", "/" + port, "", nil, 308, `href="/` + port + `/"`},
		{"GET", "/" + port + "/", "", nil, 200, "<title>vaurien</title>"},
		{"GET", "/" + port + "/page/page.css", "", nil, 200, "--ink"},
		{"GET", "/" + port + "/nothing", "", nil, 404, "there is no /nothing here"},
		{"GET", "/" + port + "/handler?x=1", "", nil, 400, "unknown parameter"},
		{"GET", "/", "", nil, 400, `{"error":"\"\" is not a port: write /PORT/path, as in /8080/behavior"}`},
		{"GET", "/behavior", "", nil, 400, `{"error":"\"behavior\" is not a port: write /PORT/path, as in /8080/behavior"}`},
		{"GET", "/0/behavior", "", nil, 400, "is not a port"},
		{"GET", "/65536/behavior", "", nil, 400, "is not a port"},
		{"GET", "/080/behavior", "", nil, 400, "is not a port"},
		{"GET", "/80@evil.example/behavior", "", nil, 400, "is not a port"},
		{"GET", "/" + silent + "/behavior", "", nil, 502, `{"error":"no control server answers at 127.0.0.1:` + silent + `: connection refused"}`},
		{"GET", "/" + port + "/handler?proxy=web", "", []string{"Origin", "https://evil.example"}, 403, "another origin"},
	} {
		w := do(meta, test.method, test.path, test.body, test.headers...)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
			t.Errorf("%s %s: %d %s, want %d and %s", test.method, test.path, w.Code, w.Body, test.status, test.want)
		}
	}

	named := control.NewMeta(control.HandlerOptions{Host: "build-box"})
	if w := do(named, "GET", "/"+port+"/handler?proxy=web", "", "X-Host", "build-box:9998"); w.Code != 200 {
		t.Errorf("by the front's own name: %d %s", w.Code, w.Body)
	}

	secret := control.NewMeta(control.HandlerOptions{Token: "s3cret"})
	if w := do(secret, "GET", "/"+port+"/handler", ""); w.Code != 401 {
		t.Errorf("without the token: %d", w.Code)
	}
}

// TestMetaPassesTheTokenOn: one token opens both.
func TestMetaPassesTheTokenOn(t *testing.T) {
	_, d := newAPI(t)
	o := control.HandlerOptions{Token: "s3cret"}
	server := httptest.NewServer(control.NewHandler(d, o))
	defer server.Close()
	front := httptest.NewServer(control.NewMeta(o))
	defer front.Close()
	u, _ := url.Parse(server.URL)
	r, _ := http.NewRequest("GET", front.URL+"/"+u.Port()+"/handler", nil)
	r.Header.Set("Authorization", "Bearer s3cret")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); answer.StatusCode != 200 || string(body) != "20:delay,0.5:error" {
		t.Errorf("%s %s", answer.Status, body)
	}
}
