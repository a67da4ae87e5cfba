package script

import (
	"sync"
	"time"
)

const (
	// longestWindow is how far ctx.recent looks back.
	longestWindow = time.Minute

	// grain is how finely it does.
	grain = 50 * time.Millisecond
)

// A window counts what happened in the last minute, over all sessions.
type window struct {
	mu     sync.Mutex
	counts [longestWindow/grain + 1]count
}

type count struct{ slot, n int64 }

func slotOf(t time.Time) int64 { return t.UnixNano() / int64(grain) }

// add counts what happened at t.
func (w *window) add(t time.Time) {
	slot := slotOf(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &w.counts[slot%int64(len(w.counts))]
	if c.slot < slot {
		*c = count{slot: slot}
	}
	c.n++
}

// within returns how much happened within d before t.
func (w *window) within(t time.Time, d time.Duration) int64 {
	last := slotOf(t)
	first := slotOf(t.Add(-d))
	w.mu.Lock()
	defer w.mu.Unlock()
	n := int64(0)
	for slot := first; slot <= last; slot++ {
		if c := &w.counts[slot%int64(len(w.counts))]; c.slot == slot {
			n += c.n
		}
	}
	return n
}
