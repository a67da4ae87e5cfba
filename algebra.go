package vaurien

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"
)

// Behaviors form an algebra: what is made of them here is a behavior too, so
// that a plan, however rich, is one value.

// resolve follows selectors to the behavior that stands for b in e's exchange,
// and returns it with the name it has in the plan; nil for none. What can only
// be decided about a message, where e has none, is left as it is: see awaitsMessage.
func resolve(b Behavior, e *Event) (Behavior, string) {
	name := ""
	for {
		switch x := b.(type) {
		case nil:
			return nil, ""
		case *named:
			b, name = x.Behavior, x.name
		case *chain:
			return x.resolve(e, name)
		case links:
			return (&chain{x}).resolve(e, name)
		case at:
			return x.resolve(e, name)
		case *counted:
			return x.resolve(e, name)
		case when:
			if e.Message == nil && x.Points()&(Request|Reply) != 0 {
				return x, name
			}
			b = x.Select(e)
		case Selector:
			b = x.Select(e)
		default:
			return b, name
		}
	}
}

// awaitsMessage reports whether part of b, which was resolved without a message,
// is to be resolved again for each message.
func awaitsMessage(b Behavior) bool {
	switch x := b.(type) {
	case when:
		return true
	case *counted:
		return awaitsMessage(x.Behavior)
	case at:
		return awaitsMessage(x.Behavior)
	case links:
		return slices.ContainsFunc(x, awaitsMessage)
	}
	return false
}

// resolveAt resolves b at e's Point; nil if nothing of it acts there. What
// awaits a message does not, where e has none.
func resolveAt(b Behavior, e *Event) Behavior {
	b, _ = resolve(b, e)
	if l, ok := b.(links); ok && e.Message == nil {
		b = slices.DeleteFunc(slices.Clone(l), awaitsMessage)
	}
	if b == nil || b.Points()&e.Point == 0 || e.Message == nil && awaitsMessage(b) {
		return nil
	}
	return b
}

// act lets b act outside of a plan: what it selects is selected now.
func act(b Behavior, e *Event, next Next) error {
	if b = resolveAt(b, e); b == nil {
		return next()
	}
	return b.Act(e, next)
}

// named is a behavior with the name that logs and counters give it.
type named struct {
	Behavior
	name string
}

// A Choice is one behavior of OneOf.
type Choice struct {
	Weight   float64  // percent
	Name     string   // what logs and counters call it
	Behavior Behavior // nil: nothing
}

type oneOf struct {
	choices []Choice // their behaviors named
	points  Point
	share   func() float64 // of the weights, from 0 to 1, as it is now; nil: all
}

// OneOf chooses one of the choices for each exchange, by their weights in
// percent; what these leave of 100 chooses none.
func OneOf(choices ...Choice) Behavior {
	o := &oneOf{choices: make([]Choice, len(choices))}
	for i, c := range choices {
		if c.Behavior != nil {
			o.points |= c.Behavior.Points()
			if _, already := c.Behavior.(*named); !already {
				c.Behavior = &named{c.Behavior, c.Name}
			}
		}
		o.choices[i] = c
	}
	return o
}

func (o *oneOf) Points() Point { return o.points }

func (o *oneOf) Select(e *Event) Behavior {
	u := e.roll() * 100
	if o.share != nil {
		u /= o.share() // with a share of 0 it is no number, or beyond all
	}
	for _, c := range o.choices {
		if u < c.Weight {
			return c.Behavior
		}
		u -= c.Weight
	}
	return nil
}

func (o *oneOf) Act(e *Event, next Next) error { return act(o, e, next) }

type chain struct{ links []Behavior }

// Chain lets each behavior act around those after it: the first acts first and
// its next is the second.
func Chain(behaviors ...Behavior) Behavior { return &chain{behaviors} }

func (c *chain) Points() Point {
	var p Point
	for _, b := range c.links {
		p |= b.Points()
	}
	return p
}

// resolve returns a chain of what the links select.
func (c *chain) resolve(e *Event, name string) (Behavior, string) {
	var chosen []Behavior
	var names []string
	for _, b := range c.links {
		if b, n := resolve(b, e); b != nil {
			chosen = append(chosen, b)
			if n != "" {
				names = append(names, n)
			}
		}
	}
	if len(names) > 0 {
		name = strings.Join(names, "+")
	}
	switch len(chosen) {
	case 0:
		return nil, ""
	case 1:
		return chosen[0], name
	}
	return links(chosen), name // resolved again where one of them awaits a message
}

