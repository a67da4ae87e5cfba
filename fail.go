package vaurien

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

const (
	// noiseSize is how many random bytes stand for an error where the protocol
	// has none. Vaurien has always sent so many.
	noiseSize = 1000

	// unreadLimit is how much of a request's body is read for the sake of
	// keeping the connection when the request is answered with an error.
	// net/http's servers read as much.
	unreadLimit = 256 << 10
)

// How the connection closes after an answer.
var (
	errCloseAfter = errors.New("vaurien: close after the answer")
	errCloseNow   = errors.New("vaurien: close at once after the answer")
)

// fail answers a request, or at Accept the connection, in the backend's place.
// It reports whether it is passed on after all, for the caller to do.
func (s *Session) fail(e *Event, f Failure) (passes bool, err error) {
	if s.codec == nil || s.opaque.Load() {
		e.harm()
		_, err := s.clientConn().Write(noise(e.Rand()))
		return false, s.clientLost(err)
	}
	if e.Point == Accept {
		a, err := s.codec.Fail(nil, f, e.Rand())
		if err != nil || a.Pass {
			s.noteCannotFail(e, f, err)
			return true, nil
		}
		e.harm()
		if _, err := s.down.out.Write(a.Bytes); err != nil {
			return false, s.clientLost(err)
		}
		return false, s.sayGoodbye(a.Abrupt)
	}
	m := e.Message
	f.Unread = m.Body != nil && m.AsksFirst
	if m.Body != nil {
		m.Head = bytes.Clone(m.Head) // reading the body moves it
	}
	a, err := s.codec.Fail(m, f, e.Rand())
	switch {
	case err != nil || a.Pass:
		s.noteCannotFail(e, f, err)
		return true, nil
	case f.Unread, a.Close, a.Rest, m.Body == nil:
		e.harm()
		return false, s.become(e.x, m, a)
	}
	e.harm()
	all, err := e.d.skip(m, unreadLimit)
	if IsOpaque(err) {
		all, err = false, nil // no more of it can be told apart
	}
	if err == nil && !all {
		f.Unread = true
		e.rng = nil // the dice fall as they did
		if a, err = s.codec.Fail(m, f, e.Rand()); err != nil || a.Pass {
			s.noteCannotFail(e, f, err)
			s.end(reset) // a part of it is gone: it can be neither passed on nor answered
			return false, errEnded
		}
	}
	if err != nil {
		return false, err
	}
	return false, s.become(e.x, m, a)
}

// noteCannotFail notes an error of the codec's, if it is one: a request that it
// was asked to fail cannot fail so.
func (s *Session) noteCannotFail(e *Event, f Failure, err error) {
	if err != nil {
		s.proxy.log.Error("a request cannot be failed", "session", s.number, "exchange", e.Exchange, "kind", f.Kind, "error", err)
	}
}

// become lets a be what becomes of m, a request of x's that is not passed on.
func (s *Session) become(x *exchange, m *Message, a Answer) error {
	d := &s.up
	if !a.Rest && !a.Close {
		_, err := d.skip(m, ToTheEnd)
		if IsOpaque(err) {
			a.Close = len(a.Forward) == 0 // nothing after it can be told apart
		} else if err != nil {
			return err
		}
	}
	if len(a.Forward) > 0 {
		var out io.Writer = &d.out
		if s.aside != nil {
			aside := &upstream{s: s}
			defer aside.leave()
			out = aside
		} else if err := d.out.ready(); err != nil {
			return err
		}
		if !s.turns.forward(x) && s.aside != nil {
			return nil // abandoned meanwhile
		}
		x.trace.forwarded(true)
		if _, err := out.Write(a.Forward); err != nil || !a.Rest {
			return err
		}
		return d.pass(&Message{Body: m.Body}, out)
	}
	if m.NoReply {
		if len(a.Bytes) == 0 && !a.Close {
			return nil
		}
		x.holders.Add(1) // it gets a turn after all
		if _, err := s.turns.push(x, undecided, d.out.flush); err != nil {
			return err
		}
	}
	if err := s.turns.answer(x, a.Bytes, a.Invites, &s.down.out); err != nil {
		return s.clientLost(err)
	}
	switch {
	case a.Close && a.Abrupt:
		return errCloseNow
	case a.Close:
		return errCloseAfter
	}
	return nil
}

// clientLost ends the session if err says that the client could not be told
// something.
func (s *Session) clientLost(err error) error {
	if err == nil {
		return nil
	}
	s.end(reset)
	return errEnded
}

// noise is what an error looks like where the protocol has none.
func noise(rng *rand.Rand) []byte {
	b := make([]byte, noiseSize)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// sayGoodbye closes the client's connection after the last answer, so that the
// client can read it: a close with bytes unread would be a reset, which may
// overtake the answer (RFC 9112 section 9.6). An abrupt server does just that.
func (s *Session) sayGoodbye(abrupt bool) error {
	if s.aside != nil {
		if err := s.enter(s.aside.up); err != nil {
			return err
		}
	}
	if err := s.up.out.flush(); err != nil {
		return err
	}
	// Whatever the backend says after it, the client has heard the last.
	if err := s.turns.told(s.up.in.throwAway); err != nil {
		return err
	}
	if abrupt {
		s.end(orderly)
		return errEnded
	}
	s.clientConn().CloseWrite()
	giveUp := time.Now().Add(lingerTime)
	err := s.up.throwAway(func() time.Time { return giveUp })
	if err == io.EOF || err == net.ErrClosed {
		s.end(orderly)
	} else {
		s.end(reset)
	}
	return errEnded
}
