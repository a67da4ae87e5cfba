package vaurientest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// maxHeld is how many bytes of a reply are read before it is held. A longer one
// is held when its beginning has come.
const maxHeld = 16 << 20

// A Hold stops one exchange, lets the test do something else meanwhile, and
// then goes on with it as the test says: so that a race happens each time.
//
//	hold := p.HoldNext(t, `command == "SET"`)
//	go update()
//	<-hold.Arrived() // the update has read, and not yet written
//	…
//	hold.Release()
//
// A Hold is made before what it is to stop. It stops one exchange: several Holds
// with the same condition stop one each, in their order. When the test ends it
// lets go, and if nobody has told it to, or nothing ever arrived, the test fails.
//
// A plan that is put in force meanwhile does not end it. A proxy's first Hold
// puts the proxy's own plan in force anew, so that what a behavior holds up
// already goes on.
//
// Of Release, Drop, Fail, Close and Reset the first that is called counts. All
// but Release are for the test's goroutine, as t.Fatal is.
type Hold struct {
	tb    testing.TB
	proxy *Proxy
	what  string // as the test made it
	point vaurien.Point
	match func(*vaurien.Event) bool

	arrived chan struct{} // closed when an exchange is held
	decided chan struct{} // closed when the test has said how to go on
	gone    chan struct{} // closed when nothing is held any more

	mu       sync.Mutex
	asked    string   // what is held
	failures []string // the kinds that fit it
	how      func(e *vaurien.Event, next vaurien.Next) error
}

// HoldNext stops the next request for which a condition in the language of
// docs/conditions.md is true, such as command == "SET"; an empty one is always
// true. The backend has not seen the request. Under tcp it stops the next bytes
// that the client sends.
func (p *Proxy) HoldNext(t testing.TB, match string) *Hold {
	t.Helper()
	return p.hold(t, "HoldNext", vaurien.Request, match)
}

// HoldReply stops the reply to such a request: the request has taken effect,
// and the client does not know. It is there once all of the reply has come.
func (p *Proxy) HoldReply(t testing.TB, match string) *Hold {
	t.Helper()
	return p.hold(t, "HoldReply", vaurien.Reply, match)
}

func (p *Proxy) hold(t testing.TB, what string, point vaurien.Point, match string) *Hold {
	t.Helper()
	matches, err := p.matching(match)
	if err != nil {
		t.Fatalf("vaurientest: %s: %s", what, oneLine(err))
	}
	what = fmt.Sprintf("%s(%s)", what, match)
	return p.newHold(t, what, point, func(e *vaurien.Event) bool { return matches(e) })
}

// HoldNextFunc is HoldNext with a condition in Go. It is asked once for each
// request, while that is read, and must not wait.
func (p *Proxy) HoldNextFunc(t testing.TB, match func(*vaurien.Event) bool) *Hold {
	t.Helper()
	return p.newHold(t, "HoldNextFunc", vaurien.Request, match)
}

// HoldReplyFunc is HoldReply with a condition in Go: on the request, or, under
// tcp, on the bytes that the backend sends.
func (p *Proxy) HoldReplyFunc(t testing.TB, match func(*vaurien.Event) bool) *Hold {
	t.Helper()
	return p.newHold(t, "HoldReplyFunc", vaurien.Reply, match)
}

func (p *Proxy) newHold(t testing.TB, what string, point vaurien.Point, match func(*vaurien.Event) bool) *Hold {
	h := &Hold{
		tb: t, proxy: p, what: what, point: point, match: match,
		arrived: make(chan struct{}), decided: make(chan struct{}), gone: make(chan struct{}),
	}
	p.barrier.arm(h)
	t.Helper()
	t.Cleanup(func() {
		t.Helper()
		h.finish()
	})
	return h
}

// Arrived returns a channel that is closed when the exchange is held.
func (h *Hold) Arrived() <-chan struct{} { return h.arrived }

// Gone returns a channel that is closed when the exchange is not held any more:
// it was let go, or its session has ended. A client that closes its connection
// does not end it, for it may be waiting for the reply still; one that resets it
// does.
func (h *Hold) Gone() <-chan struct{} { return h.gone }

// Wait waits until the exchange is held. If none comes it fails the test at
// once, and says what came.
func (h *Hold) Wait() {
	h.tb.Helper()
	if !h.proxy.wait(h.tb, h.hasArrived) {
		h.tb.Fatalf("vaurientest: %s: nothing arrived\n%s", h.what, h.proxy.summary())
	}
}

