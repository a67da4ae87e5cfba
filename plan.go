package vaurien

import "sync/atomic"

// A Plan is what is to be done to a proxy's traffic, with whatever its
// behaviors remember. A plan that is replaced and later put back goes on where
// it was.
type Plan struct {
	toxics []Toxic
	root   Behavior // nil: nothing is ever done
	points Point    // of all

	// Where exchanges are drawn one by one, the root falls into what is the
	// connection's and what is the exchanges'.
	link, each Behavior
}

// A Toxic is a behavior that is drawn once for each connection and acts on all
// of it, beside what the plan's draw decides for each exchange. Its name
// decides which connections it meets: they stay the same when it is changed.
type Toxic struct {
	Name     string
	Percent  float64 // of the connections
	Behavior Behavior
}

// NewPlan returns a plan of b, with toxics that act around it in this order. A
// nil b and no toxics leave all traffic untouched.
func NewPlan(b Behavior, toxics ...Toxic) *Plan {
	p := &Plan{toxics: toxics}
	for _, t := range toxics {
		p.points |= t.Behavior.Points()
	}
	if b == nil || b.Points() == 0 {
		return p
	}
	p.root, p.points = b, p.points|b.Points()
	if link := part(b, true); link != nil && link.Points() != 0 {
		p.link = link
	}
	if each := part(b, false); each != nil && each.Points() != 0 {
		p.each = each
	}
	return p
}

// Shared returns a plan that draws p's choices with that share of their weights,
// from 0 to 1, which is asked for each time the dice are rolled: so it may
// change without another plan, for which whoever waits by this one would be let
// go. A plan that is no draw is returned as it is.
func (p *Plan) Shared(share func() float64) *Plan {
	draw, ok := p.root.(*oneOf)
	if !ok {
		return p
	}
	shared := *draw
	shared.share = share
	return NewPlan(&shared, p.toxics...)
}

// OfConnection is implemented by a Behavior that acts on messages and yet is
// the connection's: it is drawn once for it, whatever is drawn for its
// exchanges, and acts on all of its messages.
type OfConnection interface{ OfConnection() bool }

// ofConnection reports whether b, which acts on messages, is the connection's
// nevertheless.
func ofConnection(b Behavior) bool {
	c, ok := b.(OfConnection)
	return ok && c.OfConnection()
}

// part returns what of b is the connection's, or what is the exchanges'; nil if
// nothing is.
func part(b Behavior, connection bool) Behavior {
	wrap := func(inner Behavior, around func(Behavior) Behavior) Behavior {
		if inner = part(inner, connection); inner == nil {
			return nil
		}
		return around(inner)
	}
	if b != nil && b.Points()&(Request|Reply) == 0 {
		if !connection {
			return nil
		}
		return b
	}
	switch x := b.(type) {
	case nil:
		return nil
	case *named:
		return wrap(x.Behavior, func(b Behavior) Behavior { return &named{b, x.name} })
	case at:
		return wrap(x.Behavior, func(b Behavior) Behavior { return at{b, x.points} })
	case when:
		return wrap(x.Behavior, func(b Behavior) Behavior { return when{b, x.match} })
	case *counted:
		return wrap(x.Behavior, func(b Behavior) Behavior { return &counted{b, x.count, x.takes} }) // one counter
	case *oneOf:
		choices := make([]Choice, len(x.choices))
		for i, c := range x.choices {
			choices[i] = Choice{Weight: c.Weight, Name: c.Name, Behavior: part(c.Behavior, connection)}
		}
		of := OneOf(choices...).(*oneOf)
		of.share = x.share
		return of
	case *chain:
		var links []Behavior
		for _, l := range x.links {
			if l = part(l, connection); l != nil {
				links = append(links, l)
			}
		}
		if links == nil {
			return nil
		}
		return Chain(links...)
	}
	if ofConnection(b) != connection {
		return nil
	}
	return b
}

// inForce is a plan from the moment it is put in force until another is.
type inForce struct {
	*Plan
	number    uint64        // of the proxy's plans
	changed   chan struct{} // closed when another plan replaces this one
	faulty    atomic.Bool   // a fault of a behavior was noted
	untouched *exchange     // what all connections share to which nothing is done
}

func newInForce(p *Plan, number uint64) *inForce {
	if p == nil {
		p = NewPlan(nil)
	}
	f := &inForce{Plan: p, number: number, changed: make(chan struct{})}
	f.untouched = &exchange{plan: f}
	return f
}
