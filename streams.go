package vaurien

import (
	"io"
	"log/slog"
	"time"
)

// raw serves a direction of a session that is tcp: with no behavior to act, it
// relays untouched; else each piece is a message.
func (s *Session) raw(d *direction) error {
	for {
		var err error
		if x := s.fate(); x.acts(d.point) || s.counting(x) {
			err = s.piece(d)
		} else {
			err = s.relay(d)
		}
		switch err {
		case nil, errInterrupted:
		case io.EOF:
			return d.end()
		default:
			return err
		}
	}
}

// counting reports whether both directions must be looked at to tell one
// exchange from the next.
func (s *Session) counting(x *exchange) bool {
	return !s.drawsOnce() && x.plan.points != 0
}

// relay carries a direction untouched until its stream ends or it is
// interrupted.
func (s *Session) relay(d *direction) error {
	if err := d.out.ready(); err != nil {
		return err
	}
	if err := d.passBuffered(); err != nil {
		return err
	}
	d.in.rest()
	if s.mayRest() && s.meet(d) {
		return errResting
	}
	_, err := d.carry(ToTheEnd)
	return err
}

// piece passes one piece of a tcp stream on, past the behavior that acts.
func (s *Session) piece(d *direction) error {
	if len(d.r.Buffered()) == 0 {
		if err := d.r.More(); err != nil {
			return err
		}
	}
	x := s.spoke(d)
	s.noteData(d.point)
	if d.point == Reply {
		x.trace.replied(d.r.at)
	}
	m := &Message{Head: d.r.Take(len(d.r.Buffered())), Arrived: d.r.at}
	pass := func(out io.Writer) error { return d.pass(m, out) }
	var err error
	if x.acts(d.point) {
		err = s.act(x, d.point, d, m, &d.out, pass)
	} else {
		err = pass(&d.out)
	}
	if err != nil {
		return err
	}
	return d.out.flush()
}

// readRequests serves the direction to the backend of a framed session.
func (s *Session) readRequests() error {
	d := &s.up
	for {
		if s.opaque.Load() {
			return s.rawRequests()
		}
		if s.leaving.Load() {
			return s.sayGoodbye(s.abruptly.Load())
		}
		if s.proxy.draining.Load() && len(d.r.Buffered()) == 0 && s.turns.idle() {
			s.end(orderly)
			return errEnded
		}
		x := s.spare
		if s.spare = nil; x == nil {
			x = newExchange()
		}
		if err := s.codec.ReadRequest(&d.r, &x.request); err != nil {
			x.holders.Store(1)
			x.release()
			if why, ok := asOpaque(err); ok {
				// Who does not even begin with the protocol, but with TLS
				// perhaps, is not one to be greeted first.
				s.ungreeted.Store(s.proxy.greets && s.exchanges.Load() == 1)
				s.turnOpaque(slog.LevelWarn, why)
				continue
			}
			switch err {
			case errInterrupted:
				continue
			case io.EOF, io.ErrUnexpectedEOF:
				return s.endRequests()
			}
			return err
		}
		x.request.Arrived = d.r.at
		if len(x.request.Head) == 0 {
			x.request.Arrived = time.Now() // it stands for the connection
			x.keep()
			s.greeting = x
		}
		err := s.request(x)
		again := x.again
		x.release()
		if err == nil && again != nil {
			err = s.sendAgain(again)
		}
		if why, ok := asOpaque(err); ok {
			s.turnOpaque(slog.LevelWarn, why)
			if err := s.takeOutlet(d); err != nil {
				return err
			}
			return s.raw(d) // the rest of this request: nothing may hold it up
		}
		switch err {
		case nil:
		case errCloseAfter, errCloseNow:
			return s.sayGoodbye(err == errCloseNow)
		case io.EOF, io.ErrUnexpectedEOF:
			return s.endRequests()
		default:
			return err
		}
	}
}

// rawRequests serves the direction to the backend once it is tcp. What was
// asked before may depend on what follows: nothing waits for a reply.
func (s *Session) rawRequests() error {
	d := &s.up
	if err := d.out.flush(); err != nil {
		return err
	}
	s.awaitAside(d)
	if err := s.takeOutlet(d); err != nil {
		return err
	}
	return s.raw(d)
}

