package behavior

import (
	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Bandwidth passes bytes on no faster than a line of that rate does: smoothly,
// a few milliseconds' worth at a time, each when its last byte would be through.
// What it has not passed on it does not read, so that the sender is held back.
func Bandwidth() vaurien.Kind {
	return vaurien.Kind{
		Name: "bandwidth",
		Doc:  "passes bytes on no faster than a line of that rate does",
		New: func(set *option.Set) vaurien.Make {
			b := new(bandwidth)
			set.Size(&b.rate, "rate", 0, "bytes a second; 0: nothing passes until the plan changes").AtLeast("0").AtMost(mostRate)
			set.Size(&b.burst, "burst", 0, "bytes that pass at once after an idle time; 0: none").AtLeast("0").AtMost("1000GB")
			set.Bool(&b.shared, "shared", false, "one line for all connections of the proxy; false: one for each")
			b.declare(set)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return b, nil }
		},
	}
}

type bandwidth struct {
	way
	rate, burst int64
	shared      bool
	up, down    pacer // of all connections
}

func (b *bandwidth) Points() vaurien.Point { return b.points() }

func (b *bandwidth) Act(e *vaurien.Event, next vaurien.Next) error {
	through(e, &paced{b: b, e: e, pacer: b.pacer(e)})
	return next()
}

// pacer returns the schedule of e's direction. Those who share one take turns
// of a quantum, in the order in which they ask.
func (b *bandwidth) pacer(e *vaurien.Event) *pacer {
	switch {
	case !b.shared:
		return remembered[pacer](e, b)
	case e.Direction() == vaurien.Request:
		return &b.up
	}
	return &b.down
}

// paced is the stage of a bandwidth.
type paced struct {
	onward
	b     *bandwidth
	e     *vaurien.Event
	pacer *pacer
	over  bool // the bandwidth is no longer in force
}

func (s *paced) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) && !s.over {
		n, err := s.turn(len(p) - written)
		if err != nil {
			return written, err
		}
		m, err := s.w.Write(p[written : written+n])
		if written += m; err != nil {
			return written, err
		}
	}
	if written == len(p) {
		return written, nil
	}
	n, err := s.w.Write(p[written:])
	return written + n, err
}

// turn waits for the next turn to write and returns how many bytes are in it.
func (s *paced) turn(n int) (int, error) {
	if s.b.rate == 0 {
		s.over = true
		return n, whileInForce(s.e, s.b)
	}
	turn, due := s.pacer.take(n, s.b.rate, s.b.burst)
	stays, err := until(s.e, s.b, due, s.e.Pause)
	if err != nil {
		return 0, err
	}
	if !stays {
		s.over = true
		return n, nil
	}
	s.pacer.woke(due)
	return turn, nil
}
