package memcache

import (
	"bytes"

	"github.com/vaurien-proxy/vaurien"
)

// readTextReply reads the first line of a reply, and finds out whose it is.
func (c *codec) readTextReply(r *vaurien.Reader, req, m *vaurien.Message) error {
	l, err := line(r, 0, longestReply)
	if err != nil {
		return err
	}
	name, w := wordOf(l)
	n := noteOf(req)
	if c.awaited.Load() > 0 {
		if s, ok := c.relieved(l, w, n); ok {
			r.Take(len(l))
			m.Unasked, m.Head = s.unasked, s.bytes
			m.Verb, _ = wordOf(s.bytes)
			return nil
		}
	}
	m.Verb = name
	switch {
	case req == nil || n.dialect == binary:
		// What a quiet command is told, or that the connection is one too many.
		if w&(failed|anyMeta|wOK) == 0 || n.dialect == binary && w&failed == 0 {
			return vaurien.Opaque("%q in reply to no request", first(l))
		}
		m.Unasked = req == nil
	case n.before.says != 0 && w&failed != 0 && n.op != noop:
		return vaurien.Opaque("an error that may be that of a quiet command, or of the one after it")
	case n.before.says&w != 0 || n.before.says != 0 && w&failed != 0:
		m.Unasked = w&says(n) == 0 || !n.token.in(l)
	case w&says(n) == 0:
		return vaurien.Opaque("%q in reply to %s", first(l), req.Verb)
	}
	if err := c.textBody(l, w, n, m); err != nil {
		return err
	}
	m.Head = r.Take(len(l))
	return nil
}

// textBody delimits what follows the first line of a reply.
func (c *codec) textBody(l []byte, w replies, n *note, m *vaurien.Message) error {
	switch {
	case w == wVALUE:
		size, err := valueSize(l)
		if err != nil {
			return err
		}
		c.values = values{data: size + 2}
		m.Body = &c.values
	case w == wVA:
		size, err := metaSize(l)
		if err != nil {
			return err
		}
		c.length.N = size + 2
		m.Body = &c.length
	case w == wRow:
		c.lines = lines{end: "END"}
		if l[0] == 'm' {
			c.lines.end = "EN" // mgdump
		}
		m.Body = &c.lines
	case w == wOK && n.reply == aWatch:
		m.Switch = true
	}
	return nil
}

// valueSize reads "VALUE <key> <flags> <bytes> [<cas>]".
func valueSize(l []byte) (int64, error) {
	said := trimmed(l)
	_, rest := cut(said[len("VALUE"):])
	_, rest = cut(rest)
	word, _ := cut(rest)
	n, v := number(word, uint64(largestReply))
	if v != valid {
		return 0, vaurien.Opaque("a VALUE of %q bytes", first(word))
	}
	return int64(n), nil
}

// metaSize reads "VA <bytes> <flags>*".
func metaSize(l []byte) (int64, error) {
	word, _ := cut(trimmed(l)[len("VA"):])
	n, v := number(word, uint64(largestReply))
	if v != valid {
		return 0, vaurien.Opaque("a VA of %q bytes", first(word))
	}
	return int64(n), nil
}

// first returns the beginning of a line, for a message.
func first(l []byte) []byte {
	l = bytes.TrimRight(l, "\r\n")
	return l[:min(len(l), 40)]
}
