package control_test

import (
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
	"github.com/vaurien-proxy/vaurien/metrics"
)

// plenty is more than all buffers on the way hold, in bytes.
const plenty = 1 << 20

// flood accepts connections and writes plenty to each.
func flood(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			conn.Write(make([]byte, plenty))
			io.Copy(io.Discard, conn)
		}()
	}
}

// TestStuckSessionsHoldUpNobody calls everything there is while sessions are
// stuck in every way. In a synctest bubble a call that waited for one of them
// would either let the clock move or never return, which the bubble reports.
func TestStuckSessionsHoldUpNobody(t *testing.T) {
	for _, plan := range []string{"100:dummy", "100:hang", "100:delay"} {
		for _, protocol := range []string{"tcp", "http"} {
			t.Run(plan+"/"+protocol, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testStuck(t, plan, protocol) })
			})
		}
	}
}

func testStuck(t *testing.T, plan, protocol string) {
	d, n := controltest.NewDaemon(t, builtin.Registry())
	backend, err := n.Listen(t.Context(), "127.0.0.1:80")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	go flood(backend)

	body := fmt.Sprintf(`{"proxy": "127.0.0.1:1", "backend": "127.0.0.1:80", "protocol": %q, "plan": %q,
		"behaviors": {"delay": {"sleep": "1h"}}}`, protocol, plan)
	api := control.NewHandler(d, control.HandlerOptions{})
	call := func(method, path, body string) string {
		t.Helper()
		r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code/100 != 2 {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	call("PUT", "/proxies/web", body)

	const ask = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	// Three clients that ask and never read, one that asks for plenty.
	for range 3 {
		c, err := n.Dial(t.Context(), "127.0.0.1:1")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, ask)
	}
	c, err := n.Dial(t.Context(), "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go io.WriteString(c, strings.Repeat(ask, plenty/len(ask)))
	synctest.Wait() // all of them are stuck
	if s := d.Engine("web").Stats(); s.Open != 4 {
		t.Fatalf("%d sessions are open, not 4", s.Open)
	}

	began := time.Now()
	for _, next := range []string{"error", "20:delay", "hang", "blackout", "dummy"} {
		call("GET", "/handler", "")
		call("POST", "/handler?for=1h", next)
		call("POST", "/handler", next)
		call("PUT", "/behavior", `{"name": "`+next+`"}`)
		call("PUT", "/proxies/-/plan", next)
		call("GET", "/proxies", "")
		call("PUT", "/backend", `{"backend": "127.0.0.1:80"}`)
	}
	// Toxics of every sort come and go, by both APIs.
	told := metrics.Handler(metrics.Options{Proxies: d, Recorder: metrics.NewRecorder(), Toxiproxy: true, Runtime: true})
	toxiproxy := control.NewToxiproxyHandler(d, control.HandlerOptions{Metrics: told})
	own := api
	for _, typ := range []string{"latency", "bandwidth", "slow_close", "timeout", "slicer", "limit_data", "packet_loss", "noop", "reset_peer"} {
		api = toxiproxy
		call("POST", "/proxies/web/toxics", `{"name": "t", "type": "`+typ+`", "attributes": {"bytes": 1000000000}}`)
		synctest.Wait() // it acts, as far as it can
		call("POST", "/proxies/web/toxics/t", `{"toxicity": 0.5}`)
		call("GET", "/proxies", "")
		call("GET", "/metrics", "")
		call("POST", "/proxies/web", `{"upstream": "127.0.0.1:80"}`)
		call("DELETE", "/proxies/web/toxics/t", "")
		api = own
		call("PUT", "/proxies/web/toxics/t", `{"behavior": "latency", "options": {"latency": "1h"}}`)
		call("PUT", "/proxies/web/toxics", `[]`)
	}
	call("POST", "/proxies/web/enabled", `{"enabled": false}`)
	api = toxiproxy
	call("POST", "/reset", "")
	api = own
	call("PUT", "/proxies/web", strings.Replace(body, `"proxy"`, `"timeout": 3, "proxy"`, 1))
	call("DELETE", "/proxies/web", "")
	call("PUT", "/proxies/web", body)
	if took := time.Since(began); took != 0 {
		t.Errorf("the calls waited for %v", took)
	}
}
