package vaurien

import (
	"bytes"
	"io"
	"time"
)

// MaxHead is the longest head of a message, in bytes, that a codec may ask a
// Reader to hold. A longer one is not understood, and its session goes on as
// tcp. (Servers refuse far less: nginx 32 KiB, Apache httpd 8 KiB a line.)
const MaxHead = 1 << 20

// A Reader gives a codec the bytes of one direction, in place. It holds no
// memory while it holds no bytes.
//
// Each byte is in one of three states: yet to come (ask for [Reader.More]),
// buffered (look at it with [Reader.Buffered]) or taken ([Reader.Take]).
type Reader struct {
	next   func() (piece, error) // the next bytes that came in
	before func() error          // called before buffered memory moves or a wait; may be nil

	buf  *buffer
	r, w int       // what is buffered is buf.b[r:w]
	at   time.Time // when the last of it came
}

// A piece is some bytes that came in together. It belongs to whoever has it.
type piece struct {
	buf *buffer
	n   int
	at  time.Time
}

func (p piece) bytes() []byte { return p.buf.b[:p.n] }

// cost is how much memory p holds, with what it takes to hold it.
func (p piece) cost() int64 { return int64(len(p.buf.b)) + 128 }

// NewReader returns a Reader of src, for trying a codec without a proxy. Each
// read of src becomes one piece.
func NewReader(src io.Reader) *Reader {
	return &Reader{next: func() (piece, error) {
		for {
			b := newBuffer(0)
			n, err := src.Read(b.b)
			if n > 0 {
				return piece{b, n, time.Now()}, nil
			}
			b.release()
			if err != nil {
				return piece{}, err
			}
		}
	}}
}

// Buffered returns the bytes that have come and are not taken, without
// waiting. They stay where they are until More is called.
func (r *Reader) Buffered() []byte {
	if r.buf == nil {
		return nil
	}
	return r.buf.b[r.r:r.w]
}

// More waits until there are more bytes than Buffered returned before; what
// Buffered and Take returned earlier is not valid after it. Its errors are to
// be passed on as they are; io.EOF says that the stream has ended.
func (r *Reader) More() error {
	if r.w-r.r >= MaxHead {
		return Opaque("a head of more than %d bytes", MaxHead)
	}
	if r.before != nil {
		if err := r.before(); err != nil {
			return err
		}
	}
	if r.r == r.w {
		r.release() // wait empty-handed
	}
	p, err := r.next()
	if err != nil {
		return err
	}
	r.at = p.at
	if r.buf == nil {
		r.buf, r.r, r.w = p.buf, 0, p.n
		return nil
	}
	r.append(p)
	return nil
}

// append puts p behind what is buffered, moving that if it must.
func (r *Reader) append(p piece) {
	held := r.buf.b[r.r:r.w]
	if len(held)+p.n <= len(r.buf.b) {
		if r.w+p.n > len(r.buf.b) {
			r.r, r.w = 0, copy(r.buf.b, held)
		}
		copy(r.buf.b[r.w:], p.bytes())
		r.w += p.n
		p.buf.release()
		return
	}
	larger := bufferOf(2 * (len(held) + p.n))
	n := copy(larger.b, held)
	n += copy(larger.b[n:], p.bytes())
	p.buf.release()
	r.release()
	r.buf, r.r, r.w = larger, 0, n
}

// Peek waits until n bytes are buffered and returns all that are. Its errors are
// More's.
func (r *Reader) Peek(n int) ([]byte, error) {
	for r.w-r.r < n {
		if err := r.More(); err != nil {
			return nil, err
		}
	}
	return r.Buffered(), nil
}

// Take takes the first n of the buffered bytes and returns them, in place:
// they are valid until More is called. It panics if fewer are buffered.
func (r *Reader) Take(n int) []byte {
	p := r.Buffered()[:n]
	r.r += n
	return p
}

// unread puts p before what is buffered. Nobody may look at what was taken any
// more.
func (r *Reader) unread(p []byte) {
	b := &buffer{append(bytes.Clone(p), r.Buffered()...), -1}
	r.release()
	r.buf, r.w = b, len(b.b)
}

// release gives the memory back, with whatever is in it.
func (r *Reader) release() {
	r.buf.release()
	r.buf, r.r, r.w = nil, 0, 0
}

// lastTaken reports whether p is what was taken last, still in place.
func (r *Reader) lastTaken(p []byte) bool {
	return r.buf != nil && len(p) > 0 && r.r >= len(p) && &r.buf.b[r.r-len(p)] == &p[0]
}
