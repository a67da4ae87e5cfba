package redis

import (
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// elements is a Body of so many elements: the rest of a command, or of an
// aggregate. How deep they nest does not matter: an element that is an
// aggregate is as many elements more.
type elements struct {
	data  int64 // bytes yet to come of an element whose head has been seen
	n     int64 // elements yet to come
	bulks bool  // they are all bulk strings, as those of a command
}

// mostElements is how many may be yet to come.
const mostElements = 1 << 60

// Next returns the length of all elements that are buffered whole and, if the
// one after them is a bulk string whose head is there, of that.
func (e *elements) Next(r *vaurien.Reader) (int64, error) {
	for {
		run := e.data
		s := scanner{b: r.Buffered()}
		for e.n > 0 && run < int64(len(s.b)) {
			if size := shortBulk(s.b[run:]); size > 0 {
				run += size
				e.n--
				continue
			}
			s.pos = int(run)
			data, err := e.element(&s)
			if err == errShort || err != nil && run > 0 {
				break // the next call will say what is wrong
			}
			if err != nil {
				return 0, err
			}
			run = int64(s.pos) + data
		}
		if run > 0 {
			e.data = 0
			return run, nil
		}
		if e.n == 0 {
			return 0, io.EOF
		}
		if err := r.More(); err == io.EOF {
			return 0, io.ErrUnexpectedEOF
		} else if err != nil {
			return 0, err
		}
	}
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

// element passes over one element, or its head, and returns how many bytes of
// data follow. If it fails, e is as before.
func (e *elements) element(s *scanner) (data int64, err error) {
	kind, err := s.peek()
	if err != nil {
		return 0, err
	}
	if e.bulks && kind != '$' {
		return 0, vaurien.Opaque("byte %#02x where an argument begins", kind)
	}
	s.pos++
	n := e.n - 1
	switch shapes[kind] {
	case aLine:
		_, err = s.line()
	case aBulk:
		if data, err = s.length(); err == nil && data < 0 {
			err = e.null(data)
			data = 0
		} else {
			data += 2
		}
	case anAggregate, aMap, anAttribute:
		var more int64
		if more, err = s.count(kind); err == nil {
			n += more
		}
	default:
		err = vaurien.Opaque("byte %#02x where an element begins", kind)
	}
	if err != nil {
		return 0, err
	}
	if n > mostElements {
		return 0, vaurien.Opaque("more than %d elements", int64(mostElements))
	}
	e.n = n
	return data, nil
}

// null checks a negative length: RESP2's null has -1 (and is no argument).
func (e *elements) null(n int64) error {
	if n != -1 || e.bulks {
		return vaurien.Opaque("a length of %d", n)
	}
	return nil
}

// count passes over the number of an aggregate's elements and returns how many
// elements more that makes, beside the one that the aggregate is.
func (s *scanner) count(kind byte) (int64, error) {
	n, err := s.length()
	switch {
	case err != nil:
		return 0, err
	case n == -1 && kind == '*': // RESP2's null
		return 0, nil
	case n < 0:
		return 0, vaurien.Opaque("a length of %d", n)
	}
	switch shapes[kind] {
	case aMap:
		return 2 * n, nil
	case anAttribute: // it belongs to the element after it
		return 2*n + 1, nil
	}
	return n, nil
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
	aPush // never inside another: it stands between replies
)

// shapes are the types of RESP3, which are those of RESP2 and more.
var shapes = [256]shape{
	'+': aLine, '-': aLine, ':': aLine, '_': aLine, '#': aLine, ',': aLine, '(': aLine,
	'$': aBulk, '!': aBulk, '=': aBulk,
	'*': anAggregate, '~': anAggregate, '%': aMap, '|': anAttribute, '>': aPush,
}
