// Package demo shows what each behavior does to a client: a backend, a proxy
// before it and a client, all in one process, and the plan changed live.
package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/internal/reason"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

const (
	greeting = "hello from the backend"

	// patience is how long the client waits for an answer.
	patience = time.Second
)

// A step is one plan and the requests made under it.
type step struct {
	draw     string
	options  map[string]option.Values
	requests int
	remark   string
	once     bool // each request on a connection of its own
}

func options(behavior string, pairs ...string) map[string]option.Values {
	v := option.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v[pairs[i]] = option.Value{Text: pairs[i+1]}
	}
	return map[string]option.Values{behavior: v}
}

// steps take about four seconds together. What follows a spoiled reply on its
// connection is of no use, so that the connection is used once.
func steps() []step {
	return []step{
		{"100:dummy", nil, 3, "nothing is done", false},
		{"100:delay", options("delay", "sleep", "0.4"), 2, "the backend is late", false},
		{"100:error", options("error", "code", "503"), 2, "the backend says no", false},
		{"100:error", options("error", "inject", "true"), 1, "the reply is spoiled", true},
		{"100:transient", options("transient", "agitate", "2"), 4, "ill at first, then well", false},
		{"100:abort", nil, 1, "done, but the reply is lost", false},
		{"100:blackout", nil, 1, "the connection is cut", false},
		{"100:hang", nil, 1, "silence", false},
		{"20:delay,10:error", options("delay", "sleep", "0.2"), 20, "30 of 100, by the dice", false},
		{"100:dummy", nil, 3, "and all is well again", false},
	}
}

// Run shows every behavior at work, writing what the client saw to w. The dice
// have the seed, so that the demonstration is the same each time.
func Run(ctx context.Context, w io.Writer, seed uint64) error {
	backend, err := newBackend()
	if err != nil {
		return err
	}
	defer backend.close()
	registry := builtin.Registry()
	cfg, err := registry.Build(spec.Proxy{
		Name: spec.DefaultProxy,
		Settings: option.Values{
			"proxy":    {Text: "127.0.0.1:0"},
			"backend":  {Text: backend.addr()},
			"protocol": {Text: "http"},
			"seed":     {Text: fmt.Sprint(seed)},
		},
	})
	if err != nil {
		return err
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	proxy, err := vaurien.Listen(cfg)
	if err != nil {
		return err
	}
	defer proxy.Close()
	proxy.Start()

	fmt.Fprintf(w, "A backend on %s, Vaurien before it on %s, and a client that asks\n"+
		"through Vaurien for GET /hello and waits a second at most. The plan changes live:\n\n", backend.addr(), proxy.Addr())
	client := newClient(proxy.Addr().String())
	defer client.CloseIdleConnections()
	for _, s := range steps() {
		if err := ctx.Err(); err != nil {
			return err
		}
		plan, err := spec.ParseDraw(s.draw, "demo")
		if err != nil {
			return err
		}
		compiled, err := registry.Compile(plan, s.options, cfg.Protocol)
		if err != nil {
			return err
		}
		proxy.SetPlan(compiled)
		fmt.Fprintf(w, "%s\n", title(s))
		show(ctx, w, client, s, backend)
	}
	fmt.Fprintf(w, "\nAll of it on your own traffic:\n\n"+
		"  vaurien --proxy localhost:8000 --backend HOST:PORT --protocol http --behavior 20:delay,10:error\n"+
		"  vaurien --help\n")
	return nil
}

// title says what plan is in force, as one would write it.
func title(s step) string {
	t := "--behavior " + s.draw
	for name, values := range s.options {
		for key, v := range values {
			t += fmt.Sprintf(" --behavior-%s-%s %s", name, key, v.Text)
		}
	}
	return fmt.Sprintf("%-68s %s", t, s.remark)
}

// show makes requests one after the other and writes a line for each run of
// like outcomes.
func show(ctx context.Context, w io.Writer, client *http.Client, s step, b *backend) {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer tab.Flush()
	var last string
	var count int
	var least, most time.Duration
	flush := func() {
		if count == 0 {
			return
		}
		took := round(least).String()
		if round(most) != round(least) {
			took += " to " + round(most).String()
		}
		fmt.Fprintf(tab, "  %2d ×\t%s\t%s\n", count, took, last)
	}
	for range s.requests {
		before := b.served.Load()
		start := time.Now()
		saw := ask(ctx, client, s.once)
		took := time.Since(start)
		if strings.HasPrefix(saw, "no reply") && b.served.Load() > before {
			saw += " (but the backend has served the request)"
		}
		if saw != last || slow(took) != slow(most) {
			flush()
			last, count, least, most = saw, 0, took, took
		}
		count++
		least, most = min(least, took), max(most, took)
	}
	flush()
}

// slow tells a request that was held up from one that was not.
func slow(d time.Duration) bool { return d > 100*time.Millisecond }

func round(d time.Duration) time.Duration {
	if d < 10*time.Millisecond {
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}

// ask makes one request and says what came of it.
func ask(ctx context.Context, client *http.Client, once bool) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://backend/hello", nil)
	if err != nil {
		return err.Error()
	}
	req.Close = once
	res, err := client.Do(req)
	if err != nil {
		return "no reply: " + inWords(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return fmt.Sprintf("%s, then %s", res.Status, inWords(err))
	case res.StatusCode != http.StatusOK:
		return res.Status
	case !bytes.Equal(body, []byte(greeting)):
		return fmt.Sprintf("%s, but the body is %.30q…", res.Status, body)
	}
	return fmt.Sprintf("%s %q", res.Status, body)
}

// inWords says in few words what became of a request.
func inWords(err error) string {
	switch {
	case os.IsTimeout(err), errors.Is(err, context.DeadlineExceeded):
		return "timed out"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	}
	return fmt.Sprintf("%.60q", reason.Of(err).Error())
}

func newClient(proxy string) *http.Client {
	return &http.Client{
		Timeout: patience,
		Transport: &http.Transport{
			// The requests are for the backend; the way there is the proxy.
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, proxy)
			},
			DisableCompression: true,
		},
	}
}

// backend is a server that always says the same.
type backend struct {
	server   *http.Server
	listener net.Listener
	served   atomic.Int64
	done     chan struct{}
}

func newBackend() (*backend, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &backend{listener: l, done: make(chan struct{})}
	b.server = &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b.served.Add(1)
			io.WriteString(w, greeting)
		}),
	}
	go func() {
		defer close(b.done)
		b.server.Serve(l)
	}()
	return b, nil
}

func (b *backend) addr() string { return b.listener.Addr().String() }

func (b *backend) close() {
	b.server.Close()
	<-b.done
}
