package ledger

import (
	"context"
	"math"
	"time"
)

const (
	// lookAt is how many entries a Subscription looks at while those who add
	// entries wait for it: a few microseconds' worth.
	lookAt = 64

	// gather is how long a Subscription that has caught up lets entries come
	// together, so that under traffic nobody has to wake it for each.
	gather = 20 * time.Millisecond
)

// A Subscription reads a Ledger's entries in their order, at its own pace. It is
// for one goroutine. It holds nothing that needs to be closed.
type Subscription struct {
	ledger *Ledger
	filter Filter
	gather time.Duration
	next   uint64 // the number of the next entry to look at
	batch  []Entry
	rate   rate
}

// Newest, as the number after which to begin, leaves out all that there is yet.
const Newest = math.MaxUint64

// Subscribe returns a Subscription to the entries that filter chooses and whose
// number is higher than after. It begins by telling how many of them are lost;
// with 0 it begins with the oldest that is kept. A number that there has not
// been yet is of a run before this one, and as good as 0.
func (l *Ledger) Subscribe(after uint64, filter Filter) *Subscription {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &Subscription{ledger: l, filter: filter, gather: gather, next: after + 1}
	switch {
	case after == Newest:
		s.next = l.next
	case after == 0, after >= l.next:
		s.next = l.oldest()
	}
	return s
}

// Last returns the number of the newest entry; 0 if there is none.
func (l *Ledger) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next - 1
}

// Limit lets no more than perSecond exchanges pass in a second, of which those
// that nothing was done to are at most half. How many were left out is told at
// the second's end, as lost. Zero is no limit.
func (s *Subscription) Limit(perSecond int) { s.rate.limit = perSecond }

// Next waits until there are entries and returns some of them, in their order.
// They are valid until the next call. Lost entries are told of by one of type
// lost, which stands where they would. Its error is ctx's.
func (s *Subscription) Next(ctx context.Context) ([]Entry, error) {
	for {
		if batch := s.Ready(); len(batch) > 0 {
			return batch, nil
		}
		if err := s.wait(ctx); err != nil {
			return nil, err
		}
	}
}

// Ready is Next for who does not want to wait: it returns nothing if there is
// nothing yet.
func (s *Subscription) Ready() []Entry {
	for {
		more := s.look()
		if len(s.batch) > 0 || !more {
			return s.batch
		}
	}
}

// look fills the batch with the next entries, and reports whether there are
// more.
func (s *Subscription) look() (more bool) {
	l := s.ledger
	n := 0
	room := func() *Entry {
		if n == len(s.batch) {
			s.batch = append(s.batch, Entry{})
		}
		n++
		return &s.batch[n-1]
	}
	s.batch = s.batch[:cap(s.batch)]
	l.mu.Lock()
	defer l.mu.Unlock()
	if oldest := l.oldest(); s.next < oldest {
		*room() = Entry{Type: LostType, Time: time.Now(), Number: oldest - 1, Count: oldest - s.next, Reason: LostSlow}
		s.next = oldest
	}
	if left := s.rate.settle(time.Now()); left > 0 {
		*room() = Entry{Type: LostType, Time: time.Now(), Number: s.next - 1, Count: left, Reason: LostSampled}
	}
	for end := min(s.next+lookAt, l.next); s.next < end; s.next++ {
		e := &l.ring[s.next%uint64(len(l.ring))]
		if !s.filter.Match(e) || !s.rate.allow(e) {
			continue
		}
		to := room()
		attributes, deeds := append(to.Attributes[:0], e.Attributes...), append(to.Deeds[:0], e.Deeds...)
		*to = *e
		to.Attributes, to.Deeds = attributes, deeds
	}
	s.batch = s.batch[:n]
	return s.next < l.next
}

// wait waits until there are entries to look at.
func (s *Subscription) wait(ctx context.Context) error {
	if rung := s.ledger.wakeAt(s.next); rung != nil {
		select {
		case <-rung:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if s.gather == 0 {
		return nil
	}
	rung := s.ledger.wakeAt(s.next + uint64(len(s.ledger.ring))/4)
	if rung == nil {
		return nil
	}
	timer := time.NewTimer(s.gather)
	defer timer.Stop()
	select {
	case <-rung:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// A rate is how many exchanges may pass in a second.
type rate struct {
	limit   int // 0: any number
	began   time.Time
	passed  int // in the second that began then
	refused uint64
}

// settle begins a new second if one is over, and returns how many exchanges
// were refused in the one before.
func (r *rate) settle(now time.Time) (refused uint64) {
	if r.limit > 0 && now.Sub(r.began) >= time.Second {
		refused = r.refused
		r.began, r.passed, r.refused = now, 0, 0
	}
	return refused
}

// allow reports whether e may pass.
func (r *rate) allow(e *Entry) bool {
	if r.limit == 0 || e.Type != ExchangeType && e.Type != BegunType && e.Type != SessionType {
		return true
	}
	limit := r.limit
	if e.Type != SessionType && !e.Touched() {
		limit = (limit + 1) / 2
	}
	if r.passed >= limit {
		r.refused++
		return false
	}
	r.passed++
	return true
}
