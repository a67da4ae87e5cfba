package vaurien

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
)

// In a multiplexed protocol replies name their requests and come in any order.
// What is done to one exchange must not hold up the others there: a behavior
// acts aside, in a goroutine of its own, on a copy of the message, while the
// session goes on.

// roomAside is how many bytes of the messages of each of a session's directions
// behaviors may hold aside. When it is full the direction waits.
const roomAside = 8 << 20

// roomUnit is what a place in a room stands for: a message takes one, and one
// more for each time its bytes fill it.
const roomUnit = 32 << 10

// aside is what a session of a multiplexed protocol has beside the rest.
type aside struct {
	up                chan struct{} // whoever has its place writes to the backend
	requests, replies held

	mu sync.Mutex // of every exchange's later and served
}

// held is what is held aside of one direction, which alone adds to it.
type held struct {
	room chan struct{}  // the places of the messages
	wg   sync.WaitGroup // the goroutines
}

// A heldReply is a reply that is held aside.
type heldReply struct {
	Message
	places int
}

func newAside() *aside {
	room := func() held { return held{room: make(chan struct{}, roomAside/roomUnit)} }
	return &aside{up: make(chan struct{}, 1), requests: room(), replies: room()}
}

func (a *aside) of(d *direction) *held {
	if d.point == Request {
		return &a.requests
	}
	return &a.replies
}

// awaitAside waits until behaviors have done with the messages of d that they
// hold aside, or the session has ended.
func (s *Session) awaitAside(d *direction) {
	if s.aside == nil {
		return
	}
	if d.point == Request && s.turns.undecided() {
		d.in.readAhead(-1) // to see whether the client goes away
	}
	s.aside.of(d).wg.Wait()
}

// enter takes one of c's places, or gives up when the session has ended.
func (s *Session) enter(c chan struct{}) error {
	select {
	case c <- struct{}{}:
		return nil
	case <-s.done:
		return errEnded
	}
}

// holdAside copies m, whose turn it is in d, to be held aside with all its
// body. It reports false, having read nothing of the body, if m is too long.
func (s *Session) holdAside(d *direction, m *Message) (copied Message, places int, ok bool, err error) {
	size := int64(len(m.Head))
	if m.Body != nil {
		body, known := m.Body.(*Length)
		if !known || body.N > MaxHead {
			return Message{}, 0, false, nil
		}
		size += body.N
	}
	places = int(1 + size/roomUnit)
	for range places {
		if err := s.enter(s.aside.of(d).room); err != nil {
			return Message{}, 0, true, err
		}
	}
	copied = *m
	copied.Head, copied.Body = bytes.Clone(m.Head), nil
	if m.Body != nil {
		b := bytes.NewBuffer(copied.Head)
		err = d.pass(&Message{Body: m.Body}, b)
		copied.Head = b.Bytes()
		m.Body = nil
	}
	return copied, places, true, err
}

// leave gives back the places of a message that was held aside.
func (h *held) leave(places int) {
	for range places {
		<-h.room
	}
}

// requestAside lets x's behavior act on its request aside. It reports false if
// the request is too long for that.
func (s *Session) requestAside(x *exchange) (bool, error) {
	m, places, ok, err := s.holdAside(&s.up, &x.request)
	if !ok || err != nil {
		return ok, err
	}
	x.request.Head = m.Head // the rest is as it was, and others look at it
	x.holders.Add(1)
	s.wg.Add(1)
	s.aside.requests.wg.Add(1)
	go func() {
		defer s.wg.Done()
		defer s.checkDrain()
		defer s.aside.requests.wg.Done()
		defer x.release()
		defer s.aside.requests.leave(places)
		defer func() { x.request.Head = nil }()
		defer s.rescue()
		out := &upstream{s: s}
		defer out.leave()
		err := s.act(x, Request, nil, &x.request, out, func(out io.Writer) error {
			if !s.turns.forward(x) {
				return nil // abandoned meanwhile
			}
			x.trace.forwarded(true)
			_, err := out.Write(x.request.Head)
			s.abandon(&x.request)
			return err
		})
		if err == nil {
			err = s.clientLost(s.turns.settle(x, &s.down.out))
		}
		s.endAside(err)
	}()
	return true, nil
}

// endAside sees to how a behavior that acted aside ended.
func (s *Session) endAside(err error) {
	switch {
	case err == nil, err == errEnded:
	case err == errCloseAfter, err == errCloseNow:
		s.abruptly.Store(err == errCloseNow)
		s.leaving.Store(true)
		interrupt(s.clientConn()) // for whoever reads it to say goodbye
	case isWriteError(err):
		// Whoever reads from the side that is gone finds out how it went.
	default:
		s.end(reset)
	}
}

// forwardNow passes x's request on to the backend at once, as forward does.
func (s *Session) forwardNow(x *exchange, out io.Writer) error {
	if err := s.enter(s.aside.up); err != nil {
		return err
	}
	defer func() { <-s.aside.up }()
	if err := s.send(x, out); err != nil {
		return err
	}
	s.abandon(&x.request)
	return s.up.out.flush()
}

// abandon ends the turn of the exchange that m, which was passed on, abandons.
func (s *Session) abandon(m *Message) {
	if m.Abandons != 0 {
		s.turns.abandon(m.Abandons)
	}
}

