package control_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/control"
)

// Who may see the page, and who may call the API beside it.
func TestPageGuards(t *testing.T) {
	link := []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	frame := []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}
	script := []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}
	own := []string{"Sec-Fetch-Site", "same-origin"}
	secret := control.HandlerOptions{Token: "s3cret"}
	_, d := newAPI(t)
	for _, test := range []struct {
		name    string
		options control.HandlerOptions
		method  string
		url     string
		headers []string
		status  int
	}{
		{"typed", control.HandlerOptions{}, "GET", "http://localhost:8080/", []string{"Sec-Fetch-Site", "none"}, 200},
		{"by a program", control.HandlerOptions{}, "GET", "http://localhost:8080/", nil, 200},
		{"its script", control.HandlerOptions{}, "GET", "http://localhost:8080/page/page.js", own, 200},
		{"by a link", control.HandlerOptions{}, "GET", "http://localhost:8080/", link, 200},
		{"in a frame", control.HandlerOptions{}, "GET", "http://localhost:8080/", frame, 403},
		{"its script, in another page", control.HandlerOptions{}, "GET", "http://localhost:8080/page/page.js", script, 403},
		{"by another origin", control.HandlerOptions{}, "GET", "http://localhost:8080/", []string{"Origin", "https://evil.example"}, 403},
		{"by a rebound name", control.HandlerOptions{}, "GET", "http://evil.example:8080/", link, 403},
		{"posted to", control.HandlerOptions{}, "POST", "http://localhost:8080/", nil, 404},
		{"without the token", secret, "GET", "http://localhost:8080/", nil, 200},
		{"API without the token", secret, "GET", "http://localhost:8080/proxies", own, 401},
		{"API by a link", control.HandlerOptions{}, "GET", "http://localhost:8080/proxies", link, 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, test.url, strings.NewReader(""))
			for i := 0; i < len(test.headers); i += 2 {
				r.Header.Set(test.headers[i], test.headers[i+1])
			}
			w := httptest.NewRecorder()
			control.NewHandler(d, test.options).ServeHTTP(w, r)
			if w.Code != test.status {
				t.Errorf("it is %d: %s", w.Code, w.Body)
			}
		})
	}
}
