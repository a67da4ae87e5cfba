package page

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// Whatever the page's files name must be there, and nothing may come from
// elsewhere.
func TestFiles(t *testing.T) {
	p := New()
	index := string(p["/"].text)
	names := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(index, -1)
	if len(names) < 3 {
		t.Fatalf("the page loads %q", names)
	}
	for _, m := range names {
		if _, there := p["/"+m[1]]; !there {
			t.Errorf("the page loads %s, which is none of its files", m[1])
		}
	}
	if regexp.MustCompile(`<script>|style=|\son\w+=`).MatchString(index) {
		t.Errorf("the page has something inline, which its policy forbids:\n%s", index)
	}
	for path, f := range p {
		if f.mediaType == "" || len(f.text) == 0 {
			t.Errorf("%s is %d bytes of %q", path, len(f.text), f.mediaType)
		}
	}
	if css := string(p["/page/page.css"].text); strings.Contains(css, "url(") {
		t.Error("the style sheet loads something")
	}
}

func TestServe(t *testing.T) {
	p := New()
	for _, test := range []struct {
		method, path string
		has          bool
	}{
		{"GET", "/", true}, {"HEAD", "/", true}, {"GET", "/page/page.js", true}, {"GET", "/page/page.css?x=1", true},
		{"POST", "/", false}, {"GET", "/page/", false}, {"GET", "/index.html", false}, {"GET", "/page/../page.go", false}, {"GET", "/proxies", false},
	} {
		r := httptest.NewRequest(test.method, test.path, nil)
		if got := p.Has(r); got != test.has {
			t.Errorf("%s %s: has %v", test.method, test.path, got)
		}
	}

	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", "/page/page.js", nil))
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/javascript; charset=utf-8" || w.Body.Len() == 0 {
		t.Errorf("the script is %d %v", w.Code, w.Header())
	}
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, part) {
			t.Errorf("the policy %q does not say %s", csp, part)
		}
	}

	again := httptest.NewRequest("GET", "/page/page.js", nil)
	again.Header.Set("If-None-Match", w.Header().Get("ETag"))
	w = httptest.NewRecorder()
	p.ServeHTTP(w, again)
	if w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("what the browser has is sent again: %d, %d bytes", w.Code, w.Body.Len())
	}

	w = httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", "/nosuch", nil))
	if w.Code != 404 {
		t.Errorf("a file that is not there is %d", w.Code)
	}
}
