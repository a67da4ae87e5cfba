package vaurien

import (
	"io"
	"slices"
)

// live lets what the plan has for as long as the connection is open act, once
// for each plan; each behavior for itself. s.mu is held.
func (s *Session) live() {
	x := s.link
	if x.plan == s.lively || s.over {
		return
	}
	s.locals.renew(s.lively, x.behavior)
	s.lively = x.plan
	for _, b := range living(x.behavior) {
		s.wg.Add(1)
		go func() {
			defer s.wg.Done()
			defer s.rescue()
			s.actAs(x, b, Live, nil, nil, nil, func(io.Writer) error { return nil })
		}()
	}
}

// living returns those parts of b that act for as long as the connection is
// open.
func living(b Behavior) []Behavior {
	if l, ok := b.(links); ok {
		var all []Behavior
		for _, b := range l {
			all = append(all, living(b)...)
		}
		return all
	}
	if b == nil || b.Points()&Live == 0 {
		return nil
	}
	return []Behavior{b}
}

// locals are what behaviors remember of a session.
type locals map[any]*local

type local struct {
	value any
	plan  *inForce // the last in which it was asked for
}

// A LocalKey is a key of Local for what a behavior that acts on the connection
// remembers of one of its directions: it is kept for as long as the behavior
// stays in force. Behavior is a pointer.
type LocalKey struct {
	Behavior Behavior
	Point    Point
}

// renew forgets what belongs to behaviors that are not in force on the
// connection any more, of which now are, and under keys of other sorts what
// nobody asked for under the plan before.
func (l locals) renew(before *inForce, now Behavior) {
	for key, value := range l {
		keep := value.plan == before
		if k, ok := key.(LocalKey); ok {
			keep = holds(now, k.Behavior)
		}
		if !keep {
			delete(l, key)
		}
	}
}

// holds reports whether one is b or a part of it.
func holds(b, one Behavior) bool {
	is := func(part Behavior) bool { return holds(part, one) }
	switch x := b.(type) {
	case nil:
		return false
	case *named:
		return is(x.Behavior)
	case at:
		return is(x.Behavior)
	case when:
		return is(x.Behavior)
	case *counted:
		return is(x.Behavior)
	case *oneOf:
		return slices.ContainsFunc(x.choices, func(c Choice) bool { return is(c.Behavior) })
	case *chain:
		return slices.ContainsFunc(x.links, is)
	case links:
		return slices.ContainsFunc(x, is)
	}
	return b == one
}

// Stays reports whether b, a pointer that acts on the connection, is in force
// on it now, whichever plan that is. From then on the Event's waits end with
// the plan that is in force now, so that what stays may go on as if nothing
// had changed.
func (e *Event) Stays(b Behavior) bool {
	s := e.Session
	s.mu.Lock()
	defer s.mu.Unlock()
	link := s.currentLink()
	e.plan = link.plan
	return !s.over && holds(link.behavior, b)
}

// Local returns what a behavior remembers of the session under a key, which
// make makes where there is nothing yet. Keys are a LocalKey, or the behavior's
// own: a pointer to itself, or a struct with one. It is forgotten when the
// session ends, or when plans have come and gone without the behavior, or, for
// keys that are not a LocalKey, in which nobody asked for it.
func (e *Event) Local(key any, make func() any) any {
	s := e.Session
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.locals[key]
	if l == nil {
		if s.locals == nil {
			s.locals = locals{}
		}
		l = &local{value: make()}
		s.locals[key] = l
	}
	l.plan = e.plan
	return l.value
}

// Changed reports whether another plan has been put in force since the
// exchange began, or since Stays was asked, or the session has ended.
func (e *Event) Changed() bool {
	select {
	case <-e.plan.changed:
		return true
	case <-e.Session.done:
		return true
	default:
		return false
	}
}
