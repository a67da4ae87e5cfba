package redis

import (
	"bytes"
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// The bounds of what is taken for the protocol, in bytes or elements.
const (
	// whole is how long a command or a bulk reply may be to be all head. It
	// may be anything; what is longer is passed on while it comes.
	whole = 16 << 10

	// longestLine is how long a status, an error, a number or an inline
	// command may be. For inline commands it is Redis's own limit
	// (PROTO_INLINE_MAX_SIZE in src/server.h).
	longestLine = 64 << 10

	// largest is what a length may be. A bulk's is 512 MiB in Redis unless
	// proto-max-bulk-len says otherwise.
	largest = 1 << 56

	// mostArguments is how many a command may have (processMultibulkBuffer in
	// src/networking.c).
	mostArguments = 1<<31 - 1
)

// A scanner looks at what a Reader has buffered and asks for more where that
// ends. It takes nothing.
type scanner struct {
	r   *vaurien.Reader // nil if there is nothing to come
	b   []byte          // what is buffered
	pos int             // the next byte to look at
}

// more waits for more bytes.
func (s *scanner) more() error {
	if s.r == nil {
		return io.EOF
	}
	if err := s.r.More(); err != nil {
		return err
	}
	s.b = s.r.Buffered()
	return nil
}

// peek returns the next byte.
func (s *scanner) peek() (byte, error) {
	for s.pos >= len(s.b) {
		if err := s.more(); err != nil {
			return 0, err
		}
	}
	return s.b[s.pos], nil
}

// length passes over the number that follows a type, and its CRLF.
func (s *scanner) length() (int64, error) {
	if b := s.b[s.pos:]; len(b) >= 4 {
		if d := b[0] - '0'; d <= 9 {
			if b[1] == '\r' && b[2] == '\n' {
				s.pos += 3
				return int64(d), nil
			}
			if e := b[1] - '0'; e <= 9 && d != 0 && b[2] == '\r' && b[3] == '\n' {
				s.pos += 4
				return int64(d)*10 + int64(e), nil
			}
		}
	}
	return s.anyLength()
}

// anyLength is length for all numbers, as strictly as Redis reads them
// (string2ll in src/util.c): no plus, no blank, no zero in front.
func (s *scanner) anyLength() (n int64, err error) {
	c, err := s.peek()
	if err != nil {
		return 0, err
	}
	negative := c == '-'
	if negative {
		s.pos++
	}
	for digits := 0; ; digits++ {
		if c, err = s.peek(); err != nil {
			return 0, err
		}
		if c < '0' || c > '9' {
			if digits == 0 || c != '\r' {
				return 0, vaurien.Opaque("byte %#02x in a length", c)
			}
			break
		}
		if digits > 0 && n == 0 {
			return 0, vaurien.Opaque("a length that begins with 0")
		}
		if n = 10*n + int64(c-'0'); n > largest {
			return 0, vaurien.Opaque("a length of more than %d", int64(largest))
		}
		s.pos++
	}
	s.pos++
	if c, err = s.peek(); err != nil {
		return 0, err
	}
	if c != '\n' {
		return 0, vaurien.Opaque("byte %#02x after a CR", c)
	}
	s.pos++
	if negative {
		if n == 0 {
			return 0, vaurien.Opaque("a length of -0")
		}
		n = -n
	}
	return n, nil
}

// line passes over the rest of a line, and returns it without its CRLF.
func (s *scanner) line() ([]byte, error) {
	start := s.pos
	for {
		i := bytes.IndexByte(s.b[s.pos:], '\n')
		if i < 0 {
			s.pos = len(s.b)
		} else {
			s.pos += i + 1
		}
		if s.pos-start > longestLine {
			return nil, vaurien.Opaque("a line of more than %d bytes", longestLine)
		}
		if i >= 0 {
			break
		}
		if err := s.more(); err != nil {
			return nil, err
		}
	}
	text := s.b[start : s.pos-1]
	if len(text) == 0 || text[len(text)-1] != '\r' {
		return nil, vaurien.Opaque("a line that ends in LF alone")
	}
	return text[:len(text)-1], nil
}

// span passes over n bytes and the CRLF after them, and returns them. As in
// Redis and in hiredis, what stands in the CRLF's place is not looked at.
func (s *scanner) span(n int) ([]byte, error) {
	start := s.pos
	for len(s.b)-start < n+2 {
		if err := s.more(); err != nil {
			return nil, err
		}
	}
	s.pos = start + n + 2
	return s.b[start : start+n], nil
}
