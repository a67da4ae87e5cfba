package mysql

import (
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// A state is what the coming packet of a reply is.
type state uint8

const (
	beginning  state = iota // of a result: OK, ERR, or the number of columns
	single                  // a packet after which nothing follows
	describing              // a definition of a parameter or column
	described               // the EOF after definitions
	listing                 // a definition, of as many as there are, or the EOF after them
	inRows                  // a row, or the EOF after the rows
	ended
)

// okHead is how much of an OK or EOF must be seen: a byte, two length-encoded
// integers of nine bytes at most, and the status flags.
const okHead = 1 + 9 + 9 + 2

// A result is the Body of a reply. It looks at the packets' first bytes only.
type result struct {
	codec *codec
	note  *note
	state state

	left      int64 // of the packet at hand
	continued bool  // the next packet goes on with it

	definitions int  // to come
	then        int  // definitions to come after those and an EOF
	rows        bool // rows follow the definitions
	bare        bool // no EOF follows definitions
}

// begin makes ready for the reply to n.
func (res *result) begin(c *codec, n *note) {
	*res = result{codec: c, note: n, bare: c.can()&clientDeprecateEOF != 0}
	switch n.reply {
	case results, prepared:
		res.state = beginning
	case definitions:
		res.state = listing
	case rows:
		res.state = inRows
	default:
		res.state = single
	}
}

// Next returns the length of as much of the reply as is buffered, and of the
// rest of the last packet of that.
func (res *result) Next(r *vaurien.Reader) (int64, error) {
	run := res.left
	res.left = 0
	for {
		b := r.Buffered()
		if run >= int64(len(b)) && run > 0 {
			return run, nil
		}
		rest := b[run:]
		if res.state == inRows && !res.continued {
			n := skipRows(rest)
			run += int64(n)
			if n > len(rest) || run > 0 && n == len(rest) {
				return run, nil
			}
			rest = rest[n:]
		}
		if res.state == ended && !res.continued {
			if run > 0 {
				return run, nil
			}
			return 0, io.EOF
		}
		n, err := res.step(rest)
		if err != nil {
			if run > 0 {
				return run, nil // the next call will say what is wrong
			}
			return 0, err
		}
		if n > 0 {
			run += int64(n)
			continue
		}
		if run > 0 {
			return run, nil
		}
		if err := r.More(); err != nil {
			return 0, cut(err)
		}
	}
}

// skipRows returns the length of the rows that b begins with: of small packets
// that cannot be anything else. The last may be longer than b.
func skipRows(b []byte) (n int) {
	for len(b)-n > headerSize {
		p := b[n:]
		length := int(p[0]) | int(p[1])<<8 | int(p[2])<<16
		if p[headerSize] >= eofPacket || length == fullPacket || length == 0 {
			break
		}
		n += headerSize + length
	}
	return n
}

// step passes over the packet that b begins with, and returns its length; 0 if
// more of it must be seen.
func (res *result) step(b []byte) (int, error) {
	if len(b) < headerSize {
		return 0, nil
	}
	length := lengthOf(b)
	if !res.continued {
		if seen := b[headerSize:]; len(seen) < min(length, okHead) {
			return 0, nil
		}
		if err := res.packet(b[headerSize:], length); err != nil {
			return 0, err
		}
	}
	res.continued = length == fullPacket
	return headerSize + length, nil
}
