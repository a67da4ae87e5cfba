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

	// longestHandshake is how long the greeting, or a login, may be: clients
	// send at most 64 KiB of attributes (performance_schema's limit).
	longestHandshake = 128 << 10

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

// first waits for the beginning of a packet, up to most bytes with the header,
// and returns it and the length of the whole payload.
func first(r *vaurien.Reader, most int) (head []byte, length int, err error) {
	b, err := r.Peek(headerSize)
	if err != nil {
		return nil, 0, err
	}
	length = lengthOf(b)
	n := min(headerSize+length, most)
	if b, err = r.Peek(n); err != nil {
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
	b, err := r.Peek(headerSize)
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
