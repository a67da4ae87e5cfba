package vaurien_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

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
	compiled, err := registry().Compile(p, behaviorOptions(options))
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// behaviorOptions reads name.option=value.
func behaviorOptions(options []string) map[string]option.Values {
	out := make(map[string]option.Values)
	for _, o := range options {
		var name, key, value string
		name, rest, _ := bytesCut(o, ".")
		key, value, _ = bytesCut(rest, "=")
		if out[name] == nil {
			out[name] = option.Values{}
		}
		out[name][key] = option.Value{Text: value}
	}
	return out
}

func bytesCut(s, sep string) (string, string, bool) {
	a, b, ok := bytes.Cut([]byte(s), []byte(sep))
	return string(a), string(b), ok
}

// A world is a proxy between an in-memory front and an in-memory backend.
type world struct {
	t     *testing.T
	proxy *vaurien.Proxy
	front *memnet.Listener
	back  *memnet.Listener
	logs  *bytes.Buffer
}

// newWorld starts a proxy for the settings name=value.
func newWorld(t *testing.T, p *vaurien.Plan, settings ...string) *world {
	t.Helper()
	w := &world{t: t, front: memnet.Listen("front"), back: memnet.Listen("back"), logs: new(bytes.Buffer)}
	sp := spec.Proxy{Name: "default", Settings: option.Values{"seed": {Text: "1"}}}
	for _, s := range settings {
		k, v, _ := bytesCut(s, "=")
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
	w.proxy, err = vaurien.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.proxy.Start()
	return w
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

func TestTCPPassesBothWaysAndHalfCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		defer w.close()
		c := w.dial()
		b := w.accept()
		send(t, c, "hello")
		expect(t, b, "hello")
		c.CloseWrite()
		expectEnd(t, b, io.EOF)
		send(t, b, "and goodbye")
		expect(t, c, "and goodbye")
		b.CloseWrite()
		expectEnd(t, c, io.EOF)
		synctest.Wait()
		if st := w.proxy.Stats(); st.Open != 0 || st.Sessions != 1 || st.ToBackend != 5 || st.ToClient != 11 {
			t.Errorf("stats: %+v", st)
		}
	})
}

func TestTCPDelayIsALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:delay", "delay.sleep=2"))
		defer w.close()
		c := w.dial()
		b := w.accept()
		start := time.Now()
		send(t, c, "a")
		time.Sleep(time.Second)
		send(t, c, "b")
		expect(t, b, "a")
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("a came after %v", d)
		}
		expect(t, b, "b")
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("b came after %v", d)
		}
		send(t, b, "reply")
		expect(t, c, "reply")
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("the reply came after %v", d)
		}
	})
}
