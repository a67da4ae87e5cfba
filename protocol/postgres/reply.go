package postgres

import (
	"encoding/binary"
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// ReadReply reads the beginning of what the server says to one exchange, up to
// its ReadyForQuery, or of what it says unasked.
func (c *codec) ReadReply(r *vaurien.Reader, req, m *vaurien.Message) error {
	n := noteOf(req)
	if n.opening == sslRequest || n.opening == gssRequest {
		return c.readEncryption(r, req, n, m)
	}
	if n.raised != nil {
		return c.readRaised(r, req, n, m)
	}
	return c.readAnswer(r, req, n, m)
}

// readEncryption reads the single byte that answers an SSLRequest or a
// GSSENCRequest (the manual, sections 55.2.10 and 55.2.11), or the error of a
// server that is too old or too busy for it.
func (c *codec) readEncryption(r *vaurien.Reader, req *vaurien.Message, n *note, m *vaurien.Message) error {
	b, err := r.Peek(1)
	if err != nil {
		return err
	}
	switch {
	case b[0] == 'S' && n.opening == sslRequest, b[0] == 'G' && n.opening == gssRequest:
		m.Verb, m.Switch = "encrypted", true
	case b[0] == 'N':
		m.Verb = "plain"
	case b[0] == 'E':
		return c.readAnswer(r, req, n, m)
	default:
		return vaurien.Opaque("byte %#02x in answer to a request for encryption", b[0])
	}
	m.Head = r.Take(1)
	c.answered(n.sequence, unknown)
	return nil
}

// readAnswer reads the beginning of the reply to the request that n is about.
func (c *codec) readAnswer(r *vaurien.Reader, req *vaurien.Message, n *note, m *vaurien.Message) error {
	b, err := r.Peek(headerSize)
	if err != nil {
		return err
	}
	kind, length, err := header(b, &replyNames)
	if err != nil {
		return err
	}
	m.Verb = replyNames[kind]
	m.Unasked = req == nil || kind == 'A'
	if m.Unasked && kind != 'Z' && kind != 'R' {
		if !asynchronous(kind) {
			return vaurien.Opaque("a %s to no request", m.Verb)
		}
		c.reply = reply{codec: c, left: length, ended: true}
		m.Head, m.Body = r.Take(headerSize), &c.reply
		return nil
	}
	p := &c.reply
	*p = reply{codec: c, note: n, sequence: n.sequence, opens: n.opening != 0 || n.first == 'p' || kind == 'R'}
	if req == nil {
		p.sequence, _ = c.lastState()
	}
	for {
		size, enough, err := p.message(b)
		if err != nil {
			return err
		}
		if enough {
			head := min(size, headerSize+lookedReply[kind])
			p.left = size - head
			m.Head, m.Body = r.Take(int(head)), p
			return nil
		}
		if b, err = r.Peek(len(b) + 1); err != nil {
			return err
		}
	}
}

// asynchronous reports whether a server sends messages of that type unasked
// (the manual, section 55.2.7).
func asynchronous(kind byte) bool { return kind == 'A' || kind == 'N' || kind == 'S' || kind == 'E' }

// A reply delimits what the server says to one exchange: all up to
// ReadyForQuery; if that ends with Flush, up to the reply to its last message,
// or an error; while the session opens, up to a question or an error.
type reply struct {
	codec    *codec
	note     *note // nil for what belongs to no exchange
	sequence uint64
	left     int64 // of the last message that was looked at
	seen     int32 // how many messages of a batch are replied to
	ran      bool  // a statement has come to its end
	failed   bool  // an error has been told
	copies   bool  // rows of a COPY belong to it: it ends with their Sync
	opens    bool  // the session opens
	ended    bool
}

// completes are the messages with which the server is done with one of a
// batch's (the manual, section 55.2.3).
var completes = [256]bool{
	'1': true, '2': true, 'T': true, 'n': true, 'C': true, 's': true, 'I': true, '3': true,
}

// lookedReply is how many bytes after the header are looked at: the status of
// ReadyForQuery, the code of Authentication, the process of BackendKeyData.
var lookedReply = [256]int64{'Z': 1, 'R': 4, 'K': 4}

// Next returns a run of as many messages as are buffered.
func (p *reply) Next(r *vaurien.Reader) (int64, error) {
	run := p.left
	for !p.ended {
		b := r.Buffered()
		if run < int64(len(b)) {
			size, enough, err := p.message(b[run:])
			if err != nil && run == 0 {
				return 0, err
			}
			if err == nil && enough {
				run += size
				continue
			}
		}
		if run > 0 {
			break
		}
		if err := r.More(); err == io.EOF {
			return 0, io.ErrUnexpectedEOF
		} else if err != nil {
			return 0, err
		}
	}
	if p.left = 0; run == 0 {
		return 0, io.EOF
	}
	return run, nil
}

// flushed returns how many messages of a batch that ends with Flush are replied
// to, as far as that is known; 0 for other exchanges.
func (p *reply) flushed() int32 {
	if p.note == nil || p.copies {
		return 0
	}
	return p.note.flushed.Load()
}

// message returns the size of the message with which b begins, if there is
// enough of it, and notes whether the reply ends with it. No bytes say that the
// reply has ended before it.
func (p *reply) message(b []byte) (size int64, enough bool, err error) {
	if len(b) < headerSize {
		return 0, false, nil
	}
	if kind := b[0]; kind == 'D' || kind == 'd' { // rows are what there is most of
		if n := int32(binary.BigEndian.Uint32(b[1:])); n >= 4 {
			return int64(n) + 1, true, nil
		}
	}
	kind, length, err := header(b, &replyNames)
	if err != nil {
		return 0, false, err
	}
	look := lookedReply[kind]
	if length < look || kind == 'Z' && length != 1 {
		return 0, false, vaurien.Opaque("a %s of %d bytes", replyNames[kind], length)
	}
	if int64(len(b)) < headerSize+look {
		return 0, false, nil
	}
	if completes[kind] {
		p.seen++
		p.ran = p.ran || kind == 'C'
		if p.seen == p.flushed() {
			p.ended = true
			p.answered()
			return headerSize + length, true, nil
		}
	}
	switch b := b[headerSize:]; kind {
	case 'Z':
		switch flushed := p.flushed() > 0; {
		case flushed && !p.failed: // to a Flush after an error in its batch nothing is said
			return 0, false, vaurien.Opaque("a ReadyForQuery in place of what a Flush asks for")
		case flushed: // it is that to the Sync after the error
			p.ended = true
			p.codec.answered(p.sequence, unknown)
			return 0, true, nil
		}
		p.ended = true
		p.codec.skips = false
		p.codec.answered(p.sequence, status(b[0]))
	case 'G':
		p.copies = true
	case 'W':
		return 0, false, vaurien.Opaque("a replication stream")
	case 'R':
		p.opens = true
		code := binary.BigEndian.Uint32(b)
		if p.ended, err = asks(code); err != nil {
			return 0, false, err
		}
		if p.ended {
			p.codec.asked.Store(code)
		}
	case 'K':
		p.codec.pid.Store(binary.BigEndian.Uint32(b))
	case 'E':
		p.codec.skips, p.failed = true, true
		p.ended = p.opens || p.flushed() > 0 // the server closes, or waits for Sync
	}
	if p.ended && kind != 'Z' {
		p.codec.answered(p.sequence, unknown)
	}
	return headerSize + length, true, nil
}

// answered notes that the reply to a batch that ends with Flush is over. The
// server has not said what the transaction's status is; but only a statement
// can have changed it.
func (p *reply) answered() {
	s := p.note.status
	if p.ran {
		s = unknown
	}
	p.codec.answered(p.sequence, s)
}
