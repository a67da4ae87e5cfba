package vaurien_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/vaurien-proxy/vaurien"
)

// chained returns a proxy of p under a chain of behaviors, drawn as told.
func chained(t *testing.T, p lines, draw string, b vaurien.Behavior) *world {
	return newWorldWith(t, vaurien.NewPlan(vaurien.OneOf(vaurien.Choice{Weight: 100, Name: "it", Behavior: b})),
		func(_ *world, c *vaurien.Config) { c.Protocol, c.Settings.Draw = p, draw })
}

// does does a deed at its points.
type does struct {
	points vaurien.Point
	deed   func(e *vaurien.Event, next vaurien.Next) error
}

func (d does) Points() vaurien.Point { return d.points }

func (d does) Act(e *vaurien.Event, next vaurien.Next) error { return d.deed(e, next) }

func fails(kind string) vaurien.Behavior {
	return does{vaurien.Request, func(e *vaurien.Event, _ vaurien.Next) error { return e.Fail(vaurien.Failure{Kind: kind}) }}
}

func verb(v string, b vaurien.Behavior) vaurien.Behavior {
	return vaurien.When(func(e *vaurien.Event) bool { return e.Attribute("verb") == v }, b)
}

// What goes wrong in a behavior after its message is gone costs nothing.
func TestFaultAfterNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := chained(t, lines{}, "exchange", does{vaurien.Request | vaurien.Reply, func(_ *vaurien.Event, next vaurien.Next) error {
			if err := next(); err != nil {
				return err
			}
			return errString("too late")
		}})
		defer w.close()
		c, b := w.dial(), w.accept()
		for range 2 {
			w.play(c, b, "C> GET\nB< GET\nB> got\nC< got")
		}
	})
}

// A request that cannot be failed after all meets what is behind in the chain.
func TestPassInChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := chained(t, lines{}, "exchange", vaurien.Chain(fails("pass"), request("x")))
		defer w.close()
		w.play(w.dial(), w.accept(), "C> GET\nB< xGET")
	})
}

// What awaits a message keeps nothing else in its chain from acting, and is not
// counted where it does not act.
func TestChainsThatAwaitMessages(t *testing.T) {
	accepts := 0
	accept := does{vaurien.Accept | vaurien.Close, func(_ *vaurien.Event, next vaurien.Next) error {
		accepts++
		return next()
	}}
	for _, tt := range []struct {
		name    string
		b       vaurien.Behavior
		script  string
		accepts int
	}{
		{"at the connection's points", vaurien.Chain(accept, verb("GET", request("x"))), "C> GET\nB< xGET", 1},
		{"limited to points", vaurien.At(vaurien.Request, vaurien.Chain(vaurien.First(1, verb("GET", request("x"))), request("y"))),
			"C> PUT\nB< yPUT\nC> GET\nB< xyGET\nC> GET\nB< yGET", 0},
		{"counted", vaurien.Chain(vaurien.First(2, verb("GET", request("x"))), mark{"z", vaurien.Reply}),
			"C> GET\nB< xGET\nB> got\nC< zgot\nC> GET\nB< xGET\nB> got\nC< zgot\nC> GET\nB< GET", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, draw := range []string{"connection", "exchange"} {
				synctest.Test(t, func(t *testing.T) {
					accepts = 0
					w := chained(t, lines{}, draw, tt.b)
					defer w.close()
					w.play(w.dial(), w.accept(), tt.script)
					if draw == "connection" && accepts != tt.accepts {
						t.Errorf("%d acts on the connection, want %d", accepts, tt.accepts)
					}
				})
				if strings.Contains(tt.script, "x") && tt.name != "at the connection's points" {
					break // the count is spent
				}
			}
		})
	}
	// Pieces of tcp, counted only on the side on which it acts.
	synctest.Test(t, func(t *testing.T) {
		any := func(b vaurien.Behavior) vaurien.Behavior {
			return vaurien.When(func(e *vaurien.Event) bool { return true }, b)
		}
		w := newWorld(t, vaurien.NewPlan(vaurien.Chain(vaurien.First(1, any(request("x"))), any(mark{"z", vaurien.Reply}))))
		defer w.close()
		c, b := w.dial(), w.accept()
		w.play(c, b, "B> hello\nC< zhello\nC> GET\nB< xGET\nC> GET\nB< GET")
	})
}
