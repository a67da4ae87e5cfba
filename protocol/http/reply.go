package http

import "github.com/vaurien-proxy/vaurien"

// ReadReply reads the head of a reply: the status line and the fields.
func (c *codec) ReadReply(r *vaurien.Reader, req, m *vaurien.Message) error {
	s := scanner{r: r, b: r.Buffered(), limit: vaurien.MaxHead}
	code, minor, err := s.statusLine()
	if err != nil {
		return err
	}
	f, err := s.fields()
	if err != nil {
		return err
	}
	if err := f.check(minor == 0); err != nil {
		return err
	}
	asked := noteOf(req)
	switch {
	case code < 200 && req == nil:
		return vaurien.Opaque("a %d reply to no request", code)
	case code == 101 && !asked.upgrade: // RFC 9110 section 7.8
		return vaurien.Opaque("a 101 reply to a request that asks for no upgrade")
	case s.pos > s.limit:
		return vaurien.Opaque("a head of more than %d bytes", s.limit)
	}

	m.Verb = status(code)
	m.More = code < 200 && code != 101
	m.Switch = code == 101 || asked.method == connect && code/100 == 2
	m.Body = c.replyBody(code, asked, &f)
	m.Head = r.Take(s.pos)
	return nil
}

// replyBody delimits the body of a reply, by the rules of RFC 9112 section 6.3
// in their order.
func (c *codec) replyBody(code int, asked *note, f *fields) vaurien.Body {
	switch {
	case asked.method == head, code < 200, code == 204, code == 304:
		return nil
	case asked.method == connect && code/100 == 2:
		return nil
	case f.transfer == inChunks:
		return c.reply.inChunks()
	case f.transfer == plain && f.length >= 0:
		return c.reply.ofLength(f.length)
	}
	return c.reply.ofLength(vaurien.ToTheEnd)
}

// statusLine passes over a status line (RFC 9112 section 4). Some servers
// leave out the blank before a reason that is empty; that can be read in one
// way only.
func (s *scanner) statusLine() (code int, minor byte, err error) {
	if minor, err = s.version(); err != nil {
		return 0, 0, err
	}
	if err := s.word(" ", "the status line"); err != nil {
		return 0, 0, err
	}
	for range 3 {
		c, err := s.peek()
		if err != nil {
			return 0, 0, err
		}
		if c < '0' || c > '9' || c == '0' && code == 0 {
			return 0, 0, vaurien.Opaque("byte %#02x in the status", c)
		}
		code = 10*code + int(c-'0')
		s.pos++
	}
	c, err := s.peek()
	if err != nil {
		return 0, 0, err
	}
	if c == ' ' {
		if err := s.text(); err != nil {
			return 0, 0, err
		}
	}
	return code, minor, s.end("the status line")
}
