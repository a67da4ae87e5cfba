package behavior

import (
	"sync"
	"time"
)

const (
	// quantum is the time's worth of bytes that are written at once. More of
	// them would be a burst, and fewer only cost system calls.
	quantum = 5 * time.Millisecond

	// slack is how far a pacer falls behind before it gives time up that it
	// has not used: what it catches up at once. Two quanta more in any 100 ms
	// are 10 %.
	slack = 2 * quantum

	// most bytes a second. (A quantum of them, in nanoseconds of bytes, is
	// still far from what an int64 holds.)
	mostRate = "1000GB"

	// repaid is which part of each quantum's time makes up for wakings that
	// came later than slack, of which no more than mostOwed is remembered.
	repaid   = 20
	mostOwed = time.Second
)

// A pacer is the schedule of a line of some bytes a second. It is absolute: each
// quantum takes its time from when the one before was due, not from when it was
// written, so that nothing drifts. Time in which there was nothing to write, or
// nobody to take it, is gone, but for slack or the burst.
type pacer struct {
	mu   sync.Mutex
	next time.Time     // until when the line is taken
	rest int64         // of the last division by the rate
	late time.Duration // how late the last waking was
	owed time.Duration // lost to wakings that came too late
}

// take returns how many of n bytes are next, and when they are through: not
// before they have taken their time, as on a line.
func (p *pacer) take(n int, rate, burst int64) (int, time.Time) {
	n = int(min(int64(n), max(1, rate*int64(quantum)/int64(time.Second))))
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if back := credit(rate, burst); p.next.Before(now.Add(-back)) {
		if !p.next.IsZero() {
			p.owed = min(p.owed+min(p.late, now.Sub(p.next)), mostOwed)
		}
		p.next, p.rest = now, 0
		if burst > 0 {
			p.next = now.Add(-back)
		}
	}
	p.late = 0
	nanos := int64(n)*int64(time.Second) + p.rest
	long := time.Duration(nanos / rate)
	p.rest = nanos % rate
	if back := min(p.owed, long/repaid); back > 0 {
		p.owed -= back
		long -= back
	}
	p.next = p.next.Add(long)
	return n, p.next
}

// woke notes that what was due is only written now.
func (p *pacer) woke(due time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = time.Since(due)
}

// credit is how much unused time is not given up.
func credit(rate, burst int64) time.Duration { return max(slack, bytesTime(burst, rate)) }

// bytesTime returns how long n bytes take.
func bytesTime(n, rate int64) time.Duration {
	seconds := float64(n) / float64(rate)
	return time.Duration(min(seconds*float64(time.Second), float64(24*time.Hour)))
}
