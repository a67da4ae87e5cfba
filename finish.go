package vaurien

import (
	"io"
	"net"
	"time"
)

// Finish closes the connections of the session in order, so that both sides can
// read all that was passed on to them: a close with bytes unread would be a
// reset, which may overtake it (RFC 9112 section 9.6). Both are told the end at
// once; what they still send is read and thrown away until they have ended too,
// or for lingerTime.
func (e *Event) Finish() error {
	s, d := e.Session, e.d
	if d == nil {
		return e.met(errCloseAfter) // aside: whoever reads the client says goodbye
	}
	if err := d.out.flush(); err != nil {
		return e.met(err)
	}
	e.Note("close", "")
	giveUp := time.Now().Add(lingerTime)
	s.turns.close() // nobody is answered any more
	s.halfClose()
	// The other direction finds nobody to write to, and throws away as well.
	err := d.throwAway(func() time.Time { return giveUp })
	switch {
	case err == io.EOF && !s.noteEnded(d):
		late := time.NewTimer(time.Until(giveUp))
		defer late.Stop()
		select {
		case <-s.done: // the other direction has ended too
		case <-late.C:
		}
		s.end(orderly)
	case err == io.EOF, err == net.ErrClosed:
		s.end(orderly)
	default:
		s.end(reset)
	}
	return e.met(errEnded)
}

// halfClose tells both sides that nothing more comes.
func (s *Session) halfClose() {
	s.mu.Lock()
	backend := s.backend
	s.mu.Unlock()
	s.clientConn().CloseWrite()
	if backend != nil {
		backend.CloseWrite()
	}
}
