package behavior

import (
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Timeout swallows what is sent, as a network does that drops every packet, and
// closes the connection after a time. The time is counted from when the
// connection met it, and traffic does not begin it anew; a change of the time
// does. When it is taken away, the connections are closed of which it has
// swallowed anything, since that is lost; the others go on.
func Timeout() vaurien.Kind {
	return vaurien.Kind{
		Name: "timeout",
		Doc:  "swallows what is sent, and closes the connection after a time",
		New: func(set *option.Set) vaurien.Make {
			t := new(timeout)
			set.Duration(&t.after, "timeout", 0, "after how long the connection is closed; 0: never").AtLeast("0s").AtMost(longestDelay)
			t.declare(set)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return t, nil }
		},
	}
}

type timeout struct {
	way
	after time.Duration
}

func (t *timeout) Points() vaurien.Point { return t.points() | vaurien.Close | vaurien.Live }

// clock is what the behaviors that count time remember of a connection.
type clock struct{ start time.Time }

// clockOf returns b's clock of e's connection. It runs from when it was first
// asked for.
func clockOf(e *vaurien.Event, b vaurien.Behavior) *clock {
	return e.Local(vaurien.LocalKey{Behavior: b, Point: vaurien.Live}, func() any { return &clock{time.Now()} }).(*clock)
}

func (t *timeout) Act(e *vaurien.Event, next vaurien.Next) error {
	c := clockOf(e, t)
	if e.Point == vaurien.Live {
		return t.live(e, c)
	}
	if !t.goes(e) {
		return next()
	}
	e.Discard()
	for t != nil {
		var over bool
		var err error
		if t.after == 0 {
			err = whileInForce(e, t)
		} else {
			over, err = until(e, t, c.start.Add(t.after), e.Pause)
		}
		if err != nil {
			return err
		}
		if over {
			break
		}
		if t = t.successor(e); t != nil {
			c = clockOf(e, t)
		}
	}
	return e.Close()
}

// successor returns the timeout that is in force in t's place, if there is one:
// what t has swallowed is none the less lost, but the network is silent still.
func (t *timeout) successor(e *vaurien.Event) *timeout {
	next, _ := e.Find(func(b vaurien.Behavior) bool {
		t, ok := b.(*timeout)
		return ok && t.goes(e)
	}).(*timeout)
	return next
}

// live closes the connection when nothing is sent on it. Where something was
// swallowed, whoever did it closes.
func (t *timeout) live(e *vaurien.Event, c *clock) error {
	if t.after == 0 {
		return nil
	}
	due := c.start.Add(t.after)
	if err := e.Pause(due); err != nil || time.Now().Before(due) {
		return err // another plan: if it still has this, it acts anew
	}
	return e.Close()
}
