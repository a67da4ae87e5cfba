package redis

import (
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// elements is a Body of so many elements: the rest of a command, or of an
// aggregate. How deep they nest does not matter: an element that is an
// aggregate is as many elements more.
//
// Each byte belongs to a run as soon as it is there and fits, so that nothing
// is held, however long an element is.
type elements struct {
	n     int64 // elements yet to come
	data  int64 // bytes yet to come before them, not to be looked at
	bulks bool  // they are all bulk strings, as those of a command

	at       place
	kind     byte  // of the element whose number is being read
	number   int64 // so far
	digits   uint8
	negative bool
}

// A place is where in the head of an element, or in one that is a line, the
// next byte stands.
type place uint8

const (
	atKind place = iota // it begins one
	inNumber
	afterNumber // LF must follow
	inLine
	afterCR // in a line
)

// mostElements is how many may be yet to come.
const mostElements = 1 << 60

// Next returns the length of all that is buffered of the elements and, if the
// last of that is a bulk string whose head is there, of the rest of it.
func (e *elements) Next(r *vaurien.Reader) (int64, error) {
	for {
		b := r.Buffered()
		run := e.data
		for run < int64(len(b)) && !e.ended() {
			if size := shortBulk(b[run:]); size > 0 && e.at == atKind {
				run += size
				e.n--
				continue
			}
			data, err := e.step(b[run])
			if err != nil && run == 0 {
				return 0, err
			}
			if err != nil {
				break // the next call will say it
			}
			run += 1 + data
		}
		e.data = 0
		if run > 0 {
			return run, nil
		}
		if e.ended() {
			return 0, io.EOF
		}
		if err := r.More(); err == io.EOF {
			return 0, io.ErrUnexpectedEOF
		} else if err != nil {
			return 0, err
		}
	}
}

func (e *elements) ended() bool { return e.n == 0 && e.at == atKind }

// step passes over a byte and returns how many bytes of data follow it. If it
// fails, e is as before.
func (e *elements) step(c byte) (data int64, err error) {
	switch e.at {
	case atKind:
		switch shape := shapes[c]; {
		case e.bulks && c != '$':
			return 0, vaurien.Opaque("byte %#02x where an argument begins", c)
		case shape == noShape:
			return 0, vaurien.Opaque("byte %#02x where an element begins", c)
		case shape == aLine:
			e.at = inLine
		default:
			e.at = inNumber
			e.kind, e.number, e.digits, e.negative = c, 0, 0, false
		}
		e.n--
	case inLine, afterCR:
		switch {
		case c == '\r':
			e.at = afterCR
		case c != '\n':
			e.at = inLine
		case e.at == afterCR:
			e.at = atKind
		default:
			return 0, vaurien.Opaque("a line that ends in LF alone")
		}
	case inNumber:
		return 0, e.digit(c)
	case afterNumber:
		if c != '\n' {
			return 0, vaurien.Opaque("byte %#02x after a CR", c)
		}
		e.at = atKind
		if shapes[e.kind] == aBulk && e.number < 0 {
			return 0, nil
		}
		if shapes[e.kind] == aBulk {
			return e.number + 2, nil
		}
		e.n += more(e.kind, e.number)
	}
	return 0, nil
}

// digit passes over a byte of a number or the CR after it.
func (e *elements) digit(c byte) error {
	switch {
	case c >= '0' && c <= '9':
		if e.digits > 0 && e.number == 0 {
			return vaurien.Opaque("a length that begins with 0")
		}
		n := 10*e.number + int64(c-'0')
		if n > largest || e.negative && n != 1 {
			return vaurien.Opaque("a length of more than %d, or less than -1", int64(largest))
		}
		e.number = n
		e.digits++
	case c == '-' && e.digits == 0 && !e.negative && !e.bulks && hasNull(e.kind):
		e.negative = true
	case c == '\r' && e.digits > 0:
		if e.n > mostElements {
			return vaurien.Opaque("more than %d elements", int64(mostElements))
		}
		if e.negative {
			e.number = -e.number
		}
		e.at = afterNumber
	default:
		return vaurien.Opaque("byte %#02x in a length", c)
	}
	return nil
}

// hasNull reports whether the length of a type may be -1, RESP2's null.
func hasNull(kind byte) bool { return kind == '$' || kind == '*' }

// more returns how many elements more an aggregate of n is, beside the one that
// it is itself.
func more(kind byte, n int64) int64 {
	switch {
	case n < 0:
		return 0
	case shapes[kind] == aMap:
		return 2 * n
	case shapes[kind] == anAttribute: // it belongs to the element after it
		return 2*n + 1
	case shapes[kind] == aPush: // it stands between two elements and is none
		return n + 1
	}
	return n
}

// shortBulk returns the length, with its head and end, of the bulk of less than
// 100 bytes with which b begins; 0 if it does not.
func shortBulk(b []byte) int64 {
	if len(b) < 5 || b[0] != '$' || b[1]-'0' > 9 {
		return 0
	}
	n := int64(b[1] - '0')
	if b[2] == '\r' && b[3] == '\n' {
		return 4 + n + 2
	}
	if n == 0 || b[2]-'0' > 9 || b[3] != '\r' || b[4] != '\n' {
		return 0
	}
	return 5 + 10*n + int64(b[2]-'0') + 2
}

// A shape is how what begins with a type's byte goes on.
type shape uint8

const (
	noShape shape = iota
	aLine
	aBulk
	anAggregate
	aMap
	anAttribute
	aPush // it stands between replies, or between two elements of one
)

// shapes are the types of RESP3, which are those of RESP2 and more.
var shapes = [256]shape{
	'+': aLine, '-': aLine, ':': aLine, '_': aLine, '#': aLine, ',': aLine, '(': aLine,
	'$': aBulk, '!': aBulk, '=': aBulk,
	'*': anAggregate, '~': anAggregate, '%': aMap, '|': anAttribute, '>': aPush,
}
