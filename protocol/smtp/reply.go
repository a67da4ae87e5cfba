package smtp

import (
	"bytes"
	"strconv"

	"github.com/vaurien-proxy/vaurien"
)

// ReadReply reads a reply: all of its lines.
func (c *codec) ReadReply(r *vaurien.Reader, req, m *vaurien.Message) error {
	n, err := readReply(r)
	for err == nil && c.muted.Load() {
		r.Take(n)
		n, err = readReply(r)
	}
	if err != nil {
		return err
	}
	lines := r.Buffered()[:n]
	code := 100*int(lines[0]-'0') + 10*int(lines[1]-'0') + int(lines[2]-'0')
	asked := noteOf(req)
	switch {
	case req == nil && code != 421: // RFC 5321 section 3.8
		return vaurien.Opaque("a reply %d to no command", code)
	case req == nil:
		m.Unasked = true
	case asked.fate != untouched && code/100 == 2:
		c.stand(asked, m)
	case code/100 == 3:
		if err := c.invite(asked, code, m); err != nil {
			return err
		}
	default:
		c.conclude(asked, code, lines, m)
	}
	if req != nil && !m.More && !m.Invites {
		c.open.Add(-1)
	}
	if read := r.Take(n); m.Head == nil {
		m.Head = read
	} else {
		code, _ = strconv.Atoi(string(m.Head[:3]))
	}
	m.Verb = status(code)
	return nil
}

// invite lets the client go on.
func (c *codec) invite(asked *note, code int, m *vaurien.Message) error {
	switch {
	case asked.verb == data && code == 354 && !asked.invited:
		asked.replies = 1
		if c.lmtp.Load() {
			asked.replies = int(c.accepted.Load())
		}
		if asked.replies == 0 { // RFC 2033 section 4.2 has a 503 here
			return vaurien.Opaque("a 354 to DATA in LMTP without a recipient")
		}
		asked.invited = true
		c.expect(aMail)
	case asked.verb == auth && code == 334:
		c.expect(aResponse)
	default:
		return vaurien.Opaque("a reply %d to another command than DATA or AUTH", code)
	}
	m.Invites = true
	return nil
}

// conclude notes what a reply says of the session.
func (c *codec) conclude(asked *note, code int, lines []byte, m *vaurien.Message) {
	good := code/100 == 2
	switch asked.verb {
	case connect:
		if good {
			c.learnHost(lines)
		}
	case ehlo, helo, lhlo, xclient:
		if good {
			c.accepted.Store(0)
			c.chunking.Store(asked.verb != helo && offers(lines, "CHUNKING"))
			c.lmtp.Store(asked.verb == lhlo)
		}
	case mailFrom, rset:
		if good {
			c.accepted.Store(0)
		}
	case rcptTo:
		if good {
			c.accepted.Add(1)
		}
	case data, bdat:
		c.delivered(asked, code, m)
	case startTLS, turn:
		m.Switch = good
	}
}

// delivered notes a reply to a mail. In LMTP each recipient has one (RFC 2033
// section 4.2).
func (c *codec) delivered(asked *note, code int, m *vaurien.Message) {
	if asked.verb == bdat {
		if !asked.last {
			return
		}
		if asked.replies == 0 && c.lmtp.Load() {
			asked.replies = int(c.accepted.Load())
		}
	} else if !asked.invited {
		return // DATA is refused: the recipients stay
	}
	asked.replies--
	if m.More = asked.replies > 0 && code != 421; !m.More {
		c.accepted.Store(0)
	}
}

// readReply returns the length of the reply that comes next (RFC 5321 section
// 4.2.1): lines that begin with one code, all but the last of them followed by
// a hyphen.
func readReply(r *vaurien.Reader) (int, error) {
	for line, at := 0, 0; ; { // line is where the line begins
		b := r.Buffered()
		for at < len(b) {
			if at == line {
				code := b[line:min(line+4, len(b))]
				if err := checkCode(code, b); err != nil {
					return 0, err
				}
				if len(code) < 4 {
					break
				}
				if at += 3; code[3] != '\r' {
					at++
				}
			}
			for at < len(b) && printable[b[at]] {
				at++
			}
			n, err := endOfLine(b[at:])
			if err != nil {
				return 0, err
			}
			if n == 0 {
				break
			}
			at += n
			if b[line+3] != '-' {
				return at, nil
			}
			line = at
		}
		if err := r.More(); err != nil {
			return 0, err
		}
	}
}

// checkCode checks the first four bytes of a line, or those that are there. The
// reply begins with first.
func checkCode(code, first []byte) error {
	for i, c := range code {
		switch {
		case i == 3 && c != ' ' && c != '-' && c != '\r':
			return vaurien.Opaque("byte %#02x after a reply's code", c)
		case i == 3:
		case c < '0' || c > '9' || i == 0 && (c < '2' || c > '5'):
			return vaurien.Opaque("byte %#02x in a reply's code", c)
		case c != first[i]:
			return vaurien.Opaque("lines with two codes in one reply")
		}
	}
	return nil
}

// offers tells whether a reply to EHLO lists an extension.
func offers(lines []byte, keyword string) bool {
	for line := range bytes.Lines(lines) {
		text := bytes.TrimSpace(line[3:])
		if len(text) > 0 && text[0] == '-' {
			text = text[1:]
		}
		word, _, _ := bytes.Cut(text, []byte{' '})
		if is(word, keyword) {
			return true
		}
	}
	return false
}

// learnHost notes the name by which the server greets: its first word.
func (c *codec) learnHost(lines []byte) {
	if word := bytes.Fields(lines[4:]); len(lines) > 4 && len(word) > 0 {
		name := string(word[0])
		c.host.Store(&name)
	}
}

// codes are the numbers from 200 to 599, one after the other.
var codes = func() string {
	b := make([]byte, 0, 3*400)
	for code := 200; code <= 599; code++ {
		b = strconv.AppendInt(b, int64(code), 10)
	}
	return string(b)
}()

// status returns a code from 200 to 599 in digits, without new memory.
func status(code int) string {
	at := 3 * (code - 200)
	return codes[at : at+3]
}
