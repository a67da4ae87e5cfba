// Package report_test lets real clients, with the retries that they are made
// with, meet failures, and looks whether "vaurien report" sees what they do.
package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/redis/go-redis/v9"

	"github.com/vaurien-proxy/vaurien/audit"
	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

// A run is a vaurien with a ledger.
type run struct {
	t       *testing.T
	process *lab.Process
	addr    string
	ledger  string
}

func start(t *testing.T, args ...string) *run {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.jsonl")
	p, addr := lab.Vaurien(t, append([]string{"--proxy", "127.0.0.1:0", "--seed", "3", "--ledger", path}, args...)...)
	return &run{t, p, addr, path}
}

// report ends the run and returns what there is to say of it.
func (r *run) report(args ...string) (*audit.Report, string) {
	r.t.Helper()
	r.process.Stop()
	page := filepath.Join(r.t.TempDir(), "report.html")
	out := lab.Run(r.t, "vaurien", append([]string{"report", r.ledger, "--json", "--html", page}, args...)...)
	report := new(audit.Report)
	lab.Must(r.t, json.Unmarshal([]byte(out), report))
	html, err := os.ReadFile(page)
	lab.Must(r.t, err)
	if !strings.HasSuffix(strings.TrimSpace(string(html)), "</html>") {
		r.t.Error("the page has no end")
	}
	text := lab.Run(r.t, "vaurien", append([]string{"report", r.ledger}, args...)...)
	r.t.Log("\n" + text)
	return report, text
}