// endRequests passes on that the client has ended its stream. Where there is no
// backend to tell, and all that was asked is answered, the session is over.
func (s *Session) endRequests() error {
	s.awaitAside(&s.up)
	if s.leaving.Load() {
		return s.sayGoodbye(s.abruptly.Load())
	}
	if s.turns.idle() && len(s.up.r.Buffered()) == 0 && !s.hasBackend() {
		s.end(orderly)
		return errEnded
	}
	return s.up.end()
}

// request lets one request meet its fate.
func (s *Session) request(x *exchange) error {
	d, m := &s.up, &x.request
	if s.echoes {
		return s.echo(x)
	}
	if m.Continues {
		return s.goOn(x)
	}
	s.framed(x)
	s.noteData(Request)
	if m.Answer == nil && s.aside == nil && !x.acts(Request) {
		return s.through(x)
	}
	if err := s.queue(x, undecided); err != nil {
		return err
	}
	barrier := m.Barrier
	var err error
	switch {
	case m.Answer != nil:
		err = s.become(x, m, *m.Answer)
	case x.acts(Request):
		if s.aside != nil {
			if held, err := s.requestAside(x); err != nil {
				return err
			} else if held {
				break
			}
		}
		err = s.act(x, Request, d, m, &d.out, func(out io.Writer) error { return s.forward(x, out) })
		if err == nil {
			err = s.clientLost(s.turns.settle(x, &s.down.out))
		}
	default:
		err = s.forward(x, &d.out)
	}
	if err != nil || !barrier {
		return err
	}
	return s.await(x)
}

// through passes a request on that nothing acts on.
func (s *Session) through(x *exchange) error {
	d, m := &s.up, &x.request
	if err := d.out.ready(); err != nil {
		return err
	}
	barrier := m.Barrier
	x.trace.forwarded(false)
	if err := s.queue(x, forwarded); err != nil {
		return err
	}
	if err := d.pass(m, &d.out); err != nil || !barrier {
		return err
	}
	return s.await(x)
}

// await waits until x's turn is over or its client is invited to go on; or
// until the client speaks or goes away, for the caller to see.
func (s *Session) await(x *exchange) error {
	d := &s.up
	if err := d.out.flush(); err != nil {
		return err
	}
	for s.turns.awaits(x) && !s.leaving.Load() {
		if len(d.r.Buffered()) > 0 {
			d.in.readAhead(-1) // to see whether it goes away
			break
		}
		if err := d.r.More(); err != nil && err != errInterrupted {
			return err
		}
	}
	return s.turns.await(x)
}

// queue gives x a turn, if its request gets a reply.
func (s *Session) queue(x *exchange, state turnState) error {
	if x.request.NoReply {
		x.release()
		return nil
	}
	spare, err := s.turns.push(x, state, s.up.out.flush)
	if spare != nil {
		s.spare = spare.renew()
	}
	return err
}

// goOn passes on what continues the exchange that was read last. Nothing may
// act on it.
func (s *Session) goOn(part *exchange) error {
	defer part.release()
	d, m := &s.up, &part.request
	x := s.turns.last()
	if x == nil {
		return d.pass(m, &d.out) // it goes on with what is over
	}
	defer x.release()
	barrier := m.Barrier
	var err error
	if m.Answer != nil {
		err = s.become(x, m, *m.Answer)
	} else {
		err = d.pass(m, &d.out)
	}
	if err != nil || !barrier {
		return err
	}
	return s.await(x)
}

// forward passes x's request on to the backend.
func (s *Session) forward(x *exchange, out io.Writer) error {
	if s.aside != nil {
		return s.forwardNow(x, out)
	}
	return s.send(x, out)
}

func (s *Session) send(x *exchange, out io.Writer) error {
	if err := s.up.out.ready(); err != nil {
		return err
	}
	if !x.request.NoReply {
		s.turns.forward(x)
	}
	x.trace.forwarded(x.acts(Request))
	return s.up.pass(&x.request, out)
}

