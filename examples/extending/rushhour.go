package main

import (
	"sync"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// rushHour is a server that is well as long as little is asked of it: above so
// many requests a second each waits, the longer the more there are, and above
// twice as many they fail.
func rushHour() vaurien.Kind {
	return vaurien.Kind{
		Name: "rush_hour",
		Doc:  "slow above so many requests a second, and failing above twice as many",
		New: func(set *option.Set) vaurien.Make {
			var calm int64
			var slow time.Duration
			set.Int(&calm, "calm", 10, "requests a second that the server takes without effort").AtLeast("1")
			set.Duration(&slow, "slow", time.Second, "how long requests wait just below twice as many").AtLeast("0s").AtMost("1h")
			return func(vaurien.Protocol) (vaurien.Behavior, error) {
				return &rush{calm: calm, slow: slow}, nil
			}
		},
	}
}

// A rush is one proxy's, for as long as its plan is in force; all sessions call
// it.
type rush struct {
	calm int64
	slow time.Duration

	mu     sync.Mutex
	second time.Time // when the present one began
	asked  int64     // in it
}

// Points says that only requests are looked at.
func (*rush) Points() vaurien.Point { return vaurien.Request }

// Act passes the request on (next), late, or answers it in the server's place.
func (r *rush) Act(e *vaurien.Event, next vaurien.Next) error {
	above := r.count(e.Message.Arrived) - r.calm
	switch {
	case above > r.calm:
		return e.Fail(vaurien.Failure{}) // one of the protocol's own errors
	case above > 0:
		if err := e.Sleep(r.slow * time.Duration(above) / time.Duration(r.calm)); err != nil {
			return err
		}
	}
	return next()
}

// count returns how many requests came in this second, with this one.
func (r *rush) count(arrived time.Time) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if arrived.Sub(r.second) >= time.Second {
		r.second, r.asked = arrived, 0
	}
	r.asked++
	return r.asked
}
