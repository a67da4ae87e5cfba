package vaurien_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/behavior"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/protocol/http"
	"github.com/vaurien-proxy/vaurien/spec"
)

// registry is what these tests use of what ships; package builtin is above.
func registry() *vaurien.Registry {
	return vaurien.NewRegistry(
		[]vaurien.Kind{
			behavior.Abort(), behavior.Blackout(), behavior.Delay(), behavior.Dummy(),
			behavior.Error(), behavior.Hang(), behavior.Transient(),
		},
		[]vaurien.ProtocolKind{http.Kind(), {
			Name: "tcp",
			New:  func(*option.Set) func() vaurien.Protocol { return func() vaurien.Protocol { return vaurien.TCP{} } },
		}},
	)
}

// plan makes a plan of a draw and options such as delay.sleep=2.
func plan(t testing.TB, draw string, options ...string) *vaurien.Plan {
	t.Helper()
	p, err := spec.ParseDraw(draw, "")
	if err != nil {
		t.Fatal(err)
	}
	var protocol vaurien.Protocol = vaurien.TCP{}
	if slices.ContainsFunc(options, func(o string) bool { return strings.HasPrefix(o, "error.code") }) {
		protocol = &http.Protocol{}
	}
	compiled, err := registry().Compile(p, behaviorOptions(options), protocol)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// behaviorOptions reads name.option=value.
func behaviorOptions(options []string) map[string]option.Values {
	out := make(map[string]option.Values)
	for _, o := range options {
		name, rest, _ := strings.Cut(o, ".")
		key, value, _ := strings.Cut(rest, "=")
		if out[name] == nil {
			out[name] = option.Values{}
		}
		out[name][key] = option.Value{Text: value}
	}
	return out
}

// A world is a proxy between an in-memory front and an in-memory backend.
type world struct {
	t     *testing.T
	proxy *vaurien.Proxy
	front *memnet.Listener
	back  *memnet.Listener
	logs  *syncBuffer
}

// newWorld starts a proxy for the settings name=value.
func newWorld(t *testing.T, p *vaurien.Plan, settings ...string) *world {
	t.Helper()
	return newWorldWith(t, p, nil, settings...)
}

// newWorldWith is newWorld with a last word on the Config.
func newWorldWith(t *testing.T, p *vaurien.Plan, change func(*world, *vaurien.Config), settings ...string) *world {
	t.Helper()
	w := &world{t: t, front: memnet.Listen("front"), back: memnet.Listen("back"), logs: new(syncBuffer)}
	sp := spec.Proxy{Name: "default", Settings: option.Values{"seed": {Text: "1"}}}
	for _, s := range settings {
		k, v, _ := strings.Cut(s, "=")
		sp.Settings[k] = option.Value{Text: v}
	}
	cfg, err := registry().Build(sp)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Plan = p
	cfg.Listener = w.front
	cfg.Dial = func(context.Context, string) (net.Conn, error) {
		c, err := w.back.Dial()
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	cfg.Logger = slog.New(slog.NewTextHandler(w.logs, nil))
	if change != nil {
		change(w, &cfg)
	}
	w.proxy, err = vaurien.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.proxy.Start()
	return w
}

// A syncBuffer is a buffer that goroutines may share.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (w *world) dial() *memnet.Conn {
	w.t.Helper()
	c, err := w.front.Dial()
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// accept returns the backend's side of the next session.
func (w *world) accept() *memnet.Conn {
	w.t.Helper()
	c, err := w.back.Accept()
	if err != nil {
		w.t.Fatal(err)
	}
	return c.(*memnet.Conn)
}

func (w *world) close() {
	w.back.Close()
	if err := w.proxy.Close(); err != nil {
		w.t.Error(err)
	}
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatalf("sending %q: %v", text, err)
	}
}

func expect(t *testing.T, c net.Conn, text string) {
	t.Helper()
	b := make([]byte, len(text))
	n, err := io.ReadFull(c, b)
	if err != nil || string(b) != text {
		t.Fatalf("received %q, %v; want %q", b[:n], err, text)
	}
}

func expectEnd(t *testing.T, c net.Conn, want error) {
	t.Helper()
	b := make([]byte, 64)
	n, err := c.Read(b)
	if n != 0 || err != want {
		t.Fatalf("received %q, %v; want the end, %v", b[:n], err, want)
	}
}

func expectReset(t *testing.T, c net.Conn) {
	t.Helper()
	expectEnd(t, c, syscall.ECONNRESET)
}

// ask is a request without a body.
const ask = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
