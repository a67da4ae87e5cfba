package smtp

import (
	"bytes"
	"strings"

	"github.com/vaurien-proxy/vaurien"
)

// Attributes returns what is known of a request. No credentials are among it.
func (p *Protocol) Attributes() []vaurien.Attribute {
	return []vaurien.Attribute{
		{Name: "command", Zero: "", Doc: "the command in capitals: MAIL, RCPT, DATA; connect for the greeting"},
		{Name: "helo", Zero: "", Doc: "the name that the client gave with EHLO, HELO or LHLO"},
		{Name: "sender", Zero: "", Doc: "the address that MAIL names, from MAIL to the end of the mail"},
		{Name: "recipient", Zero: "", Doc: "the address that this RCPT names"},
		{Name: "domain", Zero: "", Doc: "the domain, in small letters, of the recipient of a RCPT, else of the sender", Key: true},
		{Name: "size", Zero: int64(0), Doc: "the mail's size as MAIL declares it"},
		{Name: "recipients", Zero: int64(0), Doc: "how many recipients the mail has been given so far, this one included"},
		{Name: "in_transaction", Zero: false, Doc: "whether a MAIL came before, whose mail has not ended yet"},
	}
}

// Attribute returns an attribute of req.
func (c *codec) Attribute(req *vaurien.Message, name string) any {
	asked := noteOf(req)
	mailing := asked.inTransaction || asked.verb == mailFrom
	switch name {
	case "command":
		return req.Verb
	case "helo":
		return string(c.asked.helo)
	case "in_transaction":
		return asked.inTransaction
	case "recipients":
		return int64(asked.recipients)
	case "size":
		if mailing {
			return c.asked.size
		}
	case "sender":
		if mailing {
			return string(c.asked.sender)
		}
	case "recipient":
		if asked.verb == rcptTo {
			return string(path(req.Head))
		}
	case "domain":
		address := c.asked.sender
		if asked.verb == rcptTo {
			address = path(req.Head)
		} else if !mailing {
			return nil
		}
		if at := bytes.LastIndexByte(address, '@'); at >= 0 {
			return strings.ToLower(string(address[at+1:]))
		}
	}
	return nil
}

// argument returns what follows a command's verb, without blanks around it.
func argument(line []byte) []byte {
	_, arg, _ := bytes.Cut(line, []byte{' '})
	return bytes.TrimSpace(arg)
}

// path returns the address in a MAIL or a RCPT (RFC 5321 section 4.1.1.2), as
// it is written but for a source route (section 4.1.1.3).
func path(line []byte) []byte {
	_, p, _ := bytes.Cut(line, []byte{':'})
	p = bytes.TrimSpace(p)
	if len(p) == 0 || p[0] != '<' { // some clients leave the brackets out
		p, _, _ = bytes.Cut(p, []byte{' '})
		return p
	}
	p = p[1:closing(p)]
	if len(p) > 0 && p[0] == '@' {
		if _, mailbox, ok := bytes.Cut(p, []byte{':'}); ok {
			return mailbox
		}
	}
	return p
}

// closing returns the index of the bracket that closes the path which p begins
// with; p's length if there is none. A bracket in quotes is text (RFC 5321
// section 4.1.2).
func closing(p []byte) int {
	quoted := false
	for i := 1; i < len(p); i++ {
		switch c := p[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == '>' && !quoted:
			return i
		}
	}
	return len(p)
}

// declaredSize returns the SIZE that MAIL declares (RFC 1870 section 4); 0 if
// none.
func declaredSize(line []byte) (size int64) {
	_, p, _ := bytes.Cut(line, []byte{':'})
	p = bytes.TrimSpace(p)
	if len(p) > 0 && p[0] == '<' {
		p = p[min(closing(p)+1, len(p)):]
	}
	for param := range bytes.FieldsSeq(p) {
		key, value, _ := bytes.Cut(param, []byte{'='})
		if !is(key, "SIZE") {
			continue
		}
		for _, d := range value {
			if d < '0' || d > '9' || size > 1<<58 {
				return 0
			}
			size = 10*size + int64(d-'0')
		}
	}
	return size
}
