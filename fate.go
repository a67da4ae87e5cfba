package vaurien

import (
	"context"
	"log/slog"
	"slices"
)

// draw lets root, of x's plan, decide what is done to x, for which the dice are
// rolled with that number. m is the request that it is asked about, if there is
// one. s.mu is held.
func (s *Session) draw(x *exchange, dice uint64, root Behavior, m *Message) (Behavior, string) {
	if root == nil {
		return nil, ""
	}
	x.dice = dice
	return resolve(root, &Event{Session: s, Exchange: x.number, Message: m, x: x, plan: x.plan})
}

// drawToxics returns those of the plan's toxics that meet the connection.
func (s *Session) drawToxics(x *exchange) (Behavior, string) {
	var chosen Behavior
	name := ""
	for i := range x.plan.toxics {
		t := &x.plan.toxics[i]
		if s.proxy.dice.roll(s.number, 0, forToxic, nameHash(t.Name))*100 >= t.Percent {
			continue
		}
		if b, _ := s.draw(x, 0, t.Behavior, nil); b != nil {
			chosen, name = join(chosen, name, b, t.Name)
		}
	}
	return chosen, name
}

// join returns what acts as a and then b do, either of which may be nil, and
// its name.
func join(a Behavior, aName string, b Behavior, bName string) (Behavior, string) {
	switch {
	case a == nil:
		return b, bName
	case b == nil:
		return a, aName
	}
	all := append(linksOf(a), linksOf(b)...)
	switch {
	case aName == "":
		return all, bName
	case bName == "":
		return all, aName
	}
	return all, aName + "+" + bName
}

// linksOf returns b's links, or b as the only one; what is appended to them is
// not b's.
func linksOf(b Behavior) links {
	if l, ok := b.(links); ok {
		return slices.Clip(l)
	}
	return links{b}
}

// drawsOnce reports whether the dice are rolled once for the connection.
func (s *Session) drawsOnce() bool {
	switch s.proxy.settings.Load().Draw {
	case "connection":
		return true
	case "exchange":
		return false
	}
	return !s.framing()
}

// framing reports whether messages are told apart.
func (s *Session) framing() bool { return s.codec != nil && !s.opaque.Load() }

// take lets b, which the plan calls name, act on x.
func (x *exchange) take(b Behavior, name string) {
	x.behavior, x.name, x.points, x.waits = b, name, 0, false
	if b != nil {
		x.points, x.waits = b.Points(), awaitsMessage(b)
	}
}

// fate returns the exchange that stands for the connection: the one that tcp
// bytes belong to, under the plan that is in force now.
func (s *Session) fate() *exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.currentLink()
}

func (s *Session) currentLink() *exchange {
	if s.link == nil || s.link.plan != s.proxy.plan.Load() {
		s.renewLink()
	}
	return s.link
}

// renewLink makes the connection's exchange anew. Where exchanges are drawn one
// by one, what acts on messages is theirs, and only what acts on the connection
// is the connection's.
func (s *Session) renewLink() {
	s.leaveLink()
	p := s.proxy.plan.Load()
	s.link = p.untouched
	if len(s.proxy.recordings) > 0 && !s.framing() {
		s.link = &exchange{plan: p} // a Record of its own
	}
	if p.points != 0 {
		x := &exchange{plan: p}
		b, name := s.drawToxics(x)
		root, number := p.root, uint64(0)
		if !s.drawsOnce() {
			root = p.link
			if !s.framing() {
				number = s.exchanges.Load()
			}
		}
		drawn, drawnName := s.draw(x, 0, root, nil)
		b, name = join(b, name, drawn, drawnName)
		if x.number = number; number > 0 {
			drawn, drawnName = s.draw(x, number, p.each, nil)
			b, name = join(b, name, drawn, drawnName)
		}
		if b != nil {
			x.take(b, name)
			s.link = x
		}
	}
	if s.link != p.untouched {
		s.begin(s.link, nil)
	}
	s.live()
}

// leaveLink ends what is noted of the connection's exchange, which is made anew
// when it is needed. s.mu is held.
func (s *Session) leaveLink() {
	if s.link != nil {
		s.link.trace.end()
		s.link = nil
	}
}

// framed gives x, a request just read, its number and its fate.
func (s *Session) framed(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.number = s.exchanges.Add(1)
	link := s.currentLink()
	x.plan = link.plan
	b, name := link.behavior, link.name
	if link.waits {
		if b, name = s.draw(x, 0, b, &x.request); b != nil && name == "" {
			name = link.name
		}
	}
	if !s.drawsOnce() {
		drawn, drawnName := s.draw(x, x.number, x.plan.each, &x.request)
		b, name = join(b, name, drawn, drawnName)
	}
	x.take(b, name)
	s.begin(x, &x.request)
}

// spoke notes that tcp bytes went in d's direction and returns the exchange
// that they belong to. When each exchange is drawn, one begins whenever the
// client speaks after the backend has.
func (s *Session) spoke(d *direction) *exchange {
	if s.drawsOnce() {
		return s.fate()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.point == Reply {
		s.spoken = true
	} else if s.spoken || s.exchanges.Load() == 0 {
		s.spoken = false
		s.exchanges.Add(1)
		s.leaveLink()
	}
	return s.currentLink()
}

// turnOpaque makes the session tcp from where its readers are. level is that
// of the line that says so.
func (s *Session) turnOpaque(level slog.Level, why string) {
	if s.opaque.Swap(true) {
		return
	}
	s.mu.Lock()
	s.leaveLink()
	s.mu.Unlock()
	s.proxy.log.Log(context.Background(), level, "the session goes on as tcp", "session", s.number, "reason", why)
}
