package vaurientest_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
	"github.com/vaurien-proxy/vaurien/vaurientest"
)

// daemon starts a Vaurien with the proxy web, whose plan is 503 for all, and
// returns the URL of its control server.
func daemon(t *testing.T) (*control.Daemon, string) {
	t.Helper()
	d := control.NewDaemon(builtin.Registry(), control.Options{Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { d.Close() })
	_, err := d.Put(t.Context(), spec.Proxy{
		Name: "web",
		Settings: option.Values{
			"proxy": {Text: "127.0.0.1:0"}, "backend": {Text: strings.TrimPrefix(server(t), "http://")}, "protocol": {Text: "http"},
		},
		Plan: spec.Single("error", option.Values{"code": {Text: "503"}}, ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(control.NewHandler(d, control.HandlerOptions{Token: "secret"}))
	t.Cleanup(s.Close)
	return d, s.URL
}

// With a proxy of another process, a test does what it does with its own.
func TestRemote(t *testing.T) {
	t.Parallel()
	d, url := daemon(t)
	p := vaurientest.Remote(t, url, "web", client.WithToken("secret"))
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	want := func(t *testing.T, status int) {
		t.Helper()
		res, err := c.Get("http://" + p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("the answer is %d, not %d", res.StatusCode, status)
		}
	}
	want(t, 503)
	t.Run("outer", func(t *testing.T) {
		p.With(t, "error", vaurientest.Options{"code": 418, "match": `method == "GET"`})
		want(t, 418)
		t.Run("inner", func(t *testing.T) {
			p.With(t, "dummy")
			want(t, 200)
		})
		want(t, 418)
		failed, said := try(t, "TestX", func(t testing.TB) { p.With(t, "dely") })
		if !failed || !strings.HasPrefix(said, `vaurientest: unknown behavior "dely": did you mean "delay"?`) {
			t.Error(said)
		}
		want(t, 418)
	})
	want(t, 503)
	if n := p.Fired("error"); n != 5 {
		t.Errorf("error fired %d times", n)
	}
	if n := p.Fired("delay"); n != 0 {
		t.Errorf("delay fired %d times", n)
	}
	if n := vaurientest.Remote(t, url, "", client.WithToken("secret")).Fired("error"); n != 0 {
		t.Errorf("before anything is done, error has fired %d times", n)
	}

	plan := control.PlanChange{Plan: spec.Single("dummy", nil, ""), For: time.Hour}
	if _, err := d.SetPlan(t.Context(), "web", plan); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		f    func(t testing.TB)
		want string
	}{
		{func(t testing.TB) { p.With(t, "delay") }, "a plan is in force for 1h yet, and could not be put back"},
		{func(t testing.TB) {
			vaurientest.Remote(t, url, "web", client.WithToken("secret")).Fired("eror")
		}, `Fired: unknown behavior "eror": did you mean "error"?; known: abort`},
		{func(t testing.TB) { vaurientest.Remote(t, url, "wab", client.WithToken("secret")) }, `no such proxy: "wab": did you mean "web"? known: web`},
		{func(t testing.TB) { vaurientest.Remote(t, "http://127.0.0.1:1", "web") }, "nobody answers at http://127.0.0.1:1"},
		{func(t testing.TB) { vaurientest.Remote(t, "ftp://x", "web") }, `"ftp://x" is not a control server's address`},
	} {
		failed, said := try(t, "TestX", tt.f)
		if !failed || !strings.HasPrefix(said, "vaurientest: "+tt.want) {
			t.Errorf("it says\n%s\nnot\n%s", said, tt.want)
		}
	}
}
