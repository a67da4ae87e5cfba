package vaurien

import "sync/atomic"

// An outlet is where the bytes of one direction go out. One goroutine at a
// time may use it.
type outlet struct {
	conn    Conn
	connect func() (Conn, error) // waits for conn while that is nil
	pending []byte               // held back: bytes that lie next to each other in a Reader's memory
	count   atomic.Uint64
}

// Write writes what was held back, and then p, at once.
func (o *outlet) Write(p []byte) (int, error) {
	if err := o.flush(); err != nil {
		return 0, err
	}
	return o.write(p)
}

func (o *outlet) write(p []byte) (int, error) {
	if err := o.ready(); err != nil {
		return 0, err
	}
	n, err := o.conn.Write(p)
	o.count.Add(uint64(n))
	if err != nil {
		return n, &writeError{err}
	}
	return n, nil
}

// ready waits until there is a connection to write to.
func (o *outlet) ready() (err error) {
	if o.conn == nil {
		o.conn, err = o.connect()
	}
	return err
}

// end ends the stream, once what was held back is written.
func (o *outlet) end() error {
	if err := o.flush(); err != nil {
		return err
	}
	if err := o.ready(); err != nil {
		return err
	}
	if err := o.conn.CloseWrite(); err != nil {
		return &writeError{err}
	}
	return nil
}

// hold takes p, which must stay as it is until flush, to be written together
// with what follows it in memory: messages that came in together go out
// together.
func (o *outlet) hold(p []byte) error {
	if n := len(o.pending); n > 0 {
		if cap(o.pending) > n && len(p) > 0 && &o.pending[:n+1][n] == &p[0] {
			o.pending = o.pending[:n+len(p)]
			return nil
		}
		if err := o.flush(); err != nil {
			return err
		}
	}
	o.pending = p
	return nil
}

// flush writes what was held back.
func (o *outlet) flush() error {
	if len(o.pending) == 0 {
		return nil
	}
	p := o.pending
	o.pending = nil
	_, err := o.write(p)
	return err
}
