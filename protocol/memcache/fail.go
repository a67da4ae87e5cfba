package memcache

import (
	wire "encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/vaurien-proxy/vaurien"
)

// Fail returns what the server says when it fails req with f, in the dialect
// of req.
func (c *codec) Fail(req *vaurien.Message, f vaurien.Failure, rng *rand.Rand) (vaurien.Answer, error) {
	n := noteOf(req)
	if f.Kind == "" && f.Code == "" {
		fit := vaurien.Fit(c.protocol, req, "")
		if len(fit) == 0 {
			return vaurien.Answer{Pass: true}, nil
		}
		f.Kind = fit[rng.IntN(len(fit))].Name
	}
	var a answer
	if f.Kind != "" {
		known := failureOf(f.Kind)
		if known == nil {
			return vaurien.Answer{}, fmt.Errorf("%s is no failure of memcache", f.Kind)
		}
		if req != nil && !n.fails(known.fits) {
			return vaurien.Answer{Pass: true}, nil
		}
		a = known.says(n)
	}
	if err := a.override(f); err != nil {
		return vaurien.Answer{}, err
	}
	if req == nil {
		return vaurien.Answer{Bytes: []byte(a.line + "\r\n"), Close: true, Abrupt: true}, nil
	}
	return c.become(req, n, a), nil
}

// become returns what becomes of req when the server answers it with a.
func (c *codec) become(req *vaurien.Message, n *note, a answer) vaurien.Answer {
	if n.dialect == binary && a.status == 0 || n.dialect != binary && a.line == "" {
		return vaurien.Answer{Pass: true} // it has no words for it
	}
	deletes := a.deletes && n.op == set
	if n.quiet && (a.silent || n.dialect == text && !a.loud) {
		if deletes {
			return vaurien.Answer{Forward: deleting(req, n)}
		}
		return vaurien.Answer{}
	}
	said := say(req, n, a)
	switch {
	case a.closes:
		return vaurien.Answer{Bytes: said, Close: true}
	case deletes:
		return c.sendInPlace(n, deleting(req, n), said)
	case n.before.any(), n.quiet && n.dialect != text:
		return c.sendInPlace(n, nothing(req, n), said)
	}
	return vaurien.Answer{Bytes: said}
}

// say returns the bytes of an answer.
func say(req *vaurien.Message, n *note, a answer) []byte {
	switch {
	case n.dialect == binary:
		if a.status == statusNotFound && withKey(n.opcode) {
			return packet(replyMagic, n.opcode, a.status, n.opaque, keyOf(req, n))
		}
		body := a.body
		if body == "" {
			body = statusText[a.status]
		}
		b := packet(replyMagic, n.opcode, a.status, n.opaque, nil)
		wire.BigEndian.PutUint32(b[8:], uint32(len(body)))
		return append(b, body...)
	case n.dialect == meta && a.word != "":
		return append(metaMarks(req, n, []byte(a.word)), "\r\n"...)
	}
	return []byte(a.line + "\r\n")
}

// metaMarks appends the opaque and the key that a meta command asks for, in
// the order in which it does. A key in base64 is followed by b.
func metaMarks(req *vaurien.Message, n *note, b []byte) []byte {
	key, flags := cut(arguments(req))
	if n.op == set {
		_, flags = cut(flags)
	}
	for {
		var flag []byte
		if flag, flags = cut(flags); len(flag) == 0 {
			return b
		}
		switch flag[0] {
		case 'O':
			b = append(append(b, ' '), flag...)
		case 'k':
			b = append(append(b, " k"...), key...)
			b = append(b, base64Flag(req)...)
		}
	}
}

// packet returns a packet of a header and a key.
func packet(magic, opcode byte, status uint16, opaque uint32, key []byte) []byte {
	b := make([]byte, headerSize, headerSize+len(key)+len(statusText[status]))
	b[0], b[1] = magic, opcode
	wire.BigEndian.PutUint16(b[2:], uint16(len(key)))
	wire.BigEndian.PutUint16(b[6:], status)
	wire.BigEndian.PutUint32(b[8:], uint32(len(key)))
	wire.BigEndian.PutUint32(b[12:], opaque)
	return append(b, key...)
}

// longestMessage is the longest text of an error: a line of the text protocol
// is one of 1024 bytes at most (memcached.h, WRITE_BUFFER_SIZE).
const longestMessage = 1000

// override lets f's Code and Message go over a's own.
func (a *answer) override(f vaurien.Failure) error {
	if err := check(f); err != nil {
		return err
	}
	word, message := splitLine(a.line)
	switch f.Code {
	case "":
	case "ERROR", "CLIENT_ERROR", "SERVER_ERROR":
		word, a.word = f.Code, ""
	default:
		status, _ := strconv.ParseUint(f.Code, 0, 16)
		if a.status != uint16(status) {
			a.status, a.body = uint16(status), ""
		}
	}
	if f.Message != "" {
		a.body = f.Message
		if isError(word) {
			message = f.Message
		}
	}
	a.line = word
	if message != "" {
		a.line += " " + message
	}
	return nil
}

// splitLine returns the first word of an error's line, and its text; of
// another line, all of it.
func splitLine(line string) (word, message string) {
	for i := range line {
		if line[i] == ' ' {
			return line[:i], line[i+1:]
		}
	}
	return line, ""
}

func isError(word string) bool {
	return word == "ERROR" || word == "CLIENT_ERROR" || word == "SERVER_ERROR"
}

// CheckFailure says what is wrong with f's Code or Message.
func (p *Protocol) CheckFailure(f vaurien.Failure) error { return check(f) }

func check(f vaurien.Failure) error {
	if len(f.Message) > longestMessage {
		return fmt.Errorf("a message of %d bytes: use %d at most", len(f.Message), longestMessage)
	}
	for _, c := range []byte(f.Message) {
		if c < ' ' || c == 0x7f {
			return fmt.Errorf("the message has the control character %#02x: it must be one line of text", c)
		}
	}
	if f.Code == "" {
		return nil
	}
	if isError(f.Code) {
		if f.Kind == "" && f.Message == "" && f.Code != "ERROR" {
			return fmt.Errorf("%s needs a message, which is the rest of its line", f.Code)
		}
		return nil
	}
	if status, err := strconv.ParseUint(f.Code, 0, 16); err != nil || status == 0 {
		return fmt.Errorf("%s is no code: use ERROR, CLIENT_ERROR or SERVER_ERROR (text), or a status from 0x0001 to 0xffff (binary)", f.Code)
	}
	return nil
}
