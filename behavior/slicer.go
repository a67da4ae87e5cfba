package behavior

import (
	"sync"
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
	through(e, &slicing{s: s, e: e, last: remembered[last](e, s)})
	return next()
}

// last is when the last slice was written.
type last struct {
	mu sync.Mutex
	at time.Time
}

// written notes that a slice has been.
func (l *last) written() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = time.Now()
}

// next returns when the next slice is due.
func (l *last) next(delay time.Duration) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at.Add(delay)
}

// slicing is the stage of a slicer.
type slicing struct {
	onward
	s    *slicer
	e    *vaurien.Event
	last *last
	over bool // the slicer is no longer in force
}

func (s *slicing) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		if err := s.pause(); err != nil {
			return written, err
		}
		slice := p[written:]
		if !s.over {
			if n := s.size(); n < len(slice) {
				slice = slice[:n]
				s.e.Note("slice", "")
			}
		}
		n, err := s.w.Write(slice)
		if written += n; err != nil {
			return written, err
		}
		if s.s.delay > 0 {
			s.last.written()
		}
	}
	return written, nil
}

// pause waits until the next slice may be written.
func (s *slicing) pause() error {
	if s.over || s.s.delay == 0 {
		s.over = s.over || !s.e.Stays(s.s)
		return nil
	}
	stays, err := until(s.e, s.s, s.last.next(s.s.delay), s.e.Pause)
	s.over = err == nil && !stays
	return err
}

// size draws the size of the next write.
func (s *slicing) size() int {
	n := s.s.average
	if v := s.s.variation; v > 0 {
		n += s.e.Rand().Int64N(2*v+1) - v
	}
	return int(max(n, 1))
}
