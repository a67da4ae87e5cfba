package vaurien

import (
	"cmp"
	"context"
	"log/slog"
)

// choose lets root, of the plan p, decide what is done to x, which has that
// number and is asked about with m, its request, if there is one. s.mu is held.
func (s *Session) choose(x *exchange, number uint64, p *inForce, root Behavior, m *Message) {
	x.number, x.dice, x.plan = number, number, p
	if s.drawsOnce() {
		x.dice = 0
	}
	if root == nil {
		return
	}
	e := Event{Session: s, Exchange: number, Message: m, x: x}
	x.take(resolve(root, &e))
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
// alone is the connection's.
func (s *Session) renewLink() {
	p := s.proxy.plan.Load()
	root, number := p.root, uint64(0)
	switch {
	case s.drawsOnce():
	case s.framing(), s.exchanges.Load() == 0:
		root = p.link
	default:
		number = s.exchanges.Load()
	}
	if root == nil {
		s.link = p.untouched
		return
	}
	s.link = &exchange{}
	s.choose(s.link, number, p, root, nil)
}

// framed gives x, a request just read, its number and its fate.
func (s *Session) framed(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := s.exchanges.Add(1)
	if !s.drawsOnce() {
		p := s.proxy.plan.Load()
		s.choose(x, number, p, p.root, &x.request)
		return
	}
	link := s.currentLink()
	x.number, x.dice, x.plan = number, 0, link.plan
	if !link.waits {
		x.take(link.behavior, link.name)
		return
	}
	b, name := resolve(link.behavior, &Event{Session: s, Exchange: x.number, Message: &x.request, x: x})
	x.take(b, cmp.Or(name, link.name))
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
		s.link = nil
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
	s.link = nil
	s.mu.Unlock()
	s.proxy.log.Log(context.Background(), level, "the session goes on as tcp", "session", s.number, "reason", why)
}
