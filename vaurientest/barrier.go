package vaurientest

import (
	"slices"
	"sync"

	"github.com/vaurien-proxy/vaurien"
)

// barrierName is what the proxy calls the barrier.
const barrierName = "hold"

// A barrier lets exchanges wait for the test. It stands around the plan in
// force, from the first Hold on: until then the proxy does nothing that the plan
// does not.
type barrier struct {
	proxy *Proxy

	raise sync.Once // puts it into the plan in force

	mu      sync.Mutex
	stands  bool
	armed   []*Hold // in the order in which they were made
	claimed map[exchangeID][]*Hold
	replies map[exchangeID]*candidate
	holding int // exchanges that are held
}

// A candidate is an exchange whose reply may be held: by the first of the holds
// that waits still when it comes.
type candidate struct {
	holds []*Hold
	asked string
}

// toxics returns the barrier for a plan to have beside its own behavior.
func (b *barrier) toxics() []vaurien.Toxic {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.stands {
		return nil
	}
	return []vaurien.Toxic{{Name: barrierName, Percent: 100, Behavior: vaurien.When(b.claim, (*waiting)(b))}}
}

// arm lets h wait for an exchange.
func (b *barrier) arm(h *Hold) {
	b.mu.Lock()
	b.armed = append(b.armed, h)
	b.stands = true
	b.mu.Unlock()
	b.raise.Do(func() { b.proxy.plans.again() }) // put never fails
}

// disarm takes h away, unless it has met an exchange.
func (b *barrier) disarm(h *Hold) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.armed = slices.DeleteFunc(b.armed, func(a *Hold) bool { return a == h })
}

// claim reports whether the exchange is one that holds wait for. One takes the
// request; which takes the reply is seen when there is one. A piece of a stream
// that is not framed is held where it is.
func (b *barrier) claim(e *vaurien.Event) bool {
	if e.Message == nil {
		return false
	}
	points := e.Point
	if points == 0 {
		points = vaurien.Request | vaurien.Reply
	}
	b.mu.Lock()
	armed := slices.Clone(b.armed)
	b.mu.Unlock()
	id := exchangeID{e.Session.Number(), e.Exchange}
	found := false
	for _, h := range armed {
		if h.point&points == 0 || !h.match(e) {
			continue
		}
		asked, fit := h.description(e)
		if e.Point == 0 && h.point == vaurien.Reply {
			b.await(h, id, asked)
			found = true
		} else if b.take(h, id) {
			h.describe(asked, fit)
			points &^= h.point
			found = true
		}
	}
	return found
}

// await lets h take the exchange's reply, if it waits still when that comes.
func (b *barrier) await(h *Hold, id exchangeID, asked string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.replies == nil {
		b.replies = make(map[exchangeID]*candidate)
	}
	if b.replies[id] == nil {
		b.replies[id] = &candidate{asked: asked}
	}
	b.replies[id].holds = append(b.replies[id].holds, h)
}

// take lets h claim an exchange, unless h has one by now.
func (b *barrier) take(h *Hold, id exchangeID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.leaves(h) {
		return false
	}
	if b.claimed == nil {
		b.claimed = make(map[exchangeID][]*Hold)
	}
	b.claimed[id] = append(b.claimed[id], h)
	return true
}

// leaves takes h, with mu held, from those that wait for an exchange, and reports
// whether it was one.
func (b *barrier) leaves(h *Hold) bool {
	i := slices.Index(b.armed, h)
	if i >= 0 {
		b.armed = slices.Delete(b.armed, i, i+1)
	}
	return i >= 0
}

// claimant returns who has claimed an exchange for a point and waits for it.
func (b *barrier) claimant(id exchangeID, point vaurien.Point) *Hold {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, h := range b.claimed[id] {
		if h.point == point && !h.hasArrived() {
			return h
		}
	}
	if c := b.replies[id]; c != nil && point == vaurien.Reply {
		for _, h := range c.holds {
			if b.leaves(h) {
				h.describe(c.asked, nil)
				return h
			}
		}
	}
	return nil
}

// over forgets an exchange that is over. What was waited for and did not come is
// waited for again, from another one.
func (b *barrier) over(id exchangeID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, h := range b.claimed[id] {
		if !h.hasArrived() && !isClosed(h.decided) {
			b.armed = append(b.armed, h)
		}
	}
	delete(b.claimed, id)
	delete(b.replies, id)
}

// held counts the exchanges that are held.
func (b *barrier) held(n int) {
	b.mu.Lock()
	b.holding += n
	b.mu.Unlock()
	b.proxy.journal.touch()
}

func (b *barrier) heldNow() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.holding
}

// waiting is what the barrier does to the exchanges that are claimed.
type waiting barrier

func (*waiting) Points() vaurien.Point { return vaurien.Request | vaurien.Reply }

func (w *waiting) Act(e *vaurien.Event, next vaurien.Next) error {
	b := (*barrier)(w)
	h := b.claimant(exchangeID{e.Session.Number(), e.Exchange}, e.Point)
	if h == nil || e.Message.More || e.Message.Invites {
		return next() // the rest of the reply is yet to come
	}
	return h.act(e, next)
}
