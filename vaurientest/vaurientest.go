package vaurientest

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// defaultPatience is how long the Wait methods wait: long for a test that goes
// well, and short for a person who waits for one that does not.
const defaultPatience = 10 * time.Second

// A Proxy stands between the test and a backend until the test ends. Its
// methods may be called from any goroutine, but for those that can end the test
// at once: they take the test, and are for its goroutine as t.Fatal is.
type Proxy struct {
	tb       testing.TB // that it was made for
	proxy    *vaurien.Proxy
	target   target
	front    *memnet.Listener // where clients connect; nil: a socket
	registry *vaurien.Registry
	protocol vaurien.Protocol
	patience time.Duration
	plans    layers[*vaurien.Plan]
	journal  *journal
	barrier  barrier
	told     atomic.Bool // a test was told what there was
}

// New starts a proxy before a backend, on a free port of 127.0.0.1, or in
// memory if that is where the backend is. It is closed when the test ends, with
// all its connections and goroutines. An option that is wrong fails the test at
// once.
func New[B Backend](t testing.TB, backend B, options ...Option) *Proxy {
	t.Helper()
	target, err := targetOf(backend)
	if err != nil {
		t.Fatalf("vaurientest: %s", oneLine(err))
	}
	c := &config{
		proxy:    spec.Proxy{Settings: make(option.Values), Protocols: make(map[string]option.Values)},
		patience: defaultPatience,
	}
	if target.protocol != "" {
		c.proxy.Settings["protocol"] = option.Value{Text: target.protocol}
	}
	for _, o := range options {
		o(c)
	}
	p := &Proxy{tb: t, target: target, patience: c.patience, registry: c.registry}
	if p.registry == nil {
		p.registry = builtin.Registry()
	}
	chosen, leave := c.identify(t)
	cfg, err := p.config(c)
	if err == nil {
		p.proxy, err = vaurien.Listen(cfg)
	}
	if err != nil {
		leave()
		t.Fatalf("vaurientest: %s", oneLine(err))
	}
	p.protocol = cfg.Protocol
	p.plans = layers[*vaurien.Plan]{base: cfg.Plan, put: p.put}
	p.barrier.proxy = p
	p.proxy.Start()
	t.Cleanup(func() {
		t.Helper()
		if t.Failed() {
			if !p.told.Load() {
				p.settle()
				t.Logf("vaurientest: %s\n%s", p.proxy.Name(), p.summary())
			}
			if chosen {
				tellSeed(t, cfg.Seed)
			}
		}
		if err := p.proxy.Close(); err != nil {
			t.Errorf("vaurientest: closing the proxy: %v", err)
		}
		leave()
	})
	return p
}

// identify gives the proxy its seed and its name, unless the options have. It
// reports whether the seed was chosen here.
func (c *config) identify(t testing.TB) (chosen bool, leave func()) {
	protocol := c.proxy.Settings["protocol"].Text
	if protocol == "" {
		protocol = "tcp"
	}
	seed, name, leave := enter(t, protocol)
	if c.proxy.Name == "" {
		c.proxy.Name = name
	}
	if _, fixed := c.proxy.Settings["seed"]; fixed {
		return false, leave
	}
	value := option.Value{Text: fmt.Sprint(seed)}
	if text := os.Getenv(seedVariable); text != "" {
		value = option.Value{Text: text, Place: seedVariable}
	}
	c.proxy.Settings["seed"] = value
	return true, leave
}

// config checks what the options say and makes the engine's Config of it.
func (p *Proxy) config(c *config) (vaurien.Config, error) {
	for _, err := range c.errs {
		return vaurien.Config{}, err
	}
	for _, name := range []string{"backend", "behavior"} {
		if _, given := c.proxy.Settings[name]; given {
			return vaurien.Config{}, fmt.Errorf("setting %s: New's backend and the option Behavior say that", name)
		}
	}
	if _, given := c.proxy.Settings["proxy"]; !given {
		c.proxy.Settings["proxy"] = option.Value{Text: "127.0.0.1:0"}
	}
	if p.target.dial == nil {
		c.proxy.Settings["backend"] = option.Value{Text: p.target.address}
	}
	cfg, err := p.registry.Build(c.proxy)
	if err != nil {
		return cfg, err
	}
	if p.target.dial != nil {
		p.front = memnet.Listen(c.proxy.Name)
		cfg.Listener = p.front
		cfg.Settings.Backend = "memory"
		cfg.Dial = func(ctx context.Context, _ string) (net.Conn, error) { return p.target.dial(ctx) }
	}
	if cfg.Logger = c.logger; cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(p.tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	p.journal = newJournal(cfg.Protocol)
	p.journal.ended = p.barrier.over
	for _, toxic := range cfg.Plan.Toxics() {
		p.journal.know(toxic.Name)
	}
	cfg.Observer = p.journal
	return cfg, nil
}

// Addr returns the address that clients connect to, HOST:PORT. In memory it is
// a name that only [Proxy.DialContext] understands.
func (p *Proxy) Addr() string { return p.proxy.Addr().String() }

// URL returns the backend's URL with the proxy's address in the place of the
// backend's own: redis://127.0.0.1:40123/0. If the backend was no URL it is
// made of the protocol and the address.
func (p *Proxy) URL() string { return p.target.through(p.Addr(), p.proxy.Protocol()) }

// Seed returns the seed of the dice.
func (p *Proxy) Seed() uint64 { return p.proxy.Seed() }

// Dial connects to the proxy, as a client does.
func (p *Proxy) Dial(ctx context.Context) (net.Conn, error) {
	if p.front == nil {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", p.Addr())
	}
	c, err := p.front.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// DialContext is Dial for clients that take a function to connect with, such as
// http.Transport. It goes to the proxy, whatever the address.
func (p *Proxy) DialContext(ctx context.Context, _, _ string) (net.Conn, error) { return p.Dial(ctx) }

// Stats returns what the proxy has done so far.
func (p *Proxy) Stats() vaurien.Stats { return p.proxy.Stats() }

// put puts a plan in force, with what holds exchanges up.
func (p *Proxy) put(plan *vaurien.Plan) error {
	if plan == nil {
		plan = vaurien.NewPlan(nil)
	}
	p.proxy.SetPlan(plan.With(slices.Concat(p.barrier.toxics(), plan.Toxics())...))
	return nil
}

// oneLine returns err as one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
