package behavior

import (
	"sync"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// LimitData passes so many bytes of a connection on and then closes it, in
// order. Each direction has its own count, which begins when the connection
// meets it.
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
	through(e, &limiting{e: e, most: l.bytes, passed: remembered[passed](e, l)})
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
	e      *vaurien.Event
	most   int64
	passed *passed
}

func (s *limiting) Write(p []byte) (int, error) {
	n, last := s.passed.more(len(p), s.most)
	if n > 0 {
		if n, err := s.w.Write(p[:n]); err != nil {
			return n, err
		}
	}
	if last {
		return n, s.e.Close()
	}
	return n, nil
}
