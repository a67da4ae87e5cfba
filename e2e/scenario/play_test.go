package scenario

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// load is redis-benchmark, which goes on until it is told to end: some of what
// it asks fails, and that ends it unless it is started again.
func load(t *testing.T, address string) (stop func() int) {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	lab.Must(t, err)
	quit, done := make(chan struct{}), make(chan int)
	go func() {
		runs := 0
		defer func() { done <- runs }()
		for {
			cmd := exec.Command("redis-benchmark", "-h", "127.0.0.1", "-p", port, "-c", "20", "-n", "5000", "-t", "set,get", "-q")
			lab.Must(t, cmd.Start())
			ended := make(chan struct{})
			go func() { cmd.Wait(); close(ended) }()
			select {
			case <-ended:
				runs++
			case <-quit:
				cmd.Process.Kill()
				<-ended
				return
			}
		}
	}()
	return func() int { close(quit); return <-done }
}

// TestUnderLoad: a scenario of everything at once, on a server that is busy.
func TestUnderLoad(t *testing.T) {
	backend := redis(t)
	h := serve(t, backend)
	before := h.state()
	stop := load(t, h.proxy)
	defer stop()
	file := write(t, fmt.Sprintf(`
name: everything
steps:
  - {at: 0s, behavior: error, ramp: 0 -> 50%% over 500ms, for: 1s}
  - {at: 300ms, toxics: [{behavior: latency, latency: 5ms}, {name: t, behavior: latency, latency: 1ms, percent: 0}], for: 1s}
  - {at: 500ms, behavior: 50:delay, options: {delay: {sleep: 10ms}}, for: 300ms, repeat: 3}
  - {at: 700ms, enabled: false, for: 200ms}
  - {at: 900ms, backend: "127.0.0.1:1", for: 200ms}
rails:
  - {command: "redis-cli -h 127.0.0.1 -p %s ping", every: 200ms}
`, backend[strings.LastIndexByte(backend, ':')+1:]))
	out, err := exec.Command("vaurien", "scenario", "run", "--host", h.api, file).CombinedOutput()
	if status(err) != 0 || !strings.Contains(string(out), "scenario 1 (everything): over, after 1.") {
		t.Fatalf("status %d\n%s", status(err), out)
	}
	h.wantState(before)
	for _, fault := range []string{`error":`, `delay":`} {
		if state := h.call("GET", "/proxies/default", ""); !strings.Contains(state, fault) {
			t.Errorf("no %s among %s", fault, state)
		}
	}
}

// TestRailTrips: a server that is not well ends the scenario by itself.
func TestRailTrips(t *testing.T) {
	var unwell atomic.Bool
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if unwell.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer application.Close()
	h := serve(t, redis(t))
	before := h.state()
	stop := load(t, h.proxy)
	defer stop()
	file := write(t, `
steps: [{behavior: hang, toxics: [{behavior: latency, latency: 1ms}], for: 1h}]
rails: [{probe: "`+application.URL+`", every: 100ms, failures: 2}]`)
	run := exec.Command("vaurien", "scenario", "run", "--host", h.api, file)
	var out strings.Builder
	run.Stdout, run.Stderr = &out, &out
	lab.Must(t, run.Start())
	h.process.Wait(`step 1 began: proxy default: 100:hang`)
	unwell.Store(true)
	err := run.Wait()
	want := "vaurien: the scenario was tripped: probe " + application.URL + ": 2 failures in a row: answered 503 Service Unavailable, not 2xx"
	if status(err) != 1 || !strings.Contains(out.String(), want) {
		t.Errorf("status %d\n%s\nwant %s", status(err), out.String(), want)
	}
	h.wantState(before)
	host, port, _ := net.SplitHostPort(h.proxy)
	if out := lab.Run(t, "redis-cli", "-h", host, "-p", port, "ping"); out != "PONG\n" {
		t.Errorf("it says %q", out)
	}
}

// TestControllerGone: whoever has a scenario played may be told to end, or be
// killed.
func TestControllerGone(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			h := serve(t, redis(t))
			before := h.state()
			file := write(t, "steps: [{behavior: hang, enabled: false, for: 1h}]\nrails: [{lease: 1s}]")
			run := exec.Command("vaurien", "scenario", "run", "--host", h.api, file)
			lab.Must(t, run.Start())
			h.process.Wait(`step 1 began`)
			lab.Must(t, run.Process.Signal(sig))
			if got := status(run.Wait()); got != 128+int(sig) {
				t.Errorf("status %d after %v", got, sig)
			}
			h.wantState(before)
			why := "scenario stopped: vaurien scenario run: " + sig.String()
			if sig == syscall.SIGKILL {
				why = "scenario tripped: the lease of 1s was not renewed"
			}
			h.process.Wait(why)
		})
	}
}

// TestServerStopped: a program that is to end with its scenario ends soon when
// it is told to, though clients hang.
func TestServerStopped(t *testing.T) {
	file := write(t, "steps: [{behavior: hang, for: 1h}]")
	p, address := lab.Vaurien(t, "--proxy", "127.0.0.1:0", "--backend", redis(t), "--protocol", "redis",
		"--http", "127.0.0.1:0", "--scenario", file, "--scenario-exit", "--drain", "20s")
	p.Wait(`step 1 began`)
	h := &house{t: t, process: p, proxy: address, api: p.Wait(`control API started" url=http://(\S+)`)}
	c, err := net.Dial("tcp", address)
	lab.Must(t, err)
	defer c.Close()
	fmt.Fprintf(c, "PING\r\n")
	lab.Poll(t, func() error {
		if state := h.call("GET", "/proxies/default", ""); !strings.Contains(state, `"hang":1`) {
			return fmt.Errorf("it does not hang: %s", state)
		}
		return nil
	})
	lab.Must(t, p.Cmd.Process.Signal(os.Interrupt))
	lab.Must(t, c.SetReadDeadline(time.Now().Add(lab.Patience)))
	if _, err := c.Read(make([]byte, 1)); err != io.EOF { // hang lets go once it is in force no more
		t.Errorf("the client that hangs is told %v, not that its connection is closed", err)
	}
	p.Wait(`msg=stopped`)
	lab.Poll(t, func() error {
		if p.Cmd.ProcessState == nil {
			return fmt.Errorf("it runs still")
		}
		return nil
	})
	if got := p.Cmd.ProcessState.ExitCode(); got != 130 {
		t.Errorf("status %d\n%s", got, p.Out)
	}
}
