package audit

import "time"

// closing is how much earlier than the end of an attempt, as the proxy saw it,
// a retry of it may come: the client closed one connection and used another,
// and who was told first is chance.
const closing = int64(5 * time.Millisecond)

// An operation is what is remembered of the attempts at one.
type operation struct {
	pending []*chain // what failed and was not repeated yet, the oldest first
	paces   paces
	ended   int64    // the latest success; 0: what came last was none
	session *session // where that was

	// It is asked for on several connections at once, so that who asks while
	// another hears nothing need not be the same.
	parallel bool
}

// lastSeen is what came last on a connection.
type lastSeen struct {
	op    uint64
	ended int64
	fine  bool
	any   bool
}

// A tracker finds the retries among attempts that it is given as they arrived.
type tracker struct {
	options    Options
	operations cache
	paces      map[uint32]*paces // of the kinds of operations
	expiry     []expiry
	sinks      sinks
}

// sinks are told what the tracker finds.
type sinks interface {
	// first is told of an attempt that is no retry.
	first(a *attempt)
	// retried is told of an attempt that is the latest of c. gap is negative if
	// it is not known.
	retried(c *chain, a *attempt, gap int64)
	// over is told of a chain that has come to its end.
	over(c *chain, end ending)
}

// track takes the next attempt.
func (t *tracker) track(a *attempt) {
	t.expire(a.at)
	s := a.session
	if a.connection {
		if a.resolve(); a.outcome == failed {
			s.proxy.unreached = a.end
		}
	}
	o := t.operations.get(a.op)
	c, gap := t.match(o, a)
	if c == nil {
		t.sinks.first(a)
		if a.fails() {
			t.begin(o, a)
		}
	} else {
		c.add(a, gap)
		t.sinks.retried(c, a, gap)
		if a.fails() {
			t.wait(c)
		} else {
			t.drop(o, c)
			t.sinks.over(c, recovered)
		}
	}
	t.remember(o, s, a)
}

// remember notes what the pace of an operation is.
func (t *tracker) remember(o *operation, s *session, a *attempt) {
	fine := a.outcome != failed
	last, kind := &s.last, t.pacesOf(a.number)
	switch {
	case last.any && last.op == a.op:
		if last.fine {
			o.paces.next.add(a.at - last.ended)
			kind.next.add(a.at - last.ended)
		}
	case o.ended != 0 && o.session == s:
		o.paces.same.add(a.at - o.ended)
		kind.same.add(a.at - o.ended)
	case o.ended != 0 && !last.any:
		o.paces.other.add(a.at - o.ended)
	}
	if !a.connection {
		s.last = lastSeen{op: a.op, ended: a.end, fine: fine, any: true}
	}
	if o.ended = 0; fine && !a.late {
		o.ended, o.session = a.end, s
	}
}

// match returns the chain that a goes on with, nil if it is no retry, and how
// long after the failure it came, negative if that is not known.
func (t *tracker) match(o *operation, a *attempt) (found *chain, gap int64) {
	var candidates int
	var how basis
	same := false
	o.parallel = o.parallel || o.ended > a.start && o.session != a.session
	for _, c := range o.pending {
		ended, by := c.ended(a)
		o.parallel = o.parallel || by == tooSoon
		switch {
		case by == notYet || by == tooSoon || by == guessed && o.parallel && c.last.session != a.session || a.start < ended-closing || a.start > ended+int64(t.options.Window):
			continue
		case c.last.session == a.session:
			found, gap, how, same, candidates = c, a.start-ended, by, true, 1
		case same:
			continue
		default:
			if candidates++; found == nil || how == guessed && by == known ||
				c.last.digest != found.last.digest && c.last.digest == a.digest {
				found, gap, how = c, a.start-ended, by
			}
		}
	}
	if found == nil {
		return nil, 0
	}
	last := &a.session.last
	if !same && last.any && last.op == a.op && last.fine {
		return nil, 0 // it belongs to that
	}
	gap = max(gap, 0)
	if !t.options.RepeatsAreRetries && t.usual(o, a, gap, same) {
		t.drop(o, found)
		t.sinks.over(found, repeated)
		return nil, 0
	}
	// Where connecting failed in between, there was more than one wait.
	found.unclear = candidates > 1 || !a.connection && a.session.proxy.unreached > found.last.end
	found.alike = found.alike || !a.connection && found.last.digest != a.digest
	if how == guessed {
		found.unclear, gap = true, -1
	}
	return found, gap
}

// usual reports whether the operation comes so soon without a failure too.
func (t *tracker) usual(o *operation, a *attempt, gap int64, same bool) bool {
	p := &o.paces
	if !p.known() {
		if p = t.pacesOf(a.number); !p.steady() {
			return false
		}
	}
	last := &a.session.last
	switch {
	case !same && p.other.known():
		return p.other.has(gap)
	case last.any && last.op != a.op:
		return p.same.has(gap)
	}
	// Nothing came in between: that is not usual where something always does.
	return p.next.has(gap)
}

// pacesOf returns the paces of the operations of a kind.
func (t *tracker) pacesOf(kind uint32) *paces {
	p := t.paces[kind]
	if p == nil {
		if t.paces == nil {
			t.paces = make(map[uint32]*paces)
		}
		p = new(paces)
		t.paces[kind] = p
	}
	return p
}
