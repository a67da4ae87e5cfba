package http

import (
	"bytes"
	"errors"

	"github.com/vaurien-proxy/vaurien"
)

// A class is a set of bytes, one bit in classes.
type class uint8

const (
	inToken  class = 1 << iota // names and methods: tchar (RFC 9110 section 5.6.2)
	inTarget                   // a request's target: no space, no control character
)

// classes tells of each byte what it may be part of.
var classes = func() (table [256]class) {
	for c := range table {
		if c > ' ' && c != 0x7f {
			table[c] |= inTarget
		}
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			table[c] |= inToken
		}
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		table[c] |= inToken
	}
	return table
}()

// A scanner looks at what a Reader has buffered, byte by byte, and asks for
// more where that ends. So it sees each byte once, however slowly they come,
// and refuses a message at the first byte that does not fit. It takes nothing.
type scanner struct {
	r      *vaurien.Reader // nil to fail with errShort where the buffer ends
	b      []byte          // what is buffered
	pos    int             // the next byte to look at, counted from the first buffered
	limit  int             // how far pos may come before more bytes are asked for
	ending ending          // how the lines so far have ended
}

// An ending is how lines end.
type ending uint8

const (
	anyEnding ending = iota
	crlf
	lf
)

// errShort says that the bytes for one more step are not buffered yet.
var errShort = errors.New("http: more bytes are needed")

// more waits for more bytes.
func (s *scanner) more() error {
	if s.r == nil {
		return errShort
	}
	if s.pos >= s.limit {
		return vaurien.Opaque("a line or a head of more than %d bytes", s.limit)
	}
	if err := s.r.More(); err != nil {
		return err
	}
	s.b = s.r.Buffered()
	return nil
}

// peek returns the next byte.
func (s *scanner) peek() (byte, error) {
	if s.pos == len(s.b) {
		if err := s.more(); err != nil {
			return 0, err
		}
	}
	return s.b[s.pos], nil
}

// span passes over bytes of a class and returns the first that is not of it.
func (s *scanner) span(of class) (byte, error) {
	for {
		for i, c := range s.b[s.pos:] {
			if classes[c]&of == 0 {
				s.pos += i
				return c, nil
			}
		}
		s.pos = len(s.b)
		if err := s.more(); err != nil {
			return 0, err
		}
	}
}

// text passes over what values are made of: all bytes but NUL, CR and LF (RFC
// 9110 section 5.5). Which of them follows is the caller's to judge.
func (s *scanner) text() error {
	for {
		part := s.b[s.pos:]
		for _, c := range []byte{'\n', '\r', 0} {
			if i := bytes.IndexByte(part, c); i >= 0 {
				part = part[:i]
			}
		}
		if s.pos += len(part); s.pos < len(s.b) {
			return nil
		}
		if err := s.more(); err != nil {
			return err
		}
	}
}

// word passes over these very bytes.
func (s *scanner) word(word, what string) error {
	if len(s.b)-s.pos >= len(word) && string(s.b[s.pos:s.pos+len(word)]) == word {
		s.pos += len(word)
		return nil
	}
	for i := range len(word) {
		c, err := s.peek()
		if err != nil {
			return err
		}
		if c != word[i] {
			return vaurien.Opaque("byte %#02x in %s", c, what)
		}
		s.pos++
	}
	return nil
}

// end passes over the end of a line. That is CRLF; or LF alone (RFC 9112
// section 2.2 lets recipients take it) if all lines of the message end so. A
// mixture has one meaning to those who take it and another to those who do not.
func (s *scanner) end(what string) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	found := lf
	if c == '\r' {
		s.pos++
		if c, err = s.peek(); err != nil {
			return err
		}
		if c != '\n' {
			return vaurien.Opaque("a CR inside %s", what)
		}
		found = crlf
	}
	if c != '\n' {
		return vaurien.Opaque("byte %#02x in %s", c, what)
	}
	s.pos++
	if s.ending == anyEnding {
		s.ending = found
	}
	if s.ending != found {
		return vaurien.Opaque("some lines end in CRLF and some in LF")
	}
	return nil
}

// version passes over "HTTP/1." and a digit, which it returns (RFC 9112
// section 2.3).
func (s *scanner) version() (minor byte, err error) {
	if err := s.word("HTTP/1.", "the protocol's name and version"); err != nil {
		return 0, err
	}
	c, err := s.peek()
	if err != nil {
		return 0, err
	}
	if c < '0' || c > '9' {
		return 0, vaurien.Opaque("byte %#02x in the protocol's version", c)
	}
	s.pos++
	return c - '0', nil
}
