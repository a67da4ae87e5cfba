package smtp

import (
	"bytes"

	"github.com/vaurien-proxy/vaurien"
)

// longestLine is how long a command or a response may be. RFC 5321 section
// 4.5.3.1.4 has commands of 512 bytes, which extensions lengthen, and RFC 4954
// section 4 responses of 12288.
const longestLine = 64 << 10

// largestChunk is how large a chunk of BDAT may be.
const largestChunk = 1 << 56

// ReadRequest reads what the client sends next: a command, the mail after a
// 354, or the response after a 334.
func (c *codec) ReadRequest(r *vaurien.Reader, m *vaurien.Message) error {
	if !c.begun {
		c.begun = true
		c.open.Add(1)
		newNote(m, connect)
		m.Verb = "connect"
		return nil
	}
	switch expectation(c.next.Load()) {
	case aMail:
		return c.readMail(r, m)
	case aResponse:
		return c.readResponse(r, m)
	}
	return c.readCommand(r, m)
}

func (c *codec) readCommand(r *vaurien.Reader, m *vaurien.Message) error {
	n, err := readLine(r, true)
	if b := r.Buffered(); !c.spoken && vaurien.IsOpaque(err) && b[0] == handshake {
		c.passTLS(r, m)
		return nil
	}
	if err != nil {
		return err
	}
	line := r.Buffered()[:n]
	end := 0
	for line[end] > ' ' {
		end++
	}
	name, v := verbOf(line[:end])
	var size int64
	var last bool
	if v == bdat {
		if size, last, err = chunkOf(line[end:]); err != nil {
			return err
		}
		if !c.chunking.Load() && !c.refused.Load() {
			return vaurien.Opaque("BDAT to a server that does not offer CHUNKING")
		}
	}

	m.Verb = name
	asked := newNote(m, v)
	asked.last = last
	c.asked.note(asked, line)
	if size > 0 {
		c.chunk.N = size
		m.Body = &c.chunk
	}
	// RFC 2920 section 3.1 has clients wait after most of these, not all.
	switch v {
	case data, auth, startTLS, turn, helo, ehlo, lhlo, xclient, strange:
		m.Barrier = true
	}
	if c.refused.Load() {
		c.answer = turnedAway(v)
		m.Answer = &c.answer
	} else {
		c.open.Add(1)
	}
	c.spoken = true
	m.Head = r.Take(n)
	return nil
}

// handshake is the first byte of TLS (RFC 8446 section 5.1).
const handshake = 0x16

// passTLS makes one message of all that a client sends that begins with TLS
// (RFC 8314 section 3.3). Its server greets it only then, and would never do so
// if the engine first awaited the greeting as the reply to "connect". That the
// session is tcp shows when the server speaks.
func (c *codec) passTLS(r *vaurien.Reader, m *vaurien.Message) {
	c.spoken = true
	c.chunk.N = vaurien.ToTheEnd
	newNote(m, strange)
	m.Verb, m.NoReply, m.Body = "unknown", true, &c.chunk
	m.Head = r.Take(1)
}

// readMail reads the beginning of a mail: its first byte, or all of one that is
// empty. The rest is the body.
func (c *codec) readMail(r *vaurien.Reader, m *vaurien.Message) error {
	c.mail = mail{prev: atLineStart}
	n, err := c.mail.begin(r)
	if err != nil {
		return err
	}
	if !c.mail.ended {
		m.Body = &c.mail
	}
	if c.sentence != nil {
		c.answer = vaurien.Answer{Forward: []byte("RSET\r\n")}
		if closes(c.sentence) {
			c.answer = vaurien.Answer{Bytes: c.sentence, Close: true}
		}
		m.Answer = &c.answer
		c.sentence = nil
	}
	c.asked.end()
	c.expect(aCommand)
	newNote(m, data)
	m.Verb, m.Continues = "DATA", true
	m.Head = r.Take(n)
	return nil
}

// readResponse reads the client's response to a challenge (RFC 4954 section 4).
func (c *codec) readResponse(r *vaurien.Reader, m *vaurien.Message) error {
	n, err := readLine(r, false)
	if err != nil {
		return err
	}
	c.expect(aCommand)
	if len(c.steps) > 0 {
		c.answer = c.step(r.Buffered()[:n])
		m.Answer = &c.answer
	}
	newNote(m, auth)
	m.Verb, m.Continues, m.Barrier = "AUTH", true, true
	m.Head = r.Take(n)
	return nil
}

// readLine returns the length of the line that comes next, with its CRLF. It
// refuses what is no text as soon as it sees it: whoever sends TLS would wait
// for a reply for ever. A line that ends otherwise than in CRLF is a line to
// some servers and not to others.
func readLine(r *vaurien.Reader, command bool) (int, error) {
	for at := 0; ; {
		b := r.Buffered()
		if at == 0 && len(b) > 0 && command && !beginsCommand(b[0]) {
			return 0, vaurien.Opaque("byte %#02x where a command begins", b[0])
		}
		for at < len(b) && printable[b[at]] {
			at++
		}
		if at >= longestLine {
			return 0, vaurien.Opaque("a line of more than %d bytes", longestLine)
		}
		if n, err := endOfLine(b[at:]); err != nil {
			return 0, err
		} else if n > 0 {
			return at + n, nil
		}
		if err := r.More(); err != nil {
			return 0, err
		}
	}
}

// printable tells of each byte whether a line may have it.
var printable = func() (table [256]bool) {
	for c := range table {
		table[c] = c >= ' ' || c == '\t'
	}
	return table
}()

// endOfLine returns the length of the CRLF that b begins with; 0 if it is not
// all there yet. b begins with what is not printable.
func endOfLine(b []byte) (int, error) {
	switch {
	case len(b) == 0:
		return 0, nil
	case b[0] == '\n':
		return 0, vaurien.Opaque("a line that ends in LF alone")
	case b[0] != '\r':
		return 0, vaurien.Opaque("byte %#02x in a line", b[0])
	case len(b) == 1:
		return 0, nil
	case b[1] != '\n':
		return 0, vaurien.Opaque("a CR inside a line")
	}
	return len("\r\n"), nil
}

// beginsCommand tells whether a line that begins so is a command to servers,
// if only one that they do not know: Go's net/smtp sends a lone * after an AUTH
// that failed at once.
func beginsCommand(c byte) bool { return c > ' ' && c < 0x7f }

// chunkOf reads the arguments of BDAT (RFC 3030 section 2). What is wrong in
// them leaves it open whether a chunk follows.
func chunkOf(args []byte) (size int64, last bool, err error) {
	number, marker, _ := bytes.Cut(bytes.TrimSpace(args), []byte{' '})
	for _, c := range number {
		if c < '0' || c > '9' || size >= largestChunk/10 {
			return 0, false, vaurien.Opaque("BDAT with the size %.30q", number)
		}
		size = 10*size + int64(c-'0')
	}
	marker = bytes.TrimLeft(marker, " ")
	last = is(marker, "LAST")
	if len(number) == 0 || len(marker) > 0 && !last {
		return 0, false, vaurien.Opaque("BDAT with the arguments %.30q", args)
	}
	return size, last, nil
}