// Release lets the exchange go on. If nothing has arrived yet, nothing will be
// held.
func (h *Hold) Release() {
	h.proxy.barrier.disarm(h)
	h.decide(func(_ *vaurien.Event, next vaurien.Next) error { return next() })
}

// Drop throws away what is held, and leaves the connection as it is: nobody
// answers the request. Like Fail, Close and Reset it first waits for the
// exchange to arrive, as Wait does.
func (h *Hold) Drop() {
	h.tb.Helper()
	h.Wait()
	h.decide(func(*vaurien.Event, vaurien.Next) error { return nil })
}

// Close closes both connections.
func (h *Hold) Close() {
	h.tb.Helper()
	h.Wait()
	h.decide(func(e *vaurien.Event, _ vaurien.Next) error { return e.Close() })
}

// Reset resets both connections.
func (h *Hold) Reset() {
	h.tb.Helper()
	h.Wait()
	h.decide(func(e *vaurien.Event, _ vaurien.Next) error { return e.Reset() })
}

// Fail answers the request with one of the protocol's failures
// (docs/fidelity.md lists them); with none named, with one that fits it. A
// reply cannot fail any more: the backend has done what it was asked.
func (h *Hold) Fail(kind string) {
	h.tb.Helper()
	options := make(option.Values)
	if kind != "" {
		options["kind"] = option.Value{Text: kind}
	}
	b, err := h.proxy.registry.Behavior("error", options, "", h.proxy.protocol)
	if err != nil {
		h.tb.Fatalf("vaurientest: %s: Fail: %s", h.what, oneLine(err))
	}
	if h.point != vaurien.Request {
		h.tb.Fatalf("vaurientest: %s: Fail: a reply cannot fail any more: hold the request, by HoldNext", h.what)
	}
	h.Wait()
	h.mu.Lock()
	asked, fit := h.asked, h.failures
	h.mu.Unlock()
	if kind != "" && !slices.Contains(fit, kind) {
		h.tb.Fatalf("vaurientest: %s: Fail: %s cannot fail with %s; what fits it: %s",
			h.what, asked, kind, strings.Join(fit, ", "))
	}
	h.decide(b.Act)
}

func (h *Hold) decide(how func(*vaurien.Event, vaurien.Next) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.how == nil {
		h.how = how
		close(h.decided)
	}
}

// finish lets go when the test ends, and fails it if it is the first to do so.
func (h *Hold) finish() {
	h.tb.Helper()
	h.mu.Lock()
	decided, asked := h.how != nil, h.asked
	h.mu.Unlock()
	h.Release()
	switch {
	case decided || h.isGone() || h.tb.Failed():
	case h.hasArrived():
		h.tb.Errorf("vaurientest: %s was never released: it held %s", h.what, asked)
	default:
		h.tb.Errorf("vaurientest: %s: nothing arrived", h.what)
	}
}

// description returns what is to be held, in words, and the kinds of failures
// that fit it.
func (h *Hold) description(e *vaurien.Event) (asked string, fit []string) {
	x := Exchange{Session: e.Session.Number(), Number: e.Exchange, names: h.proxy.journal.names}
	x.Verb, _ = e.Attribute("verb").(string)
	for _, name := range x.names {
		x.values = append(x.values, e.Attribute(name))
	}
	if p, ok := h.proxy.protocol.(vaurien.Failing); ok {
		for _, k := range p.Failures() {
			if !k.AtAccept && (k.Fits == nil || k.Fits(e.Message)) {
				fit = append(fit, k.Name)
			}
		}
	}
	return x.id() + " " + x.asked(), fit
}

// describe notes what is to be held.
func (h *Hold) describe(asked string, failures []string) {
	h.mu.Lock()
	h.asked, h.failures = asked, failures
	h.mu.Unlock()
}

// act holds the exchange, and then goes on with it as the test has said.
func (h *Hold) act(e *vaurien.Event, next vaurien.Next) error {
	if e.Point == vaurien.Reply {
		if _, err := e.Load(maxHeld); err != nil {
			return err
		}
	}
	h.proxy.barrier.held(+1)
	close(h.arrived)
	h.proxy.journal.touch()
	err := e.Await(h.decided)
	close(h.gone)
	h.proxy.barrier.held(-1)
	if err != nil {
		return err
	}
	h.mu.Lock()
	how := h.how
	h.mu.Unlock()
	return how(e, next)
}

func (h *Hold) hasArrived() bool { return isClosed(h.arrived) }

func (h *Hold) isGone() bool { return isClosed(h.gone) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
