package control_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/control"
)

const (
	wrongHost   = "which is not this server's name: use localhost, a loopback address or the configured host"
	wrongOrigin = "the request comes from a web page of another origin, "
	wrongSite   = "the request comes from a web page of another site, which may not control this server"
	wantsToken  = "this server asks for its token: send the header Authorization: Bearer TOKEN"
)

func TestGuards(t *testing.T) {
	loopback := control.HandlerOptions{}
	named := control.HandlerOptions{Host: "build-box:8080"}
	everywhere := control.HandlerOptions{Host: "0.0.0.0"}
	secret := control.HandlerOptions{Token: "s3cret"}
	everywhereSecret := control.HandlerOptions{Host: "[::]:8080", Token: "s3cret"}

	for _, test := range []struct {
		name    string
		options control.HandlerOptions
		host    string
		headers []string
		status  int
		reason  string
	}{
		{"localhost", loopback, "localhost:8080", nil, 200, ""},
		{"any port", loopback, "LOCALHOST", nil, 200, ""},
		{"loopback", loopback, "127.0.0.1:8080", nil, 200, ""},
		{"all of loopback", loopback, "127.1.2.3", nil, 200, ""},
		{"loopback of IPv6", loopback, "[::1]:8080", nil, 200, ""},
		{"loopback of IPv6, bare", loopback, "[::1]", nil, 200, ""},
		{"rebound name", loopback, "evil.example:8080", nil, 403, wrongHost},
		{"name that begins well", loopback, "localhost.evil.example", nil, 403, wrongHost},
		{"name that looks like an address", loopback, "127.0.0.1.evil.example", nil, 403, wrongHost},
		{"other address", loopback, "192.0.2.1:8080", nil, 403, wrongHost},
		{"no host", loopback, "", nil, 403, wrongHost},
		{"configured name", named, "Build-Box:9999", nil, 200, ""},
		{"another than the configured", named, "evil.example", nil, 403, wrongHost},
		{"everywhere, by address", everywhere, "192.0.2.1:8080", nil, 200, ""},
		{"everywhere, by name", everywhere, "evil.example:8080", nil, 403, wrongHost},
		{"everywhere with a token, by name", everywhereSecret, "vaurien:8080", []string{"Authorization", "Bearer s3cret"}, 200, ""},
		{"everywhere with a token, by name, without it", everywhereSecret, "vaurien:8080", nil, 401, wantsToken},

		{"own page", loopback, "localhost:8080", []string{"Origin", "http://localhost:8080", "Sec-Fetch-Site", "same-origin"}, 200, ""},
		{"own page at the usual port", loopback, "localhost", []string{"Origin", "http://localhost"}, 200, ""},
		{"typed address", loopback, "localhost:8080", []string{"Sec-Fetch-Site", "none"}, 200, ""},
		{"other page", loopback, "localhost:8080", []string{"Origin", "https://evil.example"}, 403, wrongOrigin + "https://evil.example"},
		{"page of another port", loopback, "localhost:8080", []string{"Origin", "http://localhost:3000"}, 403, wrongOrigin},
		{"page of another name", loopback, "127.0.0.1:8080", []string{"Origin", "http://localhost:8080"}, 403, wrongOrigin},
		{"page of no origin", loopback, "localhost:8080", []string{"Origin", "null"}, 403, wrongOrigin + "null"},
		{"two origins", loopback, "localhost:8080", []string{"Origin", "http://localhost:8080", "Origin", "https://evil.example"}, 403, wrongOrigin},
		{"file", loopback, "localhost:8080", []string{"Origin", "file://localhost:8080"}, 403, wrongOrigin},
		{"image of another site", loopback, "localhost:8080", []string{"Sec-Fetch-Site", "cross-site"}, 403, wrongSite},
		{"frame of the same site", loopback, "localhost:8080", []string{"Sec-Fetch-Site", "same-site"}, 403, wrongSite},

		{"token", secret, "localhost", []string{"Authorization", "Bearer s3cret"}, 200, ""},
		{"token, small letters", secret, "localhost", []string{"Authorization", "bearer  s3cret"}, 200, ""},
		{"no token", secret, "localhost", nil, 401, wantsToken},
		{"wrong token", secret, "localhost", []string{"Authorization", "Bearer s3cre"}, 401, wantsToken},
		{"empty token", secret, "localhost", []string{"Authorization", "Bearer "}, 401, wantsToken},
		{"another scheme", secret, "localhost", []string{"Authorization", "Basic s3cret"}, 401, wantsToken},
		{"token of other letters", secret, "localhost", []string{"Authorization", "Bearer S3CRET"}, 401, wantsToken},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, d := newAPI(t)
			h := control.NewHandler(d, test.options)
			r := httptest.NewRequest("POST", "http://localhost/handler", strings.NewReader("hang"))
			r.Host = test.host
			for i := 0; i+1 < len(test.headers); i += 2 {
				r.Header.Add(test.headers[i], test.headers[i+1])
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.reason) {
				t.Errorf("%d %s, want %d and %q", w.Code, w.Body, test.status, test.reason)
			}
			if w.Code != 200 {
				wantPlan(t, d, "20:delay,0.5:error", "2s", "")
			} else {
				wantPlan(t, d, "100:hang", "", "")
			}
			if got := w.Header().Get("WWW-Authenticate"); (got != "") != (w.Code == 401) {
				t.Errorf("%d with WWW-Authenticate %q", w.Code, got)
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", w.Header())
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Error("the answer lets other origins read it")
			}
		})
	}
}

// TestGuardsStandBeforeEverything: what is kept out learns nothing, not even
// which routes there are.
func TestGuardsStandBeforeEverything(t *testing.T) {
	_, d := newAPI(t)
	h := control.NewHandler(d, control.HandlerOptions{Token: "s3cret"})
	for _, path := range []string{"/handlers", "/proxies", "/nothing", "/catalog"} {
		for _, method := range []string{"GET", "OPTIONS", "DELETE"} {
			w := do(h, method, path, "")
			if w.Code != http.StatusUnauthorized {
				t.Errorf("%s %s without the token: %d", method, path, w.Code)
			}
		}
	}
}
