package memcache

import (
	wire "encoding/binary"

	"github.com/vaurien-proxy/vaurien"
)

// The header of a packet (memcached's protocol-binary.txt, section 2.2).
const (
	headerSize   = 24
	requestMagic = 0x80
	replyMagic   = 0x81
)

// A header is the first headerSize bytes of a packet.
type header []byte

func (h header) opcode() byte   { return h[1] }
func (h header) key() int       { return int(wire.BigEndian.Uint16(h[2:])) }
func (h header) extras() int    { return int(h[4]) }
func (h header) status() uint16 { return wire.BigEndian.Uint16(h[6:]) }
func (h header) length() int64  { return int64(wire.BigEndian.Uint32(h[8:])) }
func (h header) opaque() uint32 { return wire.BigEndian.Uint32(h[12:]) }
func (h header) cas() uint64    { return wire.BigEndian.Uint64(h[16:]) }

// readHeader returns the header that r has next.
func readHeader(r *vaurien.Reader) (header, error) {
	b, err := r.Peek(headerSize)
	if err != nil {
		return nil, err
	}
	return header(b[:headerSize]), nil
}

// readBinaryRequest reads a header, what is added to it, and the key. The
// value follows.
func (c *codec) readBinaryRequest(r *vaurien.Reader, m *vaurien.Message) error {
	h, err := readHeader(r)
	if err != nil {
		return err
	}
	cmd := &opcodes[h.opcode()]
	head := headerSize + h.extras() + h.key()
	switch {
	case h[0] != requestMagic:
		return vaurien.Opaque("byte %#02x where a binary request begins", h[0])
	case cmd.verb == "":
		return vaurien.Opaque("opcode %#02x", h.opcode()) // what it is answered by is not known
	case h.length() < int64(head-headerSize):
		return vaurien.Opaque("a packet that is shorter than its key")
	}
	b, err := r.Peek(head)
	if err != nil {
		return err
	}
	h = header(b[:head])
	n := fresh(m)
	n.dialect, n.op, n.quiet = binary, cmd.op, cmd.quiet
	n.opcode, n.opaque, n.cas = h.opcode(), h.opaque(), h.cas() != 0
	if e := h[headerSize:]; n.op.counts() && h.extras() == 20 {
		n.creates = wire.BigEndian.Uint32(e[16:]) != 0xffffffff // protocol-binary.txt, section 4.6
	}
	n.size = h.length() - int64(head-headerSize)
	m.Verb = cmd.verb
	if !n.quiet {
		n.before, c.unsettled = c.unsettled, quiets{}
	} else {
		c.unsettled.binary = true
	}
	c.dialect = binary
	c.framed(r, m, n, head, n.size)
	return nil
}

// readBinaryReply reads a header; all else follows.
func (c *codec) readBinaryReply(r *vaurien.Reader, req, m *vaurien.Message) error {
	h, err := readHeader(r)
	if err != nil {
		return err
	}
	size := h.length()
	if size < int64(h.key()+h.extras()) {
		return vaurien.Opaque("a packet that is shorter than its key")
	}
	if c.awaited.Load() > 0 && h.opaque() == ownOpaque && size <= longestReply {
		return c.binaryRelieved(r, m, headerSize+int(size))
	}
	n := noteOf(req)
	switch {
	case opcodes[h.opcode()].quiet:
		m.Unasked = true
	case req == nil:
		return vaurien.Opaque("a packet with opcode %#02x in reply to no request", h.opcode())
	case n.dialect != binary || h.opcode() != n.opcode || h.opaque() != n.opaque:
		return vaurien.Opaque("a packet with opcode %#02x in reply to %s", h.opcode(), req.Verb)
	}
	m.Verb = statusName(h.status())
	if h.opcode() == opStat && h.key() > 0 {
		c.stats = stats{data: size}
		m.Body = &c.stats
	} else if size > 0 {
		c.length.N = size
		m.Body = &c.length
	}
	m.Head = r.Take(headerSize)
	return nil
}
