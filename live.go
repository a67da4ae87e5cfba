package vaurien

import "io"

// live lets what the plan has for as long as the connection is open act, once
// for each plan; each behavior for itself. s.mu is held.
func (s *Session) live() {
	x := s.link
	if x.plan == s.lively || s.over {
		return
	}
	s.locals.renew(s.lively, x)
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

// get returns what is remembered under a key, which make makes where there is
// nothing yet, and notes that plan asked for it.
func (l *locals) get(key any, plan *inForce, make func() any) any {
	if *l == nil {
		*l = locals{}
	}
	one := (*l)[key]
	if one == nil {
		one = &local{value: make()}
		(*l)[key] = one
	}
	one.plan = plan
	return one.value
}

// renew forgets what belongs to behaviors that are not in force on the
// connection any more, of which those of x are, and under keys of other sorts
// what nobody asked for under x's plan or the one before.
func (l locals) renew(before *inForce, x *exchange) {
	for key, value := range l {
		keep := value.plan == before || value.plan == x.plan
		if k, ok := key.(LocalKey); ok {
			keep = holds(x.behavior, k.Behavior)
		}
		if !keep {
			delete(l, key)
		}
	}
}

// holds reports whether one is b or a part of it.
func holds(b, one Behavior) bool {
	return find(b, func(part Behavior) bool { return part == one }) != nil
}

// find returns the first of b's parts that is; nil if none is.
func find(b Behavior, is func(Behavior) bool) Behavior {
	var parts []Behavior
	switch x := b.(type) {
	case nil:
		return nil
	case *named:
		return find(x.Behavior, is)
	case at:
		return find(x.Behavior, is)
	case when:
		return find(x.Behavior, is)
	case *counted:
		return find(x.Behavior, is)
	case *oneOf:
		for _, c := range x.choices {
			if found := find(c.Behavior, is); found != nil {
				return found
			}
		}
		return nil
	case *chain:
		parts = x.links
	case links:
		parts = x
	default:
		if is(b) {
			return b
		}
	}
	for _, part := range parts {
		if found := find(part, is); found != nil {
			return found
		}
	}
	return nil
}

// Stays reports whether b, a pointer that acts on the connection, is in force
// on it now, whichever plan that is. From then on the Event's waits end with
// the plan that is in force now, so that what stays may go on as if nothing
// had changed.
func (e *Event) Stays(b Behavior) bool {
	e.Session.mu.Lock()
	defer e.Session.mu.Unlock()
	link := e.linkNow()
	return link != nil && link.has(b)
}

// linkNow returns the exchange that stands for the connection now, with whose
// plan e's waits end from then on; nil if the session has ended. Its mu is held.
func (e *Event) linkNow() *exchange {
	link := e.Session.currentLink()
	e.plan = link.plan
	if e.Session.over {
		return nil
	}
	return link
}

// has reports whether the exchange that stands for a connection has b, and
// remembers it: it is asked for each write of each of many. The session's mu is
// held.
func (x *exchange) has(b Behavior) bool {
	if x.behavior == nil {
		return false // as in all sessions, who share the exchange
	}
	has, known := x.parts[b]
	if !known {
		has = holds(x.behavior, b)
		if x.parts == nil {
			x.parts = make(map[Behavior]bool)
		}
		x.parts[b] = has
	}
	return has
}

// Find returns a behavior that acts on the connection now and for which is
// returns true, nil if there is none; and lets the Event's waits end as Stays
// does. It lets a behavior that was changed leave its work to what it is now.
func (e *Event) Find(is func(Behavior) bool) Behavior {
	e.Session.mu.Lock()
	defer e.Session.mu.Unlock()
	link := e.linkNow()
	if link == nil {
		return nil
	}
	return find(link.behavior, is)
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
	return s.locals.get(key, e.plan, make)
}

// AtEnd lets f, which must not wait, be called when the session has ended, by
// whatever plan; at once if it has.
func (e *Event) AtEnd(f func()) {
	s := e.Session
	s.mu.Lock()
	late := s.concluded
	if !late {
		s.ends = append(s.ends, f)
	}
	s.mu.Unlock()
	if late {
		f()
	}
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
