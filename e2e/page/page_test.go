// Package page drives the page at the control server's root with a real
// browser, while real clients talk to real servers through the proxies.
//
//	go test ./page -update
//
// makes the pictures in docs/images anew.
package page

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) {
	logging.Disable() // that connections fail is what happens here
	lab.Main(m, "../..")
}

// updating reports whether the flag of package lab is set.
func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// A stage is a vaurien between clients and servers.
type stage struct {
	url        string // of its control server
	cache, web string // the addresses of its proxies
	args       []string
	vaurien    *lab.Process
}

// play starts the servers and a vaurien that delays a tenth of what it passes.
func play(t *testing.T, args ...string) *stage {
	t.Helper()
	s := &stage{
		url:   "http://127.0.0.1:" + lab.FreePort(t),
		cache: "127.0.0.1:" + lab.FreePort(t), web: "127.0.0.1:" + lab.FreePort(t),
	}
	config := filepath.Join(t.TempDir(), "vaurien.yaml")
	lab.Must(t, os.WriteFile(config, fmt.Appendf(nil, `
http: true
http-host: 127.0.0.1
http-port: %s
seed: 42
behaviors: {delay: {sleep: 20ms, jitter: 5ms}}
proxies:
  cache: {proxy: "%s", backend: "%s", protocol: redis, behavior: "10:delay"}
  web: {proxy: "%s", backend: "%s", protocol: http, behavior: "4:error,2:abort"}
`, s.url[strings.LastIndexByte(s.url, ':')+1:], s.cache, redisServer(t), s.web, webServer(t)), 0o644))
	s.args = append([]string{"--config", config}, args...)
	s.start(t)
	return s
}

func (s *stage) start(t *testing.T) {
	t.Helper()
	s.vaurien = lab.Start(t, nil, "vaurien", s.args...)
	s.vaurien.Wait("control API started")
}

func redisServer(t *testing.T) string {
	t.Helper()
	port := lab.FreePort(t)
	lab.Start(t, nil, "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "")
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + port})
	defer c.Close()
	lab.Poll(t, func() error { return c.Ping(t.Context()).Err() })
	return "127.0.0.1:" + port
}

func webServer(t *testing.T) string {
	t.Helper()
	addr := "127.0.0.1:" + lab.FreePort(t)
	server := &http.Server{Addr: addr, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		fmt.Fprintln(w, "hello")
	})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.ListenAndServe()
	}()
	t.Cleanup(func() {
		server.Close()
		<-ended
	})
	lab.Poll(t, func() error {
		res, err := http.Get("http://" + addr)
		if err == nil {
			res.Body.Close()
		}
		return err
	})
	return addr
}

// traffic has clients talk until the test ends, of these paths among others.
// What they meet, they bear.
func (s *stage) traffic(t *testing.T, paths ...string) {
	ctx, cancel := context.WithCancel(context.Background())
	var ended []chan struct{}
	repeat := func(pause time.Duration, f func(n int)) {
		done := make(chan struct{})
		ended = append(ended, done)
		go func() {
			defer close(done)
			for n := 0; ctx.Err() == nil; n++ {
				f(n)
				select {
				case <-time.After(pause):
				case <-ctx.Done():
				}
			}
		}()
	}
	c := redis.NewClient(&redis.Options{Addr: s.cache, MaxRetries: -1})
	for range 3 {
		repeat(8*time.Millisecond, func(n int) {
			key := fmt.Sprintf("cart:%d", n%40)
			switch n % 4 {
			case 0:
				c.Set(ctx, key, "x", 0)
			case 1:
				c.Incr(ctx, "visits")
			default:
				c.Get(ctx, key)
			}
		})
	}
	paths = append(paths, "/", "/users/7", "/cart", "/search?q=shoes")
	web := &http.Client{Timeout: 5 * time.Second}
	repeat(15*time.Millisecond, func(n int) {
		r, err := http.NewRequestWithContext(ctx, "GET", "http://"+s.web, nil)
		if err != nil {
			panic(err)
		}
		r.URL.Opaque = paths[n%len(paths)] // as it is, not escaped
		if res, err := web.Do(r); err == nil {
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	})
	t.Cleanup(func() {
		cancel()
		for _, done := range ended {
			<-done
		}
		c.Close()
		web.CloseIdleConnections()
	})
}

// chromium returns the browser's path.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && name != "" {
			return path
		}
	}
	t.Fatal("chromium is missing: scripts/setup installs it")
	return ""
}

