package behavior

import (
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Slicer cuts what is sent into small writes, with a pause between them. It
// finds out who takes one read for one message.
func Slicer() vaurien.Kind {
	return vaurien.Kind{
		Name: "slicer",
		Doc:  "cuts what is sent into small writes, with a pause between them",
		New: func(set *option.Set) vaurien.Make {
			s := new(slicer)
			set.Size(&s.average, "average-size", 0, "bytes in a write, on average; at least 1 is written").AtLeast("0").AtMost("1GiB")
			set.Size(&s.variation, "size-variation", 0, "how far the size strays from that, at most").AtLeast("0").AtMost("1GiB")
			set.Duration(&s.delay, "delay", 0, "the pause between two writes").AtLeast("0s").AtMost(longestDelay)
			s.declare(set)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return s, nil }
		},
	}
}

type slicer struct {
	way
	average, variation int64
	delay              time.Duration
}

func (s *slicer) Points() vaurien.Point { return s.points() }

func (s *slicer) Act(e *vaurien.Event, next vaurien.Next) error {
	through(e, &slicing{s: s, e: e})
	return next()
}

// slicing is the stage of a slicer.
type slicing struct {
	onward
	s    *slicer
	e    *vaurien.Event
	over bool // the slicer is no longer in force
}

func (s *slicing) Write(p []byte) (int, error) {
	written := 0
	for {
		rest := p[written:]
		if !s.over {
			rest = rest[:min(s.size(), len(rest))]
		}
		n, err := s.w.Write(rest)
		if written += n; err != nil || written == len(p) {
			return written, err
		}
		stays, err := true, error(nil)
		if s.s.delay > 0 {
			stays, err = until(s.e, s.s, time.Now().Add(s.s.delay), s.e.Pause)
		} else if s.e.Changed() {
			stays = s.e.Stays(s.s)
		}
		if err != nil {
			return written, err
		}
		s.over = !stays
	}
}

// size draws the size of the next write.
func (s *slicing) size() int {
	n := s.s.average
	if v := s.s.variation; v > 0 {
		n += s.e.Rand().Int64N(2*v+1) - v
	}
	return int(max(n, 1))
}
