package http

import "github.com/vaurien-proxy/vaurien"

// ReadRequest reads the head of a request: empty lines, which RFC 9112 section
// 2.2 lets clients send before it, the request line and the fields.
func (c *codec) ReadRequest(r *vaurien.Reader, m *vaurien.Message) error {
	s := scanner{r: r, b: r.Buffered(), limit: vaurien.MaxHead}
	line, err := s.requestLine()
	if err != nil {
		return err
	}
	f, err := s.fields()
	if err != nil {
		return err
	}
	old := line.minor == 0
	if err := f.check(old); err != nil {
		return err
	}
	if f.transfer == notChunked { // RFC 9112 section 6.3, item 4
		return vaurien.Opaque("a request with a Transfer-Encoding that is not chunked")
	}
	if s.pos > s.limit {
		return vaurien.Opaque("a head of more than %d bytes", s.limit)
	}

	n, ok := m.Info.(*note)
	if !ok {
		n = new(note)
		m.Info = n
	}
	m.Verb, n.method = line.verb, line.method
	n.old = old
	n.later, c.asked = c.asked, true
	n.length = max(f.length, 0)
	n.persistent = !f.close && (!old || f.keepAlive)
	// An HTTP/1.0 client cannot change the protocol (RFC 9110 section 7.8) nor
	// wait for a 100 (section 10.1.1).
	n.upgrade = f.upgrade && f.upgrading && !old
	if f.transfer == inChunks {
		m.Body = n.body.inChunks()
	} else if f.length > 0 {
		m.Body = n.body.ofLength(f.length)
	}
	m.AsksFirst = f.asksFirst && !old && m.Body != nil
	m.Barrier = n.upgrade || n.method == connect

	m.Head = r.Take(s.pos)
	if f.host && c.protocol.OverwriteHostHeader {
		if host := c.protocol.host.Load(); host != nil && *host != "" {
			n.head = overwriteHost(n.head[:0], m.Head, *host)
			m.Head = n.head
		}
	}
	return nil
}

// A requestLine is what a request's first line says (RFC 9112 section 3).
type requestLine struct {
	verb   string
	method method
	minor  byte // of the version
}

// longestMethod is how many bytes a method may have. Those in the registry of
// RFC 9110 section 16.1 have 17 at most.
const longestMethod = 32

// requestLine passes over empty lines and the request line. Where RFC 9112
// lets recipients be lenient about blanks, servers differ; so it is strict.
func (s *scanner) requestLine() (line requestLine, err error) {
	for {
		c, err := s.peek()
		if err != nil {
			return line, err
		}
		if c != '\r' && c != '\n' {
			break
		}
		if err := s.end("an empty line"); err != nil {
			return line, err
		}
	}

	start := s.pos
	for {
		c, err := s.peek()
		if err != nil {
			return line, err
		}
		if c == ' ' && s.pos > start {
			break
		}
		if classes[c]&inToken == 0 {
			return line, vaurien.Opaque("byte %#02x in the method", c)
		}
		if s.pos-start == longestMethod {
			return line, vaurien.Opaque("a method of more than %d bytes", longestMethod)
		}
		s.pos++
	}
	end := s.pos
	s.pos++

	target := s.pos
	c, err := s.span(inTarget)
	if err != nil {
		return line, err
	}
	if c != ' ' || s.pos == target {
		return line, vaurien.Opaque("byte %#02x in the request's target", c)
	}
	s.pos++

	if line.minor, err = s.version(); err != nil {
		return line, err
	}
	if err := s.end("the request line"); err != nil {
		return line, err
	}
	line.verb, line.method = verbOf(s.b[start:end])
	return line, nil
}
