package vaurien_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/vaurien-proxy/vaurien"
)

// mark appends a letter to what is passed on.
type mark struct {
	letter string
	points vaurien.Point
}

func (m mark) Points() vaurien.Point { return m.points }

func (m mark) Act(e *vaurien.Event, next vaurien.Next) error {
	if _, err := io.WriteString(e.Out, m.letter); err != nil {
		return err
	}
	return next()
}

func request(letter string) vaurien.Behavior { return mark{letter, vaurien.Request} }

// passes returns what the backend sees of five requests "-" under b, each on a
// connection of its own.
func passes(t *testing.T, b vaurien.Behavior) string {
	var got strings.Builder
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, vaurien.NewPlan(b))
		defer w.close()
		for range 5 {
			c := w.dial()
			server := w.accept()
			send(t, c, "-")
			c.CloseWrite()
			all, err := io.ReadAll(server)
			if err != nil {
				t.Fatal(err)
			}
			got.Write(all)
			server.Close()
		}
	})
	return got.String()
}

func TestAlgebra(t *testing.T) {
	for _, tt := range []struct {
		name string
		b    vaurien.Behavior
		want string
	}{
		{"nil", nil, "-----"},
		{"chain, in order", vaurien.Chain(request("a"), request("b")), "ab-ab-ab-ab-ab-"},
		{"one of", vaurien.OneOf(vaurien.Choice{Weight: 100, Name: "a", Behavior: request("a")}), "a-a-a-a-a-"},
		{"one of none", vaurien.OneOf(), "-----"},
		{"first", vaurien.First(2, request("a")), "a-a----"},
		{"after", vaurien.After(2, request("a")), "--a-a-a-"},
		{"the first after", vaurien.First(2, vaurien.After(1, request("a"))), "-a-a---"},
		{"every", vaurien.Every(2, request("a")), "-a--a--"},
		{"counted are those that are chosen", vaurien.First(2, vaurien.Every(2, request("a"))), "-a--a--"},
		{"at", vaurien.At(vaurien.Reply, mark{"a", vaurien.Request | vaurien.Reply}), "-----"},
		{"at a selector", vaurien.At(vaurien.Request, vaurien.First(1, mark{"a", vaurien.Request | vaurien.Reply})), "a-----"},
		{"when", vaurien.When(func(e *vaurien.Event) bool { return e.Session.Number()%2 == 0 }, request("a")), "-a--a--"},
		{"chain of selectors", vaurien.Chain(vaurien.First(1, request("a")), vaurien.After(4, request("b"))), "a----b-"},
		{"never", vaurien.Sometimes(0, request("a")), "-----"},
	} {
		if got := passes(t, tt.b); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Two links of a chain that each act sometimes do not act together: each has
// a roll of its own.
func TestRollsOfOneExchangeAreIndependent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, vaurien.NewPlan(vaurien.Chain(
			vaurien.Sometimes(50, request("a")), vaurien.Sometimes(50, request("b")))))
		defer w.close()
		met := make(map[string]int)
		const n = 400
		for range n {
			c := w.dial()
			server := w.accept()
			send(t, c, "-")
			c.CloseWrite()
			all, _ := io.ReadAll(server)
			met[string(all)]++
			server.Close()
		}
		for _, outcome := range []string{"-", "a-", "b-", "ab-"} {
			if low, high := binomial(n, met[outcome], 0.25); low < 0.0005 || high < 0.0005 {
				t.Errorf("%q was met %d times of %d; all: %v", outcome, met[outcome], n, met)
			}
		}
	})
}

// A behavior that fails costs nothing but a line in the log, and one that
// panics its session only.
func TestBadBehaviors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, vaurien.NewPlan(broken{}))
		defer w.close()
		c := w.dial()
		b := w.accept()
		send(t, c, "hello")
		expect(t, b, "hello")
		if !strings.Contains(w.logs.String(), "is not possible") {
			t.Errorf("the log does not say so:\n%s", w.logs)
		}
		w.proxy.SetPlan(vaurien.NewPlan(broken{panics: true}))
		send(t, c, "hello")
		expectReset(t, c)
		w.proxy.SetPlan(nil)
		c = w.dial()
		b = w.accept()
		send(t, c, "hello")
		expect(t, b, "hello")
	})
}

type broken struct{ panics bool }

func (broken) Points() vaurien.Point { return vaurien.Request }

func (b broken) Act(*vaurien.Event, vaurien.Next) error {
	if b.panics {
		panic("on purpose")
	}
	return errString("this is not possible")
}

type errString string

func (e errString) Error() string { return string(e) }
