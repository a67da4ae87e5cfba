package vaurien_test

import (
	"context"
	"io"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/behavior"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
	"github.com/vaurien-proxy/vaurien/option"
)

// ended checks that no session is left.
func (w *world) ended() {
	w.t.Helper()
	synctest.Wait()
	if open := w.proxy.Stats().Open; open != 0 {
		w.t.Errorf("%d sessions are open", open)
	}
}

// shutdown drains the proxy and checks that nobody had to be hurried.
func (w *world) shutdown() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.proxy.Shutdown(ctx); err != nil {
		w.t.Errorf("shutting down: %v", err)
	}
}

// inSync runs f with a client and its backend, of a proxy of p.
func inSync(t *testing.T, p lines, kind vaurien.Kind, options []string, f func(w *world, c, b *memnet.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := inLines(t, p, kind, options...)
		defer w.close()
		c, b := w.dial(), w.accept()
		defer c.Close()
		defer b.Close()
		f(w, c, b)
	})
}

// Where replies come in any order, the end of a stream does not overtake what a
// behavior holds aside.
func TestEndsWaitForWhatIsAside(t *testing.T) {
	inSync(t, lines{anyOrder: true}, behavior.Delay(), []string{"sleep=5"}, func(w *world, c, b *memnet.Conn) {
		w.play(c, b, "C> 1 GET\nC> 2 GET")
		c.CloseWrite()
		w.play(c, b, "+6s")
		got := make([]byte, len("1 GET\n2 GET\n"))
		if _, err := io.ReadFull(b, got); err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		expectEnd(t, b, io.EOF)
		w.play(c, b, "B> 1 got\nB> 2 got\nC< 1 got\nC< 2 got")
		b.Close()
		expectEnd(t, c, io.EOF)
		w.ended()
	})
	inSync(t, lines{anyOrder: true}, behavior.Delay(), []string{"sleep=5", "before=false"}, func(w *world, c, b *memnet.Conn) {
		w.play(c, b, "C> 1 GET\nB< 1 GET\nB> 1 got")
		b.Close()
		w.play(c, b, "+6s\nC< 1 got")
		expectEnd(t, c, io.EOF)
	})
	inSync(t, lines{anyOrder: true}, behavior.Error(), []string{"kind=no"}, func(w *world, c, b *memnet.Conn) {
		w.play(c, b, "C> 1 GET")
		c.CloseWrite()
		w.play(c, b, "C< 1 no")
	})
}

// A proxy that shuts down lets go of a session as soon as what is held aside is
// done with.
func TestShutdownWithWhatIsAside(t *testing.T) {
	for _, options := range [][]string{{"sleep=5"}, {"sleep=5", "before=false"}} {
		inSync(t, lines{anyOrder: true}, behavior.Delay(), options, func(w *world, c, b *memnet.Conn) {
			var talk sync.WaitGroup
			talk.Go(func() { w.play(c, b, "C> 1 GET\nB< 1 GET\nB> 1 got\nC< 1 got") })
			synctest.Wait()
			w.shutdown()
			talk.Wait()
		})
	}
	inSync(t, lines{anyOrder: true}, vaurien.Kind{Name: "late", New: lateNo}, nil, func(w *world, c, b *memnet.Conn) {
		var talk sync.WaitGroup
		talk.Go(func() { w.play(c, b, "C> 1 GET\nC< 1 no") })
		synctest.Wait()
		w.shutdown()
		talk.Wait()
	})
}

