package vaurien

import (
	"errors"
	"sync/atomic"
)

// TakeOver calls the backend and gives a behavior both connections, to do with
// as it likes until it returns from Act; then they are closed. It is for Accept.
// They are closed, too, when the proxy is. Where there is no backend the session
// ends as the proxy's settings say, and the error is to be returned.
func (e *Event) TakeOver() (client, backend Conn, err error) {
	if e.Point != Accept {
		return nil, nil, errors.New("a session can be taken over at Accept, not at " + e.Point.String())
	}
	if e.done {
		return nil, nil, errors.New("a session was to be taken over that goes on already")
	}
	e.done = true
	s := e.Session
	if backend, err = s.dial(); err != nil {
		if !s.isOver() {
			s.proxy.noteNoBackend(s, err)
			s.endWithoutBackend()
		}
		return nil, nil, e.met(errEnded)
	}
	if err := s.adopt(backend); err != nil {
		return nil, nil, e.met(err)
	}
	e.Note("take-over", "")
	return &tallied{s.clientConn(), &s.down.out.count}, &tallied{backend, &s.up.out.count}, nil
}

// A tallied is a connection that counts what is written to it.
type tallied struct {
	Conn
	count *atomic.Uint64
}

func (t *tallied) Write(p []byte) (int, error) {
	n, err := t.Conn.Write(p)
	t.count.Add(uint64(n))
	return n, err
}
