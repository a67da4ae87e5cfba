package behavior

import (
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// ResetPeer resets the connection after a time, whether anything is sent on it
// or not. The time is counted from when the connection met it: that it was made,
// or, if it was open, that the plan was put in force.
func ResetPeer() vaurien.Kind {
	return vaurien.Kind{
		Name: "reset_peer",
		Doc:  "resets the connection (TCP RST) after a time",
		New: func(set *option.Set) vaurien.Make {
			r := new(resetPeer)
			set.Duration(&r.after, "timeout", 0, "after how long; 0: at once").AtLeast("0s").AtMost(longestDelay)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return r, nil }
		},
	}
}

type resetPeer struct{ after time.Duration }

// OfConnection implements vaurien.OfConnection.
func (*resetPeer) OfConnection() bool { return true }

func (*resetPeer) Points() vaurien.Point { return vaurien.Live | vaurien.Request | vaurien.Reply }

func (r *resetPeer) Act(e *vaurien.Event, next vaurien.Next) error {
	due := clockOf(e, r).start.Add(r.after)
	if e.Point != vaurien.Live {
		if time.Now().Before(due) {
			return next()
		}
		return e.Reset() // no byte passes that comes after it is due
	}
	if err := e.Pause(due); err != nil || time.Now().Before(due) {
		return err // another plan: if it still has this, it acts anew
	}
	return e.Reset()
}
