package audit

import (
	"slices"
	"time"
)

// An expiry is when a chain was to be followed, if it has not been since.
type expiry struct {
	chain *chain
	ended int64
}

// begin begins a chain.
func (t *tracker) begin(o *operation, a *attempt) {
	c := newChain(a)
	o.pending = append(o.pending, c)
	t.wait(c)
	if len(o.pending) > mostPending {
		oldest := o.pending[0]
		t.drop(o, oldest)
		t.sinks.over(oldest, unknown)
	}
}

// mostPending is how many failed attempts at one operation wait for a retry.
const mostPending = 1000

// wait lets a chain wait for its next attempt.
func (t *tracker) wait(c *chain) {
	if t.expiry = append(t.expiry, expiry{c, c.last.end}); len(t.expiry) < mostChains {
		return
	}
	t.expiry = slices.DeleteFunc(t.expiry, func(e expiry) bool { return !e.waits() })
	for len(t.expiry) > mostChains/2 {
		t.end(t.expiry[0].chain, unknown)
		t.expiry = t.expiry[1:]
	}
}

// mostChains is how many chains wait at once, over all operations.
const mostChains = 1 << 16

// waits reports whether nothing has followed.
func (e expiry) waits() bool { return !e.chain.done && e.chain.last.end == e.ended }

// drop takes a chain from those that wait.
func (t *tracker) drop(o *operation, c *chain) {
	for i, p := range o.pending {
		if p == c {
			o.pending = append(o.pending[:i], o.pending[i+1:]...)
			c.done = true
			return
		}
	}
}

// expire ends the chains that nothing follows any more.
func (t *tracker) expire(now int64) {
	window := int64(t.options.Window)
	n := 0
	for _, e := range t.expiry {
		// What was silent is over for the client only when it has waited.
		ended := min(max(e.ended, e.chain.last.session.closed), e.ended+window)
		if now-ended <= window+closing {
			break
		}
		if n++; e.waits() {
			t.end(e.chain, t.left(e.chain))
		}
	}
	t.expiry = t.expiry[n:]
}

// left returns what it means that nothing is known to have followed.
func (t *tracker) left(c *chain) ending {
	if c.last.silent && t.operations.get(c.op).parallel {
		return unknown
	}
	return abandoned
}

func (t *tracker) end(c *chain, how ending) {
	t.drop(t.operations.get(c.op), c)
	t.sinks.over(c, how)
}

// finish ends all chains, at the end of the ledger.
func (t *tracker) finish(now int64) {
	for _, e := range t.expiry {
		if c := e.chain; e.waits() {
			how := t.left(c)
			if c.last.outcome == failed && now-c.last.end < max(3*c.gap, int64(patience)) {
				how = unknown
			}
			t.end(c, how)
		}
	}
	t.expiry = nil
}

// patience is how long after a failure at least nothing must have followed, at
// the end of a ledger, for it to have been given up.
const patience = time.Second
