package memcache

import (
	"bytes"

	"github.com/vaurien-proxy/vaurien"
)

// readTextRequest reads a command line.
//
// A line that every server refuses without a look at what follows is answered
// by one line, and what follows it is the next command line, even if its
// sender means it as a value: so memcached reads it.
func (c *codec) readTextRequest(r *vaurien.Reader, m *vaurien.Message) error {
	whole, err := commandLine(r)
	if err != nil {
		return err
	}
	said := trimmed(whole)
	word, args := cut(said)
	cmd := commandOf(word)
	n := fresh(m)
	n.dialect, n.op, n.reply = cmd.dialect, cmd.op, cmd.reply
	m.Verb = cmd.verb

	body, asked := int64(0), marks{}
	switch {
	case cmd.reply == valueLst: // any number of keys
	case bytes.IndexByte(said, 0) >= 0:
		return vaurien.Opaque("NUL in a command line") // where servers written in C stop reading
	case cmd.dialect == meta:
		body, asked, err = n.metaCommand(cmd, args)
	case cmd.op.stores():
		body, err = n.storage(cmd, args)
	case cmd == &cmdUnknown:
		if !plain(word) {
			return vaurien.Opaque("byte %#02x in a command", said[0])
		}
		m.Verb = string(word[:min(len(word), longestVerb)])
	case cmd == &cmdQuit:
		n.quiet = true // the connection closes
	default:
		err = n.words(cmd, args)
	}
	if err != nil {
		return err
	}
	if n.quiet || c.unsettled.says != 0 {
		if err := c.unsettled.settle(n, asked); err != nil {
			return err
		}
	}
	m.Barrier = n.reply == aWatch && !n.quiet
	c.dialect = text
	c.framed(r, m, n, len(whole), body)
	return nil
}

// commandLine returns the line that r has next. Only that of a get or gets may
// be long.
func commandLine(r *vaurien.Reader) ([]byte, error) {
	l, err := line(r, 0, longestCommand)
	if err == nil || !vaurien.IsOpaque(err) {
		return l, err
	}
	if word, _ := cut(r.Buffered()); string(word) == "get" || string(word) == "gets" {
		return line(r, 0, vaurien.MaxHead)
	}
	return nil, err
}

// longestVerb is how much of a command that is not known here is its Verb.
const longestVerb = 32

// plain reports whether a word may be a command that is not known here.
func plain(word []byte) bool {
	for _, c := range word {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// words looks at the line of a command without a value.
func (n *note) words(cmd *command, args []byte) error {
	if cmd == &cmdSlabs {
		if word, _ := cut(args); string(word) == "automove" {
			cmd = &cmdAutomove
		}
	}
	if cmd.noreply == 0 {
		return nil
	}
	count, last := words(args)
	count++
	switch {
	case count < cmd.min, cmd.max > 0 && count > cmd.max:
		n.op, n.reply = other, anError
	case cmd.max == 0 && count > refused:
		return vaurien.Opaque("a line of %d words", count)
	case count >= cmd.noreply && string(last) == "noreply":
		n.quiet = true
	}
	return nil
}

// storage looks at the line of a command with a value, and returns how many
// bytes follow it:
//
//	<command> <key> <flags> <exptime> <bytes> [<cas>] [noreply]
func (n *note) storage(cmd *command, args []byte) (int64, error) {
	key, rest := cut(args)
	flags, rest := cut(rest)
	exptime, rest := cut(rest)
	size, rest := cut(rest)
	left, last := 0, size
	if len(rest) > 0 {
		left, last = words(rest)
	}
	count := 5 + left
	if len(size) == 0 || count < cmd.min || count > cmd.max {
		n.op, n.reply = other, anError
		return 0, nil
	}
	n.quiet = string(last) == "noreply"

	v := valid
	judge := func(of validity) { v = max(v, of) }
	if len(key) > longestKey {
		v = bad
	}
	_, of := number(flags, largestFlags)
	judge(of)
	_, of = signed(exptime, largestTime)
	judge(of)
	length, of := signed(size, uint64(largestValue))
	judge(of)
	if cmd == &cmdCas {
		version, _ := cut(rest)
		_, of = number(version, 1<<64-1)
		judge(of)
		n.cas = true
	}
	if v == valid && length < 0 {
		v = bad
	}
	return n.value(length, v)
}

// value returns how many bytes a value of that length takes, with the CRLF
// after it; none if the line is refused.
func (n *note) value(length int64, v validity) (int64, error) {
	switch {
	case v == unclear, v == bad && n.quiet:
		return 0, vaurien.Opaque("a line that announces a value in a way that not all servers take")
	case v == bad:
		n.op, n.reply = other, anError
		return 0, nil
	}
	n.size = length
	return length + 2, nil
}