// A client that goes away while a reply is awaited which decides how to go on
// is noticed, and so is a backend told of it.
func TestClientGoesAwayAtABarrier(t *testing.T) {
	for _, pipelined := range []string{"", "C> GET\n"} {
		inSync(t, lines{}, behavior.Dummy(), nil, func(w *world, c, b *memnet.Conn) {
			w.play(c, b, "C> DATA\nB< DATA\n"+pipelined+"+1s")
			c.SetLinger(0)
			c.Close()
			expectEnd(t, b, syscall.ECONNRESET)
			w.ended()
		})
	}
	inSync(t, lines{}, behavior.Dummy(), nil, func(w *world, c, b *memnet.Conn) {
		w.play(c, b, "C> DATA\nB< DATA\n+1s")
		c.CloseWrite()
		expectEnd(t, b, io.EOF)
		w.play(c, b, "B> no\nC< no")
		b.Close()
		expectEnd(t, c, io.EOF)
		w.ended()
	})
}

// A client that goes away while it is to be told the last is noticed.
func TestClientGoesAwayBeforeGoodbye(t *testing.T) {
	inSync(t, lines{}, behavior.Error(), []string{"kind=bye", "warmup=1"}, func(w *world, c, b *memnet.Conn) {
		w.play(c, b, "C> GET\nB< GET\nC> GET\n+1s")
		c.SetLinger(0)
		c.Close()
		expectEnd(t, b, syscall.ECONNRESET)
		w.ended()
	})
}

// A server that closes abruptly does not wait for the client, in any order
// neither.
func TestAbruptGoodbye(t *testing.T) {
	for _, p := range []lines{{}, {anyOrder: true}} {
		inSync(t, p, behavior.Error(), []string{"kind=gone"}, func(w *world, c, b *memnet.Conn) {
			w.play(c, b, "C> 1 GET")
			if p.anyOrder {
				expect(t, c, "1 ")
			}
			w.play(c, b, "C< gone")
			w.ended()
		})
	}
}

// A client that begins with something else than the protocol, TLS perhaps, is
// not one that waits for a greeting, and a server that speaks it does not greet.
func TestNoGreeting(t *testing.T) {
	for _, before := range []string{"true", "false"} {
		inSync(t, lines{greets: true}, behavior.Delay(), []string{"sleep=5", "before=" + before}, func(w *world, c, b *memnet.Conn) {
			w.play(c, b, "C> junk\nB< junk\nB> hello junk\nC< hello junk")
		})
	}
	inSync(t, lines{greets: true}, behavior.Dummy(), nil, func(w *world, c, b *memnet.Conn) {
		w.play(c, b, "C> GET\nC> junk\nB< GET\nB< junk\nB> hello\nB> got\nB> half")
		w.play(c, b, "C< hello\nC< got\nC< half")
	})
	inSync(t, lines{greets: true}, behavior.Transient(), []string{"kind=no"}, func(w *world, c, b *memnet.Conn) {
		w.play(c, b, "C< no\nC> GET\nB< GET\nB> hello\nB> got\nC< got")
	})
	inSync(t, lines{greets: true}, behavior.Error(), []string{"kind=no"}, func(w *world, c, b *memnet.Conn) {
		w.play(c, b, "C< no")
		c.Close()
		expectEnd(t, b, io.EOF)
		b.Close()
		w.ended()
	})
	for _, reset := range []bool{false, true} {
		inSync(t, lines{greets: true}, behavior.Hang(), nil, func(w *world, c, b *memnet.Conn) {
			w.play(c, b, "C> GET\n+1s")
			if reset {
				c.SetLinger(0)
				c.Close()
				expectEnd(t, b, syscall.ECONNRESET)
			} else {
				c.Close()
				w.proxy.SetPlan(nil)
				expectEnd(t, b, io.EOF)
			}
			w.ended()
		})
	}
}

// lateNo makes what says no a while later.
func lateNo(*option.Set) vaurien.Make {
	return func(vaurien.Protocol) (vaurien.Behavior, error) { return later{}, nil }
}

type later struct{}

func (later) Points() vaurien.Point { return vaurien.Request }

func (later) Act(e *vaurien.Event, _ vaurien.Next) error {
	if err := e.Sleep(5 * time.Second); err != nil {
		return err
	}
	return e.Fail(vaurien.Failure{Kind: "no"})
}