// upstream is where a message that was held aside goes out to the backend.
// From its first byte until leave, nobody else writes.
type upstream struct {
	s   *Session
	has bool
}

func (u *upstream) Write(p []byte) (int, error) {
	if !u.has {
		if err := u.s.enter(u.s.aside.up); err != nil {
			return 0, err
		}
		u.has = true
	}
	return u.s.up.out.Write(p)
}

func (u *upstream) leave() {
	if u.has {
		<-u.s.aside.up
	}
	u.has = false
}

// downstream is where a reply that was held aside goes out to the client. From
// its first byte until leave, nobody else writes.
type downstream struct {
	s   *Session
	has bool
}

func (d *downstream) Write(p []byte) (int, error) {
	if !d.has {
		if err := d.s.turns.begin(nil); err != nil {
			return 0, err
		}
		d.has = true
	}
	return d.s.down.out.Write(p)
}

func (d *downstream) leave() error {
	if !d.has {
		return nil
	}
	d.has = false
	_, err := d.s.turns.finish(nil, &d.s.down.out)
	if err != nil {
		d.s.turns.giveBack()
	}
	return err
}

// answerAnyOrder passes the reply m on to the client, or lets the behavior of
// its exchange act on it aside.
func (s *Session) answerAnyOrder(m *Message) error {
	d := &s.down
	var x *exchange
	if !m.Unasked {
		x = s.turns.find(m.ID)
	}
	acts := false
	if x != nil {
		defer x.release()
		acts = x.acts(Reply)
		x.trace.replied(m.Arrived)
	}
	if m.Switch {
		if err := s.yield(); err != nil {
			return err
		}
		s.awaitAside(d) // they are of before it
	} else if acts {
		if held, err := s.replyAside(x, m); held || err != nil {
			return err
		}
	}
	if err := s.keep(nil); err != nil {
		return err
	}
	s.noteData(Reply)
	var err error
	if acts {
		err = s.act(x, Reply, d, m, &d.out, func(out io.Writer) error { return d.pass(m, out) })
	} else {
		err = d.pass(m, &d.out)
	}
	if err != nil {
		return err
	}
	if m.Switch {
		s.turnOpaque(slog.LevelDebug, "the protocol was switched")
		interrupt(s.clientConn())
	}
	if x != nil && !m.More {
		x.trace.answered()
		s.turns.done(x)
	}
	if len(d.r.Buffered()) == 0 || s.opaque.Load() { // else what follows goes out with it
		err = s.yield()
	}
	s.checkDrain()
	return err
}

// yield writes what the client's outlet holds back and lets others use it.
func (s *Session) yield() error {
	if !s.kept {
		return s.down.out.flush()
	}
	_, err := s.turns.finish(nil, &s.down.out)
	s.kept = err != nil
	return err
}

// replyAside lets x's behavior act on a reply aside, after those to x before
// it. It reports false if the reply is too long for that; then none to x is
// held any more.
func (s *Session) replyAside(x *exchange, m *Message) (bool, error) {
	if err := s.yield(); err != nil {
		return false, err
	}
	copied, places, ok, err := s.holdAside(&s.down, m)
	if err != nil {
		return false, err
	}
	s.aside.mu.Lock()
	defer s.aside.mu.Unlock()
	none := len(x.later) == 0
	switch {
	case !ok && none:
		return false, nil
	case !ok:
		s.aside.mu.Unlock()
		defer s.aside.mu.Lock()
		select {
		case <-x.served:
			return false, nil
		case <-s.done:
			return false, errEnded
		}
	}
	x.later = append(x.later, heldReply{copied, places})
	if none {
		x.served = make(chan struct{})
		x.holders.Add(1)
		s.wg.Add(1)
		s.aside.replies.wg.Add(1)
		go s.serveAside(x)
	}
	return true, nil
}

// serveAside lets x's behavior act on the replies that are held aside, until
// there are no more.
func (s *Session) serveAside(x *exchange) {
	defer s.wg.Done()
	defer s.checkDrain()
	defer s.aside.replies.wg.Done()
	defer x.release()
	defer s.rescue()
	for {
		s.aside.mu.Lock()
		r := &x.later[0]
		s.aside.mu.Unlock()
		s.noteData(Reply)
		out := &downstream{s: s}
		err := s.act(x, Reply, nil, &r.Message, out, func(out io.Writer) error {
			_, err := out.Write(r.Head)
			return err
		})
		if ferr := out.leave(); err == nil {
			err = ferr
		}
		s.aside.replies.leave(r.places)
		s.endAside(err)
		switch {
		case err == nil:
		case !isWriteError(err):
			return
		case s.noteDeaf():
			s.end(reset) // nobody reads the client any more to see that it is gone
			return
		}
		if !r.More {
			x.trace.answered()
			s.turns.done(x)
		}
		s.aside.mu.Lock()
		r.Head = nil
		x.later = x.later[1:]
		none := len(x.later) == 0
		if none {
			close(x.served)
		}
		s.aside.mu.Unlock()
		if none {
			return
		}
	}
}

// takeOutlet keeps others from writing between the bytes of d, which is tcp from
// now on.
func (s *Session) takeOutlet(d *direction) error {
	switch {
	case d.point == Reply:
		return s.keep(nil)
	case s.aside != nil:
		return s.enter(s.aside.up)
	}
	return nil
}
