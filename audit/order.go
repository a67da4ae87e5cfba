package audit

import (
	"cmp"
	"slices"
)

// mostWaiting is how many attempts wait to be put in order: a ledger tells of
// exchanges as they end. It bounds the memory, at some 40 MB; an exchange that
// lasts for longer than half as many others is out of its order, and counted.
const mostWaiting = 1 << 18

// An order gives out attempts as they arrived.
type order struct {
	waiting []attempt
	most    int
	next    func(*attempt)
	until   int64 // when the last that was given out arrived
	late    int   // how many came too late for their place
}

func (o *order) add(a attempt) {
	if o.waiting == nil {
		o.waiting = make([]attempt, 0, min(o.most, 4096))
	}
	if o.waiting = append(o.waiting, a); len(o.waiting) >= o.most {
		o.give(o.most / 2)
	}
}

// flush gives out all.
func (o *order) flush() { o.give(len(o.waiting)) }

// give gives out the first n.
func (o *order) give(n int) {
	slices.SortStableFunc(o.waiting, func(a, b attempt) int { return cmp.Compare(a.at, b.at) })
	for i := range o.waiting[:n] {
		a := &o.waiting[i]
		if a.at < o.until {
			o.late++
		}
		o.until = max(o.until, a.at)
		o.next(a)
	}
	o.waiting = o.waiting[:copy(o.waiting, o.waiting[n:])]
}