// install has npm install what drives the browser.
var install sync.Once

// browser is the command that does the steps of that name at the page.
func (s *stage) browser(t *testing.T, steps string, env ...string) *exec.Cmd {
	t.Helper()
	install.Do(func() { lab.Run(t, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline") })
	ctx, cancel := context.WithTimeout(t.Context(), 4*lab.Patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "node", filepath.Join("steps", steps+".mjs"))
	cmd.WaitDelay = time.Second
	cmd.Env = append(os.Environ(), "PAGE_URL="+s.url, "CHROMIUM="+chromium(t))
	if updating() {
		images, err := filepath.Abs("../../docs/images")
		lab.Must(t, err)
		cmd.Env = append(cmd.Env, "SHOTS="+images)
	}
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// do does the steps of that name at the page.
func (s *stage) do(t *testing.T, steps string, env ...string) {
	t.Helper()
	if out, err := s.browser(t, steps, env...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", steps, err, out)
	}
}

func TestOverview(t *testing.T) {
	s := play(t)
	s.traffic(t)
	s.do(t, "overview")
}

func TestEmpty(t *testing.T) {
	s := &stage{url: "http://127.0.0.1:" + lab.FreePort(t)}
	s.args = []string{"--proxy", "127.0.0.1:0", "--backend", "127.0.0.1:" + lab.FreePort(t), "--http", strings.TrimPrefix(s.url, "http://")}
	s.start(t)
	s.do(t, "empty")
}

// A plan that was put in force with the form is met by a real client.
func TestPlan(t *testing.T) {
	s := play(t)
	s.do(t, "plan")
	c := redis.NewClient(&redis.Options{Addr: s.cache, MaxRetries: -1})
	defer c.Close()
	if err := c.Set(t.Context(), "a", "b", 0).Err(); err == nil || !strings.HasPrefix(err.Error(), "READONLY") {
		t.Errorf("a SET says %v, the plan READONLY", err)
	}
	if err := c.Get(t.Context(), "a").Err(); err != redis.Nil {
		t.Errorf("a GET, which does not match, says %v", err)
	}
}

func TestForATime(t *testing.T) { play(t).do(t, "for") }

func TestToxics(t *testing.T) { play(t).do(t, "toxics") }

func TestStop(t *testing.T) {
	s := play(t)
	s.traffic(t)
	s.do(t, "stop")
}

func TestScenario(t *testing.T) { play(t).do(t, "scenario") }

func TestLooks(t *testing.T) {
	s := play(t)
	s.traffic(t)
	s.do(t, "looks")
}

func TestHostileTraffic(t *testing.T) {
	s := play(t)
	s.traffic(t, `/<img/src=x/onerror=alert(1)/onload=window.hacked=1>`)
	s.do(t, "hostile")
}

func TestToken(t *testing.T) {
	const token = "a token of these tests"
	s := play(t, "--http-token", token)
	s.traffic(t)
	s.do(t, "token", "PAGE_TOKEN="+token)
}

// The server ends and another one comes in its place.
func TestCutOff(t *testing.T) {
	s := play(t)
	s.traffic(t)
	cmd := s.browser(t, "cut")
	in, err := cmd.StdinPipe()
	lab.Must(t, err)
	out, err := cmd.StdoutPipe()
	lab.Must(t, err)
	var failure lab.Output
	cmd.Stderr = &failure
	lab.Must(t, cmd.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		switch lines.Text() {
		case "away":
			s.vaurien.Stop()
		case "back":
			s.start(t)
		default:
			t.Log(lines.Text())
			continue
		}
		fmt.Fprintln(in)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, failure.String())
	}
}

// As many exchanges as there can be, over 500 connections.
func TestLoad(t *testing.T) {
	s := play(t)
	host, port, _ := strings.Cut(s.cache, ":")
	lab.Start(t, nil, "redis-benchmark", "-h", host, "-p", port, "-c", "500", "-n", "1000000000", "-t", "get", "-q")
	s.do(t, "load")
}
