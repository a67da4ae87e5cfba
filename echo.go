package vaurien

// A request can be sent to the backend twice. The second time it is read from
// the same bytes as if the client had sent them again, so that the codec knows
// of it; the backend's reply to it goes nowhere.

// Repeat sends p, a whole message, after the one that the Event is about. It is
// for framed sessions. Of a request, which must be one that the client could
// have sent, the client does not see the second reply; where replies do not come
// in turn, or the reply decides how what follows is to be read (see
// [Message.Barrier]), no second one is sent.
func (e *Event) Repeat(p []byte) error {
	switch {
	case !e.Framed() || len(p) == 0:
		return nil
	case e.Point == Reply:
		e.Note("repeat", "")
		_, err := e.Out.Write(p)
		return e.met(err)
	case e.Point != Request || e.d == nil || e.Session.aside != nil || e.Message.Barrier:
		return nil
	}
	e.x.again = p
	e.Note("repeat", "")
	return nil
}

// sendAgain lets p be read as the next request.
func (s *Session) sendAgain(p []byte) error {
	if err := s.up.out.flush(); err != nil {
		return err
	}
	s.up.r.unread(p)
	s.echoes = true
	return nil
}

// echo sends x, a request that was read before, once more.
func (s *Session) echo(x *exchange) error {
	s.echoes = false
	if x.request.Answer != nil || x.request.Continues {
		defer x.release() // it gets no turn
		_, err := s.up.skip(&x.request, ToTheEnd)
		return err
	}
	x.echo = true
	return s.through(x)
}

// swallow throws away a message of the reply to x, whose turn it is. A backend
// that waits for more after it would wait for ever: the session ends.
func (s *Session) swallow(x *exchange, m *Message) (err error) {
	if m.Invites {
		s.end(reset)
		return errEnded
	}
	if _, err := s.down.skip(m, ToTheEnd); err != nil {
		return err
	}
	if m.More {
		x = nil // its turn is not over
	}
	s.turn, err = s.turns.finish(x, &s.down.out)
	s.kept = s.turn != nil
	s.checkDrain()
	return err
}
