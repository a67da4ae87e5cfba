package behavior

import (
	"sync"
	"time"
)

const (
	// quantum is the time's worth of bytes that are written at once. More of
	// them would be a burst, and fewer only cost system calls.
	quantum = 5 * time.Millisecond

	// longestQuantum bounds what a quantum grows to where wakings are late.
	longestQuantum = 50 * quantum

	// growth is how many times the lateness of wakings a quantum is at least. A
	// machine that cannot wake all its pacers each 5 ms so wakes them less
	// often, for more. What counts as late at most doubles from one waking to
	// the next: one that is late by itself makes no quantum longer.
	growth = 4

	// slack is how many quanta a pacer falls behind before it gives time up
	// that it has not used: what it catches up at once. Two of 5 ms more in any
	// 100 ms are 10 %.
	slack = 2

	// most bytes a second. (Those of the longest quantum, times its microseconds,
	// are still far from what an int64 holds.)
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
	tend time.Duration // how late wakings are, as a rule
}

// quantum returns the time's worth of bytes that are written at once now.
func (p *pacer) quantum() time.Duration {
	return min(max(quantum, growth*p.tend), longestQuantum)
}

// take returns how many of n bytes are next, and when they are through: not
// before they have taken their time, as on a line.
func (p *pacer) take(n int, rate, burst int64) (int, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.quantum()
	n = int(min(int64(n), max(1, rate*q.Microseconds()/1e6)))
	now := time.Now()
	if back := credit(q, rate, burst); p.next.Before(now.Add(-back)) {
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
	p.tend = min(p.late, 2*p.tend+quantum/10)
}

// credit is how much unused time is not given up.
func credit(q time.Duration, rate, burst int64) time.Duration {
	return max(slack*q, bytesTime(burst, rate))
}

// bytesTime returns how long n bytes take.
func bytesTime(n, rate int64) time.Duration {
	seconds := float64(n) / float64(rate)
	return time.Duration(min(seconds*float64(time.Second), float64(24*time.Hour)))
}
