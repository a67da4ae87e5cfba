package ledger

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// deepest is how deep values may be nested in a line.
const deepest = 32

// A scanner reads one JSON value. Its first error sticks, and what it returns
// after that means nothing.
type scanner struct {
	b     []byte
	i     int
	depth int
	err   error
	buf   []byte // of a text with escapes
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("column %d: "+format, append([]any{s.i + 1}, args...)...)
	}
}

// peek returns the next byte that is no white space; 0 at the end.
func (s *scanner) peek() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return c
		}
	}
	return 0
}

// take takes the next byte if it is c.
func (s *scanner) take(c byte) bool {
	if s.err != nil || s.peek() != c {
		return false
	}
	s.i++
	return true
}

func (s *scanner) must(c byte) {
	if !s.take(c) {
		if s.i >= len(s.b) {
			s.fail("the line ends where %q should be", c)
			return
		}
		s.fail("%q where %q should be", s.b[s.i], c)
	}
}

// object reads an object and calls field with the name of each of its fields,
// which is to read the value.
func (s *scanner) object(field func(name []byte)) {
	if s.must('{'); s.err != nil || s.take('}') || !s.enter() {
		return
	}
	for s.err == nil {
		name := s.text()
		s.must(':')
		if s.err != nil {
			return
		}
		if field(name); s.take('}') {
			s.depth--
			return
		}
		s.must(',')
	}
}

// list reads a list and calls item where each of its values begins.
func (s *scanner) list(item func()) {
	if s.must('['); s.err != nil || s.take(']') || !s.enter() {
		return
	}
	for s.err == nil {
		if item(); s.take(']') {
			s.depth--
			return
		}
		s.must(',')
	}
}

func (s *scanner) enter() bool {
	if s.depth++; s.depth > deepest {
		s.fail("values are nested deeper than %d", deepest)
	}
	return s.err == nil
}

// text reads a text. What it returns is valid until the next call.
func (s *scanner) text() []byte {
	if s.must('"'); s.err != nil {
		return nil
	}
	from := s.i
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[from : s.i-1]
		case c == '\\':
			return s.escaped(from)
		case c < ' ':
			s.fail("a control character in a text")
			return nil
		}
	}
	s.fail("a text does not end")
	return nil
}

// escaped reads on in a text that began at from, at its first escape.
func (s *scanner) escaped(from int) []byte {
	s.buf = append(s.buf[:0], s.b[from:s.i]...)
	for s.i < len(s.b) {
		c := s.b[s.i]
		s.i++
		switch {
		case c == '"':
			return s.buf
		case c < ' ':
			s.fail("a control character in a text")
			return nil
		case c != '\\':
			s.buf = append(s.buf, c)
		case s.i < len(s.b):
			c = s.b[s.i]
			s.i++
			s.escape(c)
		}
	}
	s.fail("a text does not end")
	return nil
}

func (s *scanner) escape(c byte) {
	switch c {
	case '"', '\\', '/':
	case 'n':
		c = '\n'
	case 't':
		c = '\t'
	case 'r':
		c = '\r'
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'u':
		r := s.hex4()
		if utf16.IsSurrogate(r) && s.i+1 < len(s.b) && s.b[s.i] == '\\' && s.b[s.i+1] == 'u' {
			s.i += 2
			r = utf16.DecodeRune(r, s.hex4())
		}
		s.buf = utf8.AppendRune(s.buf, r)
		return
	default:
		s.fail("\\%c is no escape", c)
	}
	s.buf = append(s.buf, c)
}

func (s *scanner) hex4() rune {
	if s.i+4 > len(s.b) {
		s.fail("\\u needs four digits")
		return 0
	}
	n, err := strconv.ParseUint(string(s.b[s.i:s.i+4]), 16, 32)
	if err != nil {
		s.fail("\\u needs four digits")
	}
	s.i += 4
	return rune(n)
}

// word reads a number, true, false or null.
func (s *scanner) word() []byte {
	s.peek()
	from := s.i
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c == '-', c == '+', c == '.', c == 'E':
			s.i++
			continue
		}
		break
	}
	if s.i == from {
		s.fail("a value is missing")
	}
	return s.b[from:s.i]
}

// uint reads a whole number.
func (s *scanner) uint() uint64 {
	from := s.i
	n, err := strconv.ParseUint(string(s.word()), 10, 64)
	if err != nil && s.err == nil {
		s.i = from
		s.fail("a whole number should be here")
	}
	return n
}

func (s *scanner) float() float64 {
	from := s.i
	f, err := strconv.ParseFloat(string(s.word()), 64)
	if err != nil && s.err == nil {
		s.i = from
		s.fail("a number should be here")
	}
	return f
}

func (s *scanner) bool() bool {
	from := s.i
	switch string(s.word()) {
	case "true":
		return true
	case "false":
		return false
	}
	if s.err == nil {
		s.i = from
		s.fail("true or false should be here")
	}
	return false
}

// value reads a text, a whole number or a truth; of others it returns nil.
func (s *scanner) value() any {
	switch s.peek() {
	case '"':
		return string(s.text())
	case '{', '[':
		s.skip()
		return nil
	}
	switch w := s.word(); string(w) {
	case "true":
		return true
	case "false":
		return false
	default:
		if n, err := strconv.ParseInt(string(w), 10, 64); err == nil {
			return n
		}
	}
	return nil
}

// skip reads a value and forgets it.
func (s *scanner) skip() {
	switch s.peek() {
	case '{':
		s.object(func([]byte) { s.skip() })
	case '[':
		s.list(s.skip)
	case '"':
		s.text()
	default:
		s.word()
	}
}
