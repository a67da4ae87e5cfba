package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// fates makes n requests one after the other on one connection and returns
// which of them the proxy's log says were delayed.
func fates(t *testing.T, p *lab.Process, addr string, n int) []string {
	t.Helper()
	client := &http.Client{Timeout: lab.Patience, Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	for range n {
		res, err := client.Get("http://" + addr + "/small.html")
		lab.Must(t, err)
		body, err := io.ReadAll(res.Body)
		lab.Must(t, err)
		res.Body.Close()
		if string(body) != "<p>hello from nginx</p>\n" {
			t.Fatalf("the body is %q", body)
		}
	}
	var delayed []string
	for line := range strings.Lines(p.Out.String()) {
		if strings.Contains(line, "behavior=delay") && strings.Contains(line, "exchange=") {
			for f := range strings.FieldsSeq(line) {
				if strings.HasPrefix(f, "exchange=") {
					delayed = append(delayed, f)
				}
			}
		}
	}
	return delayed
}

// The seed's command line and its ini file, in front of a real nginx: of the
// requests of a keep-alive connection the same are delayed in every run.
func TestTheSeedsExamples(t *testing.T) {
	backend := nginx(t)
	ini := filepath.Join(t.TempDir(), "vaurien.ini")
	lab.Must(t, os.WriteFile(ini, fmt.Appendf(nil, `[vaurien]
distant = %s
local = localhost:0
behavior = 20:delay

[handler:delay]
sleep = 0.02
`, backend), 0o644))
	flags := []string{"--local", "localhost:0", "--distant", backend, "--behavior", "20:delay", "--handlers.delay.sleep", "0.02"}
	var first []string
	for i, args := range [][]string{flags, flags, flags, {"--config", ini}} {
		p, addr := lab.Vaurien(t, append(args, "--protocol", "http", "--seed", "1")...)
		got := fates(t, p, addr, 200)
		if i == 0 {
			first = got
			t.Logf("%d of 200 were delayed", len(got))
		} else if !slices.Equal(got, first) {
			t.Errorf("run %d delayed %v; the first %v", i, got, first)
		}
		p.Stop()
		if !strings.Contains(p.Out.String(), "200") || !strings.Contains(p.Out.String(), "delay") {
			t.Errorf("the table at the end is missing:\n%s", p.Out)
		}
	}
	// 20 of 100; the bound is that of one run in a million.
	if n := len(first); n < 15 || n > 68 {
		t.Errorf("%d of 200 were delayed", n)
	}
}

// Each of the ways to change a behavior changes the fate of an open
// connection's next exchange.
func TestLiveControlOfAnOpenConnection(t *testing.T) {
	backend := nginx(t)
	p, addr := lab.Vaurien(t, "--proxy", "localhost:0", "--backend", backend, "--protocol", "http",
		"--http=localhost:0", "--behavior-delay-sleep", "0.3")
	api := p.Wait(`url=http://(\S+)`)
	client := &http.Client{Timeout: lab.Patience, Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	// ask returns what a POST, which no client repeats by itself, came to. A
	// body that is static is refused by nginx with 405: that is "well".
	ask := func() (string, time.Duration) {
		begun := time.Now()
		res, err := client.Post("http://"+addr+"/small.html", "text/plain", strings.NewReader("x"))
		if err != nil {
			return "cut", time.Since(begun)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.StatusCode == http.StatusMethodNotAllowed {
			return "well", time.Since(begun)
		}
		return "failed", time.Since(begun)
	}
	for _, step := range []struct {
		command []string
		want    string
		atLeast time.Duration
	}{
		{nil, "well", 0},
		{[]string{"curl", "-sSf", "-d", "delay", api + "/handler"}, "well", 300 * time.Millisecond},
		{[]string{"curl", "-sSf", "-X", "PUT", "-d", `{"name": "delay", "sleep": 0.1}`, api + "/behavior"}, "well", 100 * time.Millisecond},
		{[]string{"curl", "-sSf", "-X", "PUT", "-d", `{"name": "error"}`, api + "/behavior"}, "failed", 0},
		{[]string{"curl", "-sSf", "-X", "PUT", "-d", `{"plan": "100:error"}`, api + "/proxies/default/plan"}, "failed", 0},
		{[]string{"vaurienctl", "--host", "http://" + api, "set-handler", "dummy"}, "well", 0},
		{[]string{"vaurienctl", "--host", "http://" + api, "set-handler", "blackout"}, "cut", 0},
		{[]string{"vaurienctl", "--host", api, "set-behavior", "dummy"}, "well", 0},
	} {
		if step.command != nil {
			lab.Run(t, step.command[0], step.command[1:]...)
		}
		if got, took := ask(); got != step.want || took < step.atLeast {
			t.Errorf("%v: the next request was %s after %v", step.command, got, took)
		}
	}
	handlers := lab.Run(t, "curl", "-sSf", api+"/handlers")
	if !strings.Contains(handlers, `"delay"`) {
		t.Errorf("/handlers says %s", handlers)
	}
}

// A stuck session of any kind delays no call of the API: the calls here would
// never return if they waited for one.
func TestStuckSessionsDoNotDelayTheAPI(t *testing.T) {
	backend := nginx(t)
	for _, c := range []struct{ name, behavior, option string }{
		{"a client that does not read", "100:dummy", ""},
		{"hang", "100:hang", ""},
		{"an hour's delay", "100:delay", "3600"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{"--proxy", "localhost:0", "--backend", backend, "--protocol", "http", "--http=localhost:0", "--drain", "0", "--behavior", c.behavior}
			if c.option != "" {
				args = append(args, "--behavior-delay-sleep", c.option)
			}
			p, addr := lab.Vaurien(t, args...)
			api := "http://" + p.Wait(`url=http://(\S+)`)
			for range 20 {
				conn := dial(t, addr)
				io.WriteString(conn, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n") // 64 MiB that nobody reads
			}
			lab.Poll(t, func() error {
				if out := lab.Run(t, "curl", "-sS", api+"/proxies/default"); !strings.Contains(out, `"open":20`) && !strings.Contains(out, `"open": 20`) {
					return fmt.Errorf("not yet stuck: %s", out)
				}
				return nil
			})
			var worst time.Duration
			for i := range 20 {
				begun := time.Now()
				name := []string{"delay", "hang", "dummy", "error"}[i%4]
				res, err := http.Post(api+"/handler", "text/plain", strings.NewReader(name))
				lab.Must(t, err)
				res.Body.Close()
				worst = max(worst, time.Since(begun))
			}
			t.Logf("the slowest of 20 changes took %v", worst)
		})
	}
}
