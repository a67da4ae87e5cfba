package behavior

import (
	"sync/atomic"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

const (
	// sip is the time's worth of bytes that a slow reader takes at once.
	sip = 100 * time.Millisecond

	// The least and the most bytes that the system is told to hold before a slow
	// reader takes them.
	leastHeld = 4 << 10
	mostHeld  = 64 << 10
)

// SlowRead reads no faster than a slow program does, and passes on what it has
// read: sooner or later, when all buffers are full, the sender's writes wait.
func SlowRead() vaurien.Kind {
	return vaurien.Kind{
		Name: "slow_read",
		Doc:  "reads slowly, so that the sender is held back",
		New: func(set *option.Set) vaurien.Make {
			s := new(slowRead)
			set.Size(&s.rate, "rate", 1000, "bytes a second; 0: nothing is read until the plan changes").AtLeast("0").AtMost(mostRate)
			s.declare(set)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return s, nil }
		},
	}
}

type slowRead struct {
	way
	rate int64
}

func (s *slowRead) Points() vaurien.Point { return s.points() }

func (s *slowRead) Act(e *vaurien.Event, next vaurien.Next) error {
	if n := remembered[narrowed](e, s); !n.already.Swap(true) {
		e.Narrow(s.holds())
	}
	through(e, &sipping{s: s, e: e})
	return next()
}

// narrowed is whether the system was told to hold little of what is sent.
type narrowed struct{ already atomic.Bool }

// holds returns how much the system is to hold: what is read in a second, within
// bounds.
func (s *slowRead) holds() int { return int(min(max(s.rate, leastHeld), mostHeld)) }

// sipping is the stage of a slow reader. Each sip is passed on at once, and
// its time taken after it.
type sipping struct {
	onward
	s    *slowRead
	e    *vaurien.Event
	over bool // the slow reader is no longer in force
}

func (s *sipping) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) && !s.over {
		if s.s.rate == 0 {
			if err := whileInForce(s.e, s.s); err != nil {
				return written, err
			}
			s.over = true
			break
		}
		n := min(int64(len(p)-written), max(1, s.s.rate/int64(time.Second/sip)))
		begun := time.Now()
		m, err := s.w.Write(p[written : written+int(n)])
		if written += m; err != nil {
			return written, err
		}
		stays, err := until(s.e, s.s, begun.Add(bytesTime(n, s.s.rate)), s.e.Pause)
		if err != nil {
			return written, err
		}
		s.over = !stays
	}
	if written == len(p) {
		return written, nil
	}
	n, err := s.w.Write(p[written:])
	return written + n, err
}
