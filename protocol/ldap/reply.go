package ldap

import "github.com/vaurien-proxy/vaurien"

// A reply of up to wholeReply bytes is its head and no body. Of a longer one
// the head is the first partOfReply: an operation and its result code are
// within them.
const (
	wholeReply  = 4 << 10
	partOfReply = 64
)

// ReadReply reads a reply, to whichever request.
func (c *codec) ReadReply(r *vaurien.Reader, _, m *vaurien.Message) error {
	var e envelope
	if err := e.read(r); err != nil {
		return err
	}
	if !e.op.ends() && !e.op.goesOn() {
		return vaurien.Opaque("an unknown reply, tag %#02x", byte(e.op))
	}
	size := int(e.size)
	if e.size > wholeReply {
		size = partOfReply
	}
	if _, err := r.Peek(size); err != nil {
		return err
	}

	m.Head = r.Take(size)
	if left := e.size - int64(size); left > 0 {
		c.reply.N = left
		m.Body = &c.reply
	}
	m.ID = uint64(e.id)
	m.Unasked = e.id == 0 // RFC 4511 section 4.4
	m.More = e.op.goesOn()
	if m.More {
		m.Verb = e.op.part()
		return nil
	}
	end := min(e.end, int64(size))
	code := resultOf(m.Head[e.start:end])
	m.Verb = nameOf(code)
	switch e.op {
	case bindDone:
		c.shared.bound(e.id, code)
	case extendedDone:
		m.Switch = c.shared.startTLS.CompareAndSwap(e.id, 0) && e.id != 0 && code == success
	}
	if instead := c.shared.instead(e.id, code); instead != nil && m.Body == nil {
		m.Head = instead
	}
	return nil
}

// resultOf returns the result code at the beginning of an LDAPResult (RFC 4511
// section 4.1.9); -1 if there is none.
func resultOf(b []byte) int {
	content, _, ok := take(b, enumerated)
	if !ok {
		return -1
	}
	code, ok := number(content)
	if !ok {
		return -1
	}
	return int(code)
}
