package vaurien

import "sync/atomic"

// A Plan is a behavior to be put in force, with whatever its behaviors
// remember. A plan that is replaced and later put back goes on where it was.
type Plan struct {
	root   Behavior // nil: nothing is ever done
	points Point    // of root

	// link is what of root acts on connections alone: what of the plan
	// concerns a connection whose exchanges are drawn one by one.
	link Behavior
}

// NewPlan returns a plan of b; nil leaves all traffic untouched.
func NewPlan(b Behavior) *Plan {
	p := &Plan{}
	if b != nil && b.Points() != 0 {
		p.root, p.points = b, b.Points()
		if link := linkOnly(b); link != nil && link.Points() != 0 {
			p.link = link
		}
	}
	return p
}

// linkOnly returns b without what acts on messages; nil if nothing is left.
func linkOnly(b Behavior) Behavior {
	switch x := b.(type) {
	case nil:
		return nil
	case *named:
		if inner := linkOnly(x.Behavior); inner != nil {
			return &named{inner, x.name}
		}
		return nil
	case *oneOf:
		choices := make([]Choice, len(x.choices))
		for i, c := range x.choices {
			choices[i] = Choice{Weight: c.Weight, Name: c.Name, Behavior: linkOnly(c.Behavior)}
		}
		return OneOf(choices...)
	case *chain:
		var links []Behavior
		for _, l := range x.links {
			if l = linkOnly(l); l != nil {
				links = append(links, l)
			}
		}
		return Chain(links...)
	}
	if b.Points()&(Request|Reply) != 0 {
		return nil
	}
	return b
}

// inForce is a plan from the moment it is put in force until another is.
type inForce struct {
	*Plan
	changed   chan struct{} // closed when another plan replaces this one
	faulty    atomic.Bool   // a fault of a behavior was noted
	untouched *exchange     // what all connections share to which nothing is done
}

func newInForce(p *Plan) *inForce {
	if p == nil {
		p = NewPlan(nil)
	}
	f := &inForce{Plan: p, changed: make(chan struct{})}
	f.untouched = &exchange{plan: f}
	return f
}
