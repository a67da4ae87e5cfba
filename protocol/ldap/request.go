package ldap

import "github.com/vaurien-proxy/vaurien"

// wholeRequest is how long a request may be that is its head and no body: what
// is known of longer ones, and what can be changed in them, is in their first
// bytes.
const wholeRequest = 64 << 10

// ReadRequest reads a request.
func (c *codec) ReadRequest(r *vaurien.Reader, m *vaurien.Message) error {
	var e envelope
	if err := e.read(r); err != nil {
		return err
	}
	verb := e.op.verb()
	switch {
	case verb == "":
		return vaurien.Opaque("an unknown operation, tag %#02x", byte(e.op))
	case e.id == 0: // RFC 4511 section 4.1.1.1
		return vaurien.Opaque("a request with the message ID 0")
	}
	size := int(min(e.size, wholeRequest))
	if _, err := r.Peek(size); err != nil {
		return err
	}

	n, ok := m.Info.(*note)
	if !ok {
		n = new(note)
		m.Info = n
	}
	n.envelope = e
	m.Head = r.Take(size)
	if left := e.size - int64(size); left > 0 {
		n.length.N = left
		m.Body = &n.length
	}
	m.Verb, m.ID = verb, uint64(e.id)

	switch e.op {
	case bind:
		c.shared.binds(e.id, readBind(n.content(m)))
	case unbind:
		m.NoReply = true
	case abandon: // RFC 4511 section 4.11: its content is that of a message ID
		m.NoReply = true
		if id, ok := number(n.content(m)); ok {
			m.Abandons = uint64(id)
			c.shared.abandons(id)
		}
	case extended:
		if string(extensionOf(n.content(m))) == startTLS {
			m.Barrier = true // RFC 4511 section 4.14.1: nothing may follow before the reply
			c.shared.startTLS.Store(e.id)
		}
	}
	return nil
}

// extensionOf returns the name of an extended operation, from its content (RFC
// 4511 section 4.12).
func extensionOf(b []byte) []byte {
	name, _, _ := take(b, 0x80)
	return name
}