// readReplies serves the direction to the client of a framed session.
func (s *Session) readReplies() error {
	d := &s.down
	unwanted := false // what comes next is a greeting that is not to be seen
	if s.proxy.greets {
		greets, err := s.turns.awaitFirst()
		if err != nil {
			return err
		}
		if unwanted = !greets; !unwanted {
			s.greeted()
		}
	}
	for {
		if len(d.r.Buffered()) == 0 {
			switch err := d.r.More(); err {
			case nil:
			case errInterrupted:
				continue
			case io.EOF:
				return s.endReplies()
			default:
				return err
			}
		}
		if s.opaque.Load() && (s.ungreeted.Load() || s.turns.idle()) {
			return s.rawReplies()
		}
		x := s.turn
		switch {
		case unwanted:
			x = s.greeting
		case x == nil && s.aside == nil:
			x = s.turns.current()
		}
		var req *Message
		if x != nil {
			req = &x.request
		}
		m := &s.reply
		*m = Message{Info: m.Info}
		err := s.codec.ReadReply(&d.r, req, m)
		if err == nil {
			if m.Arrived = d.r.at; unwanted {
				unwanted = false
				_, err = d.skip(m, ToTheEnd)
				s.greeted()
			} else {
				err = s.answer(x, m)
			}
		}
		if why, ok := asOpaque(err); ok {
			s.turnOpaque(slog.LevelWarn, why)
			return s.rawReplies()
		}
		switch err {
		case nil, errInterrupted:
		case io.EOF, io.ErrUnexpectedEOF:
			return s.endReplies()
		default:
			return err
		}
	}
}

// greeted lets go of the exchange that the greeting answers.
func (s *Session) greeted() {
	if x := s.greeting; x != nil {
		s.greeting = nil
		x.forget()
	}
}

// rawReplies serves the direction to the client once it is tcp: no turn is to
// be kept any more.
func (s *Session) rawReplies() error {
	if s.aside != nil {
		if err := s.yield(); err != nil {
			return err
		}
		s.awaitAside(&s.down)
	}
	if err := s.takeOutlet(&s.down); err != nil {
		return err
	}
	s.turns.close()
	interrupt(s.clientConn())
	return s.raw(&s.down)
}

// answer passes the reply m on to the client, when it is x's turn; x is nil
// for what nobody asked.
func (s *Session) answer(x *exchange, m *Message) error {
	if s.aside != nil {
		return s.answerAnyOrder(m)
	}
	d := &s.down
	if m.Unasked {
		x = nil
	}
	if err := s.keep(x); err != nil {
		return err
	}
	s.turn = nil
	if x != nil && x.echo {
		return s.swallow(x, m)
	}
	s.noteData(Reply)
	var err error
	if x != nil {
		x.trace.replied(m.Arrived)
	}
	if x != nil && x.acts(Reply) {
		err = s.act(x, Reply, d, m, &d.out, func(out io.Writer) error { return d.pass(m, out) })
	} else {
		err = d.pass(m, &d.out)
	}
	if err != nil {
		return err // nothing comes after it in turn
	}
	if m.Switch {
		s.turnOpaque(slog.LevelDebug, "the protocol was switched")
		interrupt(s.clientConn())
	}
	asked := x
	if m.More || m.Invites {
		x = nil // its turn is not over
	} else if x != nil {
		x.trace.answered()
	}
	if s.turn, err = s.turns.finish(x, &d.out); err != nil {
		return err
	}
	s.kept = s.turn != nil
	if m.Invites && asked != nil {
		s.turns.invite(asked)
	}
	s.checkDrain() // it may have been the last exchange
	return nil
}

// keep takes the client's outlet for the direction to it, unless it has it,
// when it is x's turn.
func (s *Session) keep(x *exchange) error {
	if s.kept {
		return nil
	}
	err := s.turns.begin(x)
	s.kept = err == nil
	return err
}

// checkDrain lets a session that is to end see whether it can.
func (s *Session) checkDrain() {
	if s.proxy.draining.Load() {
		interrupt(s.clientConn())
	}
}

// endReplies passes on that the backend has ended its stream, with whatever
// there is of a last reply.
func (s *Session) endReplies() error {
	if s.aside != nil {
		if err := s.yield(); err != nil {
			return err
		}
		s.awaitAside(&s.down)
	}
	if err := s.keep(s.turns.current()); err != nil {
		return err
	}
	return s.down.end()
}