func (c *chain) Act(e *Event, next Next) error { return act(c, e, next) }

// links is a chain whose links are chosen.
type links []Behavior

func (l links) Points() Point { return (&chain{l}).Points() }

func (l links) Act(e *Event, next Next) error {
	if len(l) == 0 {
		return next()
	}
	rest := func() error { return l[1:].Act(e, next) }
	if l[0].Points()&e.Point == 0 {
		return rest()
	}
	e.rest = rest
	return l[0].Act(e, rest)
}

// Sometimes chooses b for that percentage of exchanges.
func Sometimes(percent float64, b Behavior) Behavior {
	return OneOf(Choice{Weight: percent, Behavior: b})
}

// counted selects a behavior by how many exchanges it has been selected for.
type counted struct {
	Behavior
	count *atomic.Int64
	takes func(count int64) bool // the first is 1
}

func newCounted(b Behavior, takes func(count int64) bool) *counted {
	return &counted{b, new(atomic.Int64), takes}
}

// resolve counts the exchanges for which the behavior inside is selected, and
// no others; at a Point, only what acts there.
func (c *counted) resolve(e *Event, name string) (Behavior, string) {
	b, n := resolve(c.Behavior, e)
	switch {
	case b == nil || e.Point != 0 && b.Points()&e.Point == 0:
		return nil, ""
	case awaitsMessage(b):
		return &counted{b, c.count, c.takes}, cmp.Or(n, name)
	case !c.takesNext(e):
		return nil, ""
	}
	return b, cmp.Or(n, name)
}

// takesNext counts one exchange more and reports whether the behavior is
// selected for it. A connection counts once, however often its toxics and what
// is drawn for it are resolved anew as plans come and go.
func (c *counted) takesNext(e *Event) bool {
	if e.Point != 0 || e.x.number != 0 {
		return c.takes(c.count.Add(1))
	}
	return e.Session.locals.get(c, e.plan, func() any { return c.takes(c.count.Add(1)) }).(bool)
}

func (c *counted) Select(e *Event) Behavior {
	b, _ := c.resolve(e, "")
	return b
}

func (c *counted) Act(e *Event, next Next) error { return act(c, e, next) }

// First chooses b for the first n exchanges for which b would be chosen, over
// all sessions, and nothing for those after.
func First(n int64, b Behavior) Behavior {
	return newCounted(b, func(count int64) bool { return count <= n })
}

// After chooses nothing for the first n exchanges for which b would be chosen,
// over all sessions, and b for those after.
func After(n int64, b Behavior) Behavior {
	return newCounted(b, func(count int64) bool { return count > n })
}

// Every chooses b for each n-th of the exchanges for which b would be chosen,
// over all sessions. n is 1 at least.
func Every(n int64, b Behavior) Behavior {
	return newCounted(b, func(count int64) bool { return count%max(n, 1) == 0 })
}

type at struct {
	Behavior
	points Point
}

// At lets b act only at these of its points.
func At(points Point, b Behavior) Behavior { return at{b, points} }

func (a at) Points() Point { return a.Behavior.Points() & a.points }

// resolve keeps the limit to points around what the behavior selects.
func (a at) resolve(e *Event, name string) (Behavior, string) {
	switch a.Behavior.(type) {
	case Selector, *named, *chain, links, at:
	default:
		return a, name
	}
	b, n := resolve(a.Behavior, e)
	if b == nil {
		return nil, ""
	}
	return at{b, a.points}, cmp.Or(n, name)
}

func (a at) Act(e *Event, next Next) error {
	if e.Point&a.points == 0 {
		return next()
	}
	return act(a.Behavior, e, next)
}

type when struct {
	Behavior
	match func(*Event) bool
}

// When chooses b for the exchanges that match accepts. Where b acts on
// messages, match is asked about each request, or each piece of a tcp stream;
// else about the connection, and the Event has no message.
func When(match func(*Event) bool, b Behavior) Behavior { return when{b, match} }

func (w when) Select(e *Event) Behavior {
	if !w.match(e) {
		return nil
	}
	return w.Behavior
}

func (w when) Act(e *Event, next Next) error { return act(w, e, next) }
