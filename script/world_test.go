package script_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/behavior"
	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/protocol/redis"
	"github.com/vaurien-proxy/vaurien/script"
	"github.com/vaurien-proxy/vaurien/spec"
)

// protocol returns one of those that ship.
func protocol(t testing.TB, name string) vaurien.Protocol {
	t.Helper()
	p, err := builtin.Registry().Protocol(name, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// compile makes the plan 100:super of a script.
func compile(t testing.TB, source string, p vaurien.Protocol, options ...string) *vaurien.Plan {
	t.Helper()
	s, err := script.Parse("super.star", source)
	if err != nil {
		t.Fatal(err)
	}
	r := vaurien.NewRegistry([]vaurien.Kind{behavior.Selected(s.Kind("super"))}, nil)
	values := option.Values{}
	for _, o := range options {
		name, text, _ := strings.Cut(o, "=")
		values[name] = option.Value{Text: text}
	}
	plan, err := r.Compile(spec.Single("super", values, ""), nil, p)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// A world is a proxy between an in-memory front and an in-memory backend.
type world struct {
	t     testing.TB
	proxy *vaurien.Proxy
	front *memnet.Listener
	back  *memnet.Listener
	logs  *syncBuffer
}

// newWorld starts a proxy that speaks redis, and does what a script says.
func newWorld(t testing.TB, source string, options ...string) *world {
	t.Helper()
	p := &redis.Protocol{}
	return newWorldOf(t, p, compile(t, source, p, options...))
}

func newWorldOf(t testing.TB, p vaurien.Protocol, plan *vaurien.Plan) *world {
	t.Helper()
	logs := new(syncBuffer)
	w := newSilentWorld(t, p, plan, slog.New(slog.NewTextHandler(logs, nil)))
	w.logs = logs
	return w
}

func newSilentWorld(t testing.TB, p vaurien.Protocol, plan *vaurien.Plan, log *slog.Logger) *world {
	t.Helper()
	w := &world{t: t, front: memnet.Listen("front"), back: memnet.Listen("back")}
	settings, _ := vaurien.NewSettings()
	var err error
	w.proxy, err = vaurien.Listen(vaurien.Config{
		Settings: *settings, Protocol: p, Plan: plan, Seed: 1, Listener: w.front,
		Dial: func(ctx context.Context, _ string) (net.Conn, error) {
			c, err := w.back.DialContext(ctx)
			if err != nil {
				return nil, err
			}
			return c, nil
		},
		Logger: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.proxy.Start()
	return w
}

func (w *world) close() {
	w.back.Close()
	if err := w.proxy.Close(); err != nil {
		w.t.Error(err)
	}
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

// echo is a backend that answers each line it reads with +OK, in a goroutine
// for each connection.
func (w *world) echo(wg *sync.WaitGroup) {
	wg.Go(func() {
		for {
			c, err := w.back.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				b := make([]byte, 4096)
				for {
					n, err := c.Read(b)
					if err != nil {
						return
					}
					io.WriteString(c, strings.Repeat("+OK\r\n", bytes.Count(b[:n], []byte("\n"))))
				}
			})
		}
	})
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

func send(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatalf("sending %q: %v", text, err)
	}
}

func expect(t testing.TB, c net.Conn, text string) {
	t.Helper()
	b := make([]byte, len(text))
	n, err := io.ReadFull(c, b)
	if err != nil || string(b) != text {
		t.Fatalf("received %q, %v; want %q", b[:n], err, text)
	}
}

func expectEnd(t testing.TB, c net.Conn, want error) {
	t.Helper()
	b := make([]byte, 64)
	n, err := c.Read(b)
	if n != 0 || err != want {
		t.Fatalf("received %q, %v; want the end, %v", b[:n], err, want)
	}
}
