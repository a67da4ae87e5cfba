package http

import (
	"bytes"

	"github.com/vaurien-proxy/vaurien"
)

// fields is what a head's field lines say of the message's length and of the
// connection.
type fields struct {
	length    int64 // Content-Length; negative if there is none
	transfer  transfer
	host      bool // there is a Host
	upgrade   bool // there is an Upgrade
	close     bool // Connection: close
	keepAlive bool // Connection: keep-alive
	upgrading bool // Connection: upgrade
	asksFirst bool // Expect: 100-continue
}

// A transfer is what Transfer-Encoding says (RFC 9112 section 6.1).
type transfer uint8

const (
	plain      transfer = iota // nothing: there is none
	inChunks                   // the last coding is chunked
	notChunked                 // there are codings; chunked is none of them
)

// fields passes over the field lines of a head and the empty line after them.
func (s *scanner) fields() (f fields, err error) {
	f.length = -1
	for {
		switch c, err := s.peek(); {
		case err != nil:
			return f, err
		case c == '\r' || c == '\n':
			return f, s.end("an empty line")
		}
		start := s.pos
		colon, end, err := s.field()
		if err != nil {
			return f, err
		}
		if err := f.note(s.b[start:colon], trim(s.b[colon+1:end])); err != nil {
			return f, err
		}
	}
}

// field passes over a field line (RFC 9112 section 5) and returns where its
// colon is and where its value ends.
func (s *scanner) field() (colon, end int, err error) {
	start := s.pos
	c, err := s.span(inToken)
	if err != nil {
		return 0, 0, err
	}
	switch blank := c == ' ' || c == '\t'; {
	case c == ':' && s.pos > start:
	case c == ':':
		return 0, 0, vaurien.Opaque("a field without a name")
	case blank && s.pos == start:
		return 0, 0, vaurien.Opaque("a folded line") // section 5.2
	case blank:
		return 0, 0, vaurien.Opaque("a blank before a field's colon") // section 5.1
	default:
		return 0, 0, vaurien.Opaque("byte %#02x in a field's name", c)
	}
	colon = s.pos
	s.pos++
	if err := s.text(); err != nil {
		return 0, 0, err
	}
	end = s.pos
	return colon, end, s.end("a field's value")
}

// note notes a field, if it is one of those that matter.
func (f *fields) note(name, value []byte) error {
	switch len(name) {
	case len("host"):
		f.host = f.host || is(name, "host")
	case len("expect"):
		if is(name, "expect") { // RFC 9110 section 10.1.1
			f.asksFirst = f.asksFirst || lists(value, "100-continue")
		}
	case len("upgrade"):
		f.upgrade = f.upgrade || is(name, "upgrade")
	case len("connection"):
		if is(name, "connection") { // RFC 9110 section 7.6.1
			f.close = f.close || lists(value, "close")
			f.keepAlive = f.keepAlive || lists(value, "keep-alive")
			f.upgrading = f.upgrading || lists(value, "upgrade")
		}
	case len("content-length"):
		if is(name, "content-length") {
			return f.contentLength(value)
		}
	case len("transfer-encoding"):
		if is(name, "transfer-encoding") {
			return f.transferEncoding(value)
		}
	}
	return nil
}

// contentLength notes a Content-Length: digits and nothing else, the same in
// each such field (RFC 9110 section 8.6, RFC 9112 section 6.3). The list form
// "5, 5" may be read as 5, or be refused; so it is not understood.
func (f *fields) contentLength(value []byte) error {
	n := int64(0)
	for _, c := range value {
		if c < '0' || c > '9' {
			return vaurien.Opaque("Content-Length: %.40q", value)
		}
		if n = 10*n + int64(c-'0'); n >= vaurien.ToTheEnd/16 {
			return vaurien.Opaque("Content-Length: %.40q: too large", value)
		}
	}
	if len(value) == 0 {
		return vaurien.Opaque("an empty Content-Length")
	}
	if f.length >= 0 && f.length != n {
		return vaurien.Opaque("two Content-Lengths: %d and %d", f.length, n)
	}
	f.length = n
	return nil
}

// transferEncoding notes the codings of a Transfer-Encoding. Several such
// fields are one list (RFC 9110 section 5.3).
func (f *fields) transferEncoding(value []byte) error {
	for more := true; more; {
		var coding []byte
		var params bool
		coding, value, more = bytes.Cut(value, comma)
		coding, _, params = bytes.Cut(coding, semicolon)
		coding = trim(coding)
		switch chunked := is(coding, "chunked"); {
		case !isToken(coding):
			return vaurien.Opaque("Transfer-Encoding: %.40q is no coding", coding)
		case f.transfer == inChunks: // RFC 9112 section 6.1: it must come last, and once
			return vaurien.Opaque("Transfer-Encoding: %.40q after chunked", coding)
		case chunked && params: // RFC 9112 section 7.1
			return vaurien.Opaque("Transfer-Encoding: chunked with parameters")
		case chunked:
			f.transfer = inChunks
		default:
			f.transfer = notChunked
		}
	}
	return nil
}

// check refuses the lengths that contradict each other. old says that the
// message is HTTP/1.0.
func (f *fields) check(old bool) error {
	switch {
	case f.transfer != plain && f.length >= 0: // RFC 9112 section 6.3, item 3
		return vaurien.Opaque("both Transfer-Encoding and Content-Length")
	case f.transfer != plain && old: // RFC 9112 section 6.1
		return vaurien.Opaque("Transfer-Encoding in HTTP/1.0")
	}
	return nil
}

var (
	comma     = []byte{','}
	semicolon = []byte{';'}
)

// lists tells whether a list of tokens, divided by commas, has this one.
func lists(list []byte, lower string) bool {
	for more := true; more; {
		var item []byte
		item, list, more = bytes.Cut(list, comma)
		if is(trim(item), lower) {
			return true
		}
	}
	return false
}

// is tells whether b is that word, in any letter case.
func is(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func isToken(b []byte) bool {
	for _, c := range b {
		if classes[c]&inToken == 0 {
			return false
		}
	}
	return len(b) > 0
}

// trim takes the blanks off both ends: OWS (RFC 9110 section 5.6.3).
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
