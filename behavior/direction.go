package behavior

import (
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// The directions in which a behavior of the stream acts.
const (
	toBackend = "to_backend"
	toClient  = "to_client"
	bothWays  = "both"
)

// way is what the behaviors of the stream share: they are drawn once for a
// connection, whatever its protocol, and act on its bytes in one direction or
// both.
type way struct{ direction string }

// OfConnection says that the behavior is the connection's and not an exchange's.
func (*way) OfConnection() bool { return true }

func (w *way) declare(set *option.Set) {
	set.Choice(&w.direction, "direction", bothWays, "which way it acts on", toBackend, toClient, bothWays)
}

// points are where messages pass that go this way.
func (w *way) points() vaurien.Point {
	switch w.direction {
	case toBackend:
		return vaurien.Request
	case toClient:
		return vaurien.Reply
	}
	return vaurien.Request | vaurien.Reply
}

// goes reports whether e's direction is this way.
func (w *way) goes(e *vaurien.Event) bool { return w.points()&e.Direction() != 0 }

// remembered returns what b remembers of e's connection in e's direction.
func remembered[T any](e *vaurien.Event, b vaurien.Behavior) *T {
	return e.Local(vaurien.LocalKey{Behavior: b, Point: e.Direction()}, func() any { return new(T) }).(*T)
}

// A wait is Event.Pause or Event.SleepUntil.
type wait func(due time.Time) error

// until waits until due, or until b is no longer in force, and reports whether
// b still is.
func until(e *vaurien.Event, b vaurien.Behavior, due time.Time, wait wait) (bool, error) {
	for e.Stays(b) { // first of all: what waited before, for the same message, may have seen a change
		if err := wait(due); err != nil {
			return false, err
		}
		if !time.Now().Before(due) {
			return true, nil
		}
	}
	return false, nil
}

// whileInForce waits until b is no longer in force. The sender is held back.
func whileInForce(e *vaurien.Event, b vaurien.Behavior) error {
	for {
		if stays, err := until(e, b, time.Now().Add(24*time.Hour), e.Pause); err != nil || !stays {
			return err
		}
	}
}
