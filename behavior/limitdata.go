package behavior

import (
	"sync"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// LimitData passes so many bytes of a connection on and then closes it, in
// order: both sides can read all that was passed on. Each direction has its own
// count, which begins when the connection meets it, and anew when the limit is
// changed.
func LimitData() vaurien.Kind {
	return vaurien.Kind{
		Name: "limit_data",
		Doc:  "passes so many bytes of a connection on and then closes it",
		New: func(set *option.Set) vaurien.Make {
			l := new(limitData)
			set.Size(&l.bytes, "bytes", 0, "how many; 0: it is closed at the first").AtLeast("0")
			l.declare(set)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return l, nil }
		},
	}
}

type limitData struct {
	way
	bytes int64
}

func (l *limitData) Points() vaurien.Point { return l.points() }

func (l *limitData) Act(e *vaurien.Event, next vaurien.Next) error {
	through(e, &limiting{l: l, e: e, passed: remembered[passed](e, l)})
	return next()
}

// passed is how many bytes have passed.
type passed struct {
	mu sync.Mutex
	n  int64
}

// more returns how many of n bytes may pass, and whether they are the last.
func (p *passed) more(n int, most int64) (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n = int(min(int64(n), most-p.n))
	p.n += int64(n)
	return n, p.n == most
}

// limiting is the stage of a limit.
type limiting struct {
	onward
	l      *limitData
	e      *vaurien.Event
	passed *passed
	over   bool // the limit is no longer in force
}

func (s *limiting) Write(p []byte) (int, error) {
	written := 0
	if s.over = s.over || !s.e.Stays(s.l); !s.over {
		n, last := s.passed.more(len(p), s.l.bytes)
		if n > 0 {
			var err error
			if written, err = s.w.Write(p[:n]); err != nil {
				return written, err
			}
		}
		if !last {
			return written, nil
		}
		// It may be gone by now, if later stages took their time.
		if s.over = !s.e.Stays(s.l); !s.over {
			return written, s.e.Finish()
		}
	}
	if written == len(p) {
		return written, nil
	}
	n, err := s.w.Write(p[written:])
	return written + n, err
}
