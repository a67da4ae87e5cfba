package memcache

import (
	"fmt"

	"github.com/vaurien-proxy/vaurien"
)

// A failed command is not always answered without the server. A set for which
// memcached has no memory, or that is too large, also deletes what was stored
// before (proto_text.c, process_update_command); and what is said to a command
// that has quiet ones before it must come after whatever is said to those. So
// another command is sent in its place, and the reply to that one is replaced.
type standIn struct {
	request uint64 // the number of the request in whose place it is
	bytes   []byte // what the client sees in place of the reply
	unasked bool   // that is no reply to the request that the engine thinks of
}

// The opaque of commands sent in another's place.
const (
	ownOpaque     = 0x7661752d // "vau-"
	ownMetaOpaque = "Ovaurien-standin"
)

// sendInPlace notes that forward is sent in the place of n's request, and that
// its reply is to become reply. It may be called again for the same request.
func (c *codec) sendInPlace(n *note, forward, reply []byte) vaurien.Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := standIn{request: n.number, bytes: reply, unasked: n.quiet}
	if last := len(c.standIns) - 1; last >= 0 && c.standIns[last].request == n.number {
		c.standIns[last] = s
	} else {
		c.standIns = append(c.standIns, s)
	}
	c.awaited.Store(int32(len(c.standIns)))
	n.standIn = true
	return vaurien.Answer{Forward: forward}
}

// relieved returns the stand-in that a line of the text protocol answers. They
// are answered in their order.
func (c *codec) relieved(l []byte, w replies, n *note) (standIn, bool) {
	own := hasWord(l, []byte(ownMetaOpaque)) && w&anyMeta != 0
	classic := n.standIn && n.dialect == text && w&(wDELETED|wNOTFOUND|failed) != 0
	if !own && !classic {
		return standIn{}, false
	}
	return c.pop()
}

func (c *codec) pop() (standIn, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.standIns) == 0 {
		return standIn{}, false
	}
	s := c.standIns[0]
	if c.standIns = c.standIns[1:]; len(c.standIns) == 0 {
		c.standIns = nil
	}
	c.awaited.Store(int32(len(c.standIns)))
	return s, true
}

// binaryRelieved takes a packet of that size, which answers a stand-in.
func (c *codec) binaryRelieved(r *vaurien.Reader, m *vaurien.Message, size int) error {
	if _, err := r.Peek(size); err != nil {
		return err
	}
	s, ok := c.pop()
	if !ok {
		return vaurien.Opaque("a packet in reply to no request")
	}
	r.Take(size)
	m.Verb = statusName(header(s.bytes).status())
	m.Unasked, m.Head = s.unasked, s.bytes
	return nil
}

// deleting returns the command that deletes a key, and is always answered.
func deleting(req *vaurien.Message, n *note) []byte {
	key := keyOf(req, n)
	switch {
	case n.dialect == binary:
		return packet(requestMagic, opDelete, 0, ownOpaque, key)
	case n.dialect == meta:
		return fmt.Appendf(nil, "md %s%s %s\r\n", key, base64Flag(req), ownMetaOpaque)
	case n.quiet:
		return fmt.Appendf(nil, "delete %s noreply\r\n", key) // but not this one
	}
	return fmt.Appendf(nil, "delete %s\r\n", key)
}

// nothing returns a command that has no effect, and is always answered.
func nothing(req *vaurien.Message, n *note) []byte {
	if n.dialect == binary {
		return packet(requestMagic, opNoop, 0, ownOpaque, nil)
	}
	key := keyOf(req, n)
	if len(key) == 0 || len(key) > longestKey {
		key = []byte("k")
	}
	// u: without a bump in the LRU.
	return fmt.Appendf(nil, "mg %s%s u %s\r\n", key, base64Flag(req), ownMetaOpaque)
}
