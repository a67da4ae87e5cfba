package vaurien

import (
	"io"
	"math/rand/v2"
	"net"
	"time"
)

const (
	// spliceAfter is how many reads in a row must have filled the largest
	// buffer before bytes are moved without being copied: 1 MiB in one go is
	// bulk.
	spliceAfter = 4

	// spliceAgain is after how many more of them a stream that stopped being
	// bulk is tried again.
	spliceAgain = 64

	// lingerTime is how long a client that goes on sending to a backend which
	// is gone may take to read what the backend said before; nginx's
	// lingering_timeout is the same.
	lingerTime = 5 * time.Second
)

// A direction is one of a session's two streams. It is for one goroutine.
type direction struct {
	s     *Session
	point Point // Request: to the backend; Reply: to the client
	r     Reader
	in    intake
	out   outlet
	alarm Alarm      // made when first needed
	rng   *rand.Rand // of the pieces that belong to the connection; made when first needed

	looked time.Time // when it was last seen whether the sender is there; see untilLost
}

func (d *direction) init(s *Session, point Point, from Conn) {
	p := s.proxy
	d.s, d.point = s, point
	settings := p.settings.Load()
	d.in.init(from, int(settings.BufSize), settings.ReadAhead, &p.held, &s.wg, d.lost)
	d.in.client = point == Request
	d.r.next, d.r.before = d.in.next, d.out.flush
}

// detach lets go of the connections.
func (d *direction) detach() {
	d.in.src.conn, d.in.src.raw, d.in.src.try = nil, nil, nil
	d.out.conn = nil
}

// lost is told of a connection that failed while it was read ahead. That of the
// client ends the session at once; the backend's waits behind what it said.
func (d *direction) lost(error) {
	if d.point == Request || d.in.discards() {
		d.s.end(reset)
	}
}

// pass passes a message on: to the direction's own outlet without a copy, or
// to whatever a behavior has put around it.
func (d *direction) pass(m *Message, out io.Writer) error {
	direct := out == io.Writer(&d.out)
	var err error
	switch {
	case direct && d.r.lastTaken(m.Head):
		err = d.out.hold(m.Head)
	case len(m.Head) > 0:
		_, err = out.Write(m.Head)
	}
	for err == nil && m.Body != nil {
		var n int64
		if n, err = d.next(m.Body); err == io.EOF {
			m.Body, err = nil, nil
		} else if err == nil {
			_, err = d.run(n, out, direct)
		}
	}
	return err
}

// next asks body for its next run, again when it is interrupted.
func (d *direction) next(body Body) (int64, error) {
	for {
		n, err := body.Next(&d.r)
		if err != errInterrupted {
			return n, err
		}
	}
}

// run passes on the next n bytes, of which it returns how many it did. io.EOF
// says that the stream has ended before.
func (d *direction) run(n int64, out io.Writer, direct bool) (int64, error) {
	for left := n; left > 0; {
		if b := d.r.Buffered(); len(b) > 0 {
			b = d.r.Take(int(min(left, int64(len(b)))))
			left -= int64(len(b))
			var err error
			if direct {
				err = d.out.hold(b)
			} else {
				_, err = out.Write(b)
			}
			if err != nil {
				return n - left, err
			}
			continue
		}
		if direct && left > int64(bufferSizes[largestBuffer]) {
			if err := d.out.flush(); err != nil {
				return n - left, err
			}
			moved, err := d.carry(left)
			left -= moved
			if err != nil && err != errInterrupted {
				return n - left, err
			}
			continue
		}
		if err := d.r.More(); err != nil && err != errInterrupted {
			return n - left, err
		}
	}
	return n, nil
}

// skip reads what is left of a message and throws it away, up to limit bytes.
// It reports whether that was all of it; if not, the rest is m's Body still.
func (d *direction) skip(m *Message, limit int64) (bool, error) {
	for m.Body != nil {
		n, err := d.next(m.Body)
		if err == io.EOF {
			m.Body = nil
			break
		}
		if err != nil {
			return false, err
		}
		if n > limit {
			m.Body = &refused{n, m.Body}
			return false, nil
		}
		limit -= n
		if _, err = d.run(n, io.Discard, false); err != nil {
			return false, err
		}
	}
	return true, nil
}

// refused is a body of which the coming run was asked for already.
type refused struct {
	n    int64
	body Body
}

func (b *refused) Next(r *Reader) (int64, error) {
	if n := b.n; n > 0 {
		b.n = 0
		return n, nil
	}
	return b.body.Next(r)
}

// carry is the untouched relay: it moves up to n bytes from connection to
// connection and looks at none of them. It returns early, with no error, when
// fewer than a buffer is left of n; with errInterrupted when the read was
// interrupted; with io.EOF when the stream has ended; and with the error of
// either side. Nothing may be buffered in the Reader or held back in the outlet.
func (d *direction) carry(n int64) (moved int64, err error) {
	full := 0
	for n-moved > int64(bufferSizes[largestBuffer]) {
		var k int64
		if full < spliceAfter {
			k, err = d.carryPiece()
		} else if k, err = d.splice(n - moved); err == errNotSpliced {
			full, err = -spliceAgain, nil
		}
		moved += k
		if err != nil {
			return moved, err
		}
		if k == int64(bufferSizes[largestBuffer]) {
			full++
		} else if full > 0 && full < spliceAfter {
			full = 0
		}
	}
	return moved, nil
}

// carryPiece moves what comes next. Idle relays wait in it, so that its stack
// is the size of theirs.
func (d *direction) carryPiece() (int64, error) {
	if !d.in.direct() {
		return d.carryAhead()
	}
	if err := d.in.src.read(); err != nil {
		return 0, err
	}
	d.s.noteData(d.point)
	n, err := d.out.write(d.in.src.bytes())
	d.in.src.free()
	return int64(n), err
}

// carryAhead is carryPiece for what was read ahead.
func (d *direction) carryAhead() (int64, error) {
	p, err := d.in.nextAhead()
	if err != nil {
		return 0, err
	}
	d.s.noteData(d.point)
	n, err := d.out.write(p.bytes())
	p.buf.release()
	return int64(n), err
}

// passBuffered passes on what is in the Reader, and leaves nothing held back.
func (d *direction) passBuffered() error {
	if b := d.r.Buffered(); len(b) > 0 {
		if err := d.out.hold(d.r.Take(len(b))); err != nil {
			return err
		}
	}
	if err := d.out.flush(); err != nil {
		return err
	}
	d.r.release()
	return nil
}

// end passes on that the stream has ended: whatever is left in the Reader, and
// then a half-close.
func (d *direction) end() error {
	if err := d.passBuffered(); err != nil {
		return err
	}
	shut := func(io.Writer) error {
		if d.s.hasEnded(d.s.other(d)) {
			return d.out.ready() // both have: the close that follows says so
		}
		return d.out.end()
	}
	if x := d.s.fate(); x.acts(Close) {
		return d.s.act(x, Close, d, nil, nil, shut)
	}
	return shut(nil)
}

// throwAway reads and forgets until the stream ends; nobody is there to take
// it. until, if set, is when it gives up.
func (d *direction) throwAway(until func() time.Time) error {
	d.r.release()
	d.out.pending = nil
	for {
		if t := until(); !t.IsZero() {
			if !time.Now().Before(t) {
				return net.ErrClosed
			}
			d.in.src.conn.SetReadDeadline(t)
		}
		p, err := d.in.next()
		switch err {
		case nil:
			p.buf.release()
		case errInterrupted:
		default:
			return err
		}
	}
}