func redisServer(t *testing.T) string {
	t.Helper()
	port := lab.FreePort(t)
	lab.Start(t, nil, "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "")
	addr := "127.0.0.1:" + port
	lab.Poll(t, func() error {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err
	})
	return addr
}

// web answers all with 200.
func web(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello\n") }))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func backoff(t *testing.T, r *audit.Report, what string) *audit.Backoff {
	t.Helper()
	for i := range r.Backoff {
		if r.Backoff[i].What == what {
			return &r.Backoff[i]
		}
	}
	t.Fatalf("no waits: %+v", r.Backoff)
	return nil
}

func fault(r *audit.Report, id string) bool { return len(r.Failing([]string{id})) > 0 }

// go-redis waits for a time and up to twice as long as before beside it, and
// repeats INCR when its connection breaks: some are counted twice.
func TestGoRedis(t *testing.T) {
	server := redisServer(t)
	v := start(t, "--backend", server, "--protocol", "redis", "--behavior", "40:commit-unknown", "--behavior-commit-unknown-match", `verb == "INCR"`)
	c := redis.NewClient(&redis.Options{
		Addr: v.addr, MaxRetries: 5, MinRetryBackoff: 20 * time.Millisecond, MaxRetryBackoff: 2 * time.Second, PoolSize: 1,
	})
	defer c.Close()
	ctx := context.Background()
	failed := 0
	for i := range 80 {
		if c.Incr(ctx, fmt.Sprint("n:", i)).Err() != nil {
			failed++
		}
	}
	direct := redis.NewClient(&redis.Options{Addr: server})
	defer direct.Close()
	twice := 0
	for i := range 80 {
		if n, err := direct.Get(ctx, fmt.Sprint("n:", i)).Int(); err == nil && n > 1 {
			twice++
		}
	}
	r, _ := v.report()
	if r.Doubles.Count != twice || r.Doubles.Certain != twice || twice < 10 || !fault(r, audit.RepeatedWrites) {
		t.Errorf("%d were done twice, it says %d", twice, r.Doubles.Count)
	}
	if r.Verdict[0].ID != audit.RepeatedWrites {
		t.Errorf("%+v", r.Verdict[0])
	}
	if q := r.Requests; q.Operations != 80 || q.GaveUp+q.Open != failed || q.Recovered != q.Failed-failed || q.NotRetried+q.Repeated != 0 {
		t.Errorf("%d failed: %+v", failed, q)
	}
	b := backoff(t, r, "requests")
	if w := b.Waits[0]; b.Jitter == audit.JitterNone || w.Least < 19 || w.Median < 25 || w.Median > 75 {
		t.Errorf("%+v", b)
	}
	if c := r.Conns[0]; c.Reconnects < c.Broken-1 || c.Broken != r.Requests.Retries+failed {
		t.Errorf("%+v", c)
	}
}

// What makes a connection ready is part of connecting, and not a request that is
// repeated.
func TestHandshake(t *testing.T) {
	v := start(t, "--backend", redisServer(t), "--protocol", "redis", "--behavior", "abort", "--behavior-abort-match", `verb in ("HELLO", "CLIENT")`, "--behavior-abort-first", "4")
	c := redis.NewClient(&redis.Options{Addr: v.addr, MaxRetries: 8, PoolSize: 1})
	defer c.Close()
	for i := range 20 {
		c.Set(context.Background(), fmt.Sprint("k:", i), 1, 0)
	}
	r, _ := v.report()
	if q := r.Requests; q.Failed+q.Retries > 0 || q.Operations < 15 {
		t.Errorf("%+v", q)
	}
	if q := r.Connects; q.Failed == 0 || q.Retries < 3 || q.Recovered != q.Failed {
		t.Errorf("%+v", q)
	}
}

// A client that gives up waiting.
func TestTimeout(t *testing.T) {
	v := start(t, "--backend", redisServer(t), "--protocol", "redis", "--behavior", "drop", "--behavior-drop-match", `verb == "GET"`)
	c := redis.NewClient(&redis.Options{Addr: v.addr, MaxRetries: -1, ReadTimeout: 400 * time.Millisecond})
	defer c.Close()
	for i := range 4 {
		c.Get(context.Background(), fmt.Sprint("k:", i))
	}
	r, _ := v.report()
	if len(r.Timeouts) == 0 || r.Timeouts[0].AtMost || r.Timeouts[0].Wait < 390 || r.Timeouts[0].Wait > 1500 {
		t.Errorf("%+v", r.Timeouts)
	}
	if r.Requests.NotRetried+r.Requests.Open < 4 {
		t.Errorf("%+v", r.Requests)
	}
}

// go-retryablehttp waits 2 to the power of the attempt, and for as long as
// Retry-After says.
func TestRetryableHTTP(t *testing.T) {
	get := func(t *testing.T, v *run, n int) {
		c := retryablehttp.NewClient()
		c.RetryWaitMin, c.RetryWaitMax, c.RetryMax = 50*time.Millisecond, 10*time.Second, 4
		c.Logger = log.New(io.Discard, "", 0)
		defer c.HTTPClient.CloseIdleConnections()
		for i := range n {
			resp, err := c.Get(fmt.Sprintf("http://%s/item/%d", v.addr, i))
			if err == nil {
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		}
	}
	t.Run("backoff", func(t *testing.T) {
		v := start(t, "--backend", web(t), "--protocol", "http", "--behavior", "65:error", "--behavior-error-kind", "bad-gateway")
		get(t, v, 25)
		r, _ := v.report()
		b := backoff(t, r, "requests")
		if b.Policy != audit.PolicyExponential || b.Jitter != audit.JitterNone || math.Abs(b.Base-50) > 15 || math.Abs(b.Factor-2) > .3 {
			t.Errorf("%+v", b)
		}
		if q := r.Requests; q.Operations != 25 || q.Recovered+q.GaveUp+q.Open != q.Failed {
			t.Errorf("%+v", q)
		}
	})
	t.Run("Retry-After", func(t *testing.T) {
		v := start(t, "--backend", web(t), "--protocol", "http", "--behavior", "60:error", "--behavior-error-kind", "too-many-requests")
		get(t, v, 4)
		r, text := v.report()
		if len(r.Told) != 1 || r.Told[0].TooEarly > 0 || r.Told[0].Obeyed < 2 || !strings.Contains(text, "Retry-After is obeyed") {
			t.Errorf("%+v", r.Told)
		}
	})
}

// urllib3 makes the first retry at once, and may be told not to mind Retry-After.
func TestUrllib3(t *testing.T) {
	python(t, "urllib3", "import urllib3")
	talk := func(t *testing.T, v *run, options string, n int) {
		script := fmt.Sprintf(`
import urllib3
http = urllib3.PoolManager(retries=urllib3.Retry(%s))
for i in range(%d):
    try:
        http.request("GET", "http://%s/item/%%d" %% i)
    except urllib3.exceptions.MaxRetryError:
        pass
`, options, n, v.addr)
		lab.Run(t, "python3", "-c", script)
	}
	t.Run("backoff", func(t *testing.T) {
		v := start(t, "--backend", web(t), "--protocol", "http", "--behavior", "70:error", "--behavior-error-kind", "bad-gateway")
		talk(t, v, "total=5, backoff_factor=0.04, status_forcelist=[502]", 25)
		r, _ := v.report()
		b := backoff(t, r, "requests")
		if b.Policy != audit.PolicyExponential || !b.FirstAtOnce || b.Jitter != audit.JitterNone || math.Abs(b.Factor-2) > .4 {
			t.Errorf("%+v", b)
		}
	})
	t.Run("Retry-After ignored", func(t *testing.T) {
		v := start(t, "--backend", web(t), "--protocol", "http", "--behavior", "60:error", "--behavior-error-kind", "overloaded")
		talk(t, v, "total=4, backoff_factor=0.01, status_forcelist=[503], respect_retry_after_header=False", 8)
		r, _ := v.report()
		if !fault(r, audit.RetryAfter) || r.Told[0].TooEarly < 3 {
			t.Errorf("%+v", r.Told)
		}
		v.fails(audit.RetryAfter)
	})
	t.Run("connections", func(t *testing.T) {
		v := start(t, "--backend", web(t), "--protocol", "http", "--behavior", "refuse", "--behavior-refuse-first", "2")
		talk(t, v, "total=4, backoff_factor=0.05", 1)
		r, _ := v.report()
		if q := r.Connects; q.Failed != 1 || q.Retries != 2 || q.Recovered != 1 {
			t.Errorf("%+v", q)
		}
	})
}

// fails runs the report for a CI system.
func (r *run) fails(fault string) {
	r.t.Helper()
	out, err := exec.Command("vaurien", "report", "--fail-on", fault, r.ledger).CombinedOutput()
	if code := err.(*exec.ExitError).ExitCode(); code != 1 || !strings.Contains(string(out), "vaurien: found, of what --fail-on names: "+fault) {
		r.t.Errorf("status %d:\n%s", code, out)
	}
}

func python(t *testing.T, name, check string) {
	t.Helper()
	if out, err := exec.Command("python3", "-c", check).CombinedOutput(); err != nil {
		t.Fatalf("python3's %s is missing: scripts/setup installs it: %s", name, out)
	}
}
