package behavior

import (
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Stall passes the beginning of a reply on and then nothing for a time. No byte
// is lost: the rest comes when the time is over or another plan is put in
// force.
func Stall() vaurien.Kind {
	return vaurien.Kind{
		Name: "stall",
		Doc:  "passes the beginning of the reply on, and the rest of it later or never",
		New: func(set *option.Set) vaurien.Make {
			var s stall
			set.Duration(&s.time, "for", 0, "how long, from when the reply began to come; 0: until the plan changes").
				AtLeast("0s").AtMost(longestDelay)
			declareBytes(set, &s.bytes)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return s, nil }
		},
	}
}

type stall struct {
	time  time.Duration
	bytes int64
}

func (stall) Points() vaurien.Point { return vaurien.Reply }

func (s stall) Act(e *vaurien.Event, next vaurien.Next) error {
	return inTheMiddle(e, next, s.bytes, func() error {
		if s.time == 0 {
			return e.Hold()
		}
		return e.Sleep(s.time)
	})
}
