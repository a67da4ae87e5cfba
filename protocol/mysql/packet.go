package mysql

import (
	"io"

	"github.com/vaurien-proxy/vaurien"
)

const (
	headerSize = 4         // three bytes of length, one that counts
	fullPacket = 1<<24 - 1 // a packet of this length is continued by the next

	// longestRequestHead is how much of a request is looked at: the statement's
	// text up to there is what matching sees.
	longestRequestHead = headerSize + 16<<10

	// longestReplyHead is how much of a reply's first packet is.
	longestReplyHead = headerSize + 4<<10
)

// lengthOf returns the length of the payload behind a packet's header.
func lengthOf(header []byte) int {
	return int(header[0]) | int(header[1])<<8 | int(header[2])<<16
}

// appendHeader appends a packet's header.
func appendHeader(b []byte, length int, seq byte) []byte {
	return append(b, byte(length), byte(length>>8), byte(length>>16), seq)
}

// appendPacket appends a packet with a payload that fits one.
func appendPacket(b []byte, seq byte, payload ...[]byte) []byte {
	length := 0
	for _, p := range payload {
		length += len(p)
	}
	b = appendHeader(b, length, seq)
	for _, p := range payload {
		b = append(b, p...)
	}
	return b
}

// peek waits until n bytes are buffered.
func peek(r *vaurien.Reader, n int) ([]byte, error) {
	for {
		b := r.Buffered()
		if len(b) >= n {
			return b, nil
		}
		if err := r.More(); err != nil {
			return nil, err
		}
	}
}

// first waits for the beginning of a packet, up to most bytes with the header,
// and returns it and the length of the whole payload.
func first(r *vaurien.Reader, most int) (head []byte, length int, err error) {
	b, err := peek(r, headerSize)
	if err != nil {
		return nil, 0, err
	}
	length = lengthOf(b)
	n := min(headerSize+length, most)
	if b, err = peek(r, n); err != nil {
		return nil, 0, err
	}
	return b[:n], length, nil
}

// packets is the Body of a payload, however many packets it is in.
type packets struct {
	left      int64 // of the packet at hand
	continued bool  // another packet follows
	note      *note // told of the packets' numbers
}

// body returns a Body of what is left after the first taken bytes of a payload
// of which the first packet has the length given; nil if that is nothing.
func (p *packets) body(n *note, length, taken int) vaurien.Body {
	*p = packets{int64(length - taken), length == fullPacket, n}
	if p.left == 0 && !p.continued {
		return nil
	}
	return p
}

// Next returns the rest of a packet, or the next one.
func (p *packets) Next(r *vaurien.Reader) (int64, error) {
	if n := p.left; n > 0 {
		p.left = 0
		return n, nil
	}
	if !p.continued {
		return 0, io.EOF
	}
	b, err := peek(r, headerSize)
	if err != nil {
		return 0, cut(err)
	}
	length := lengthOf(b)
	p.continued = length == fullPacket
	p.note.seq = b[3]
	return headerSize + int64(length), nil
}

// cut makes the end of the stream one that comes too early.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// A cursor walks through a payload. Once it has run out it stays so, and gives
// zeros.
type cursor struct {
	b   []byte
	pos int
	out bool
}

func (c *cursor) take(n int) []byte {
	if c.out || n < 0 || n > len(c.b)-c.pos {
		c.out = true
		return nil
	}
	c.pos += n
	return c.b[c.pos-n : c.pos]
}

// number returns an integer of n bytes, the lowest first.
func (c *cursor) number(n int) (v uint64) {
	for i, b := range c.take(n) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

// lenenc returns a length-encoded integer.
func (c *cursor) lenenc() uint64 {
	switch b := c.number(1); b {
	case 0xfc:
		return c.number(2)
	case 0xfd:
		return c.number(3)
	case 0xfe:
		return c.number(8)
	case 0xfb, 0xff: // NULL and an error, neither of them an integer
		c.out = true
		return 0
	default:
		return b
	}
}

// counted returns a string after its length.
func (c *cursor) counted(length uint64) []byte {
	if length > uint64(len(c.b)) {
		c.out = true
		return nil
	}
	return c.take(int(length))
}

// terminated returns a string that ends in NUL, which some clients leave out
// where the payload ends.
func (c *cursor) terminated() []byte {
	if c.out {
		return nil
	}
	for i := c.pos; i < len(c.b); i++ {
		if c.b[i] == 0 {
			s := c.b[c.pos:i]
			c.pos = i + 1
			return s
		}
	}
	s := c.b[c.pos:]
	c.pos = len(c.b)
	return s
}
