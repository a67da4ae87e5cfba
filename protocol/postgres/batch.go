package postgres

import (
	"io"
	"slices"

	"github.com/vaurien-proxy/vaurien"
)

// longestPrelude is how many bytes of a batch may go before the message that
// says what it is about.
const longestPrelude = 4 << 10

// readBatch reads the beginning of a batch of the extended protocol, up to the
// message that says what it is about. That is the first one; but drivers put
// before it, in the same batch, the Close of statements that they have no more
// use for, and the BEGIN of a transaction (pgjdbc does both).
//
// Nobody waits for a reply to those alone: the server keeps its replies to
// itself until a Flush or a Sync.
func (c *codec) readBatch(r *vaurien.Reader, m *vaurien.Message) error {
	var p prelude
	c.looks = c.looks[:0]
	for more := true; more; {
		b, err := r.Peek(p.end + headerSize)
		if err != nil {
			return err
		}
		kind, length, err := header(b[p.end:], &requestNames)
		if err != nil {
			return err
		}
		look := looked(int(length))
		if kind == 'B' {
			look = headerSize + min(int(length), 2*longestName)
		}
		if b, err = r.Peek(p.end + look); err != nil {
			return err
		}
		if more, err = p.add(c.look(b, p.end, kind, int(length)), look); err != nil {
			return err
		}
	}
	if p.main.kind == 'P' && p.rest == 0 {
		b, err := r.Peek(p.end + 1)
		if err != nil {
			return err
		}
		p.prepares = b[p.end] != 'B' // what is to run is bound next
	}
	c.takeBatch(r, m, &p)
	return nil
}

// A part is one message of a batch as far as it is looked at.
type part struct {
	at        int
	kind      byte
	size      int64
	verb      string
	name, sql span
}

// look looks at the message of a batch that begins at byte at.
func (c *codec) look(b []byte, at int, kind byte, length int) part {
	p := part{at: at, kind: kind, size: headerSize + int64(length), verb: requestNames[kind]}
	switch kind {
	case 'P':
		var word string
		if p.name, p.sql, word, _ = parseIn(b, at, length); word != "" {
			p.verb = word
		}
		c.looks = append(c.looks, lookedAt{kind, at, length})
	case 'B':
		to := at + headerSize + min(length, 2*longestName)
		_, next, ok := text(b, at+headerSize, to) // the portal
		name, _, named := text(b, next, to)
		if !ok || !named {
			break
		}
		p.name = name
		if word := c.boundVerb(b, name); word != "" {
			p.verb = word
		}
	case 'C':
		c.looks = append(c.looks, lookedAt{kind, at, length})
	}
	return p
}

// A lookedAt is a Parse or Close in the head of a batch that is being read. The
// read may be interrupted and made again: what they do is noted once it has
// come to its end.
type lookedAt struct {
	kind       byte
	at, length int
}

// boundVerb returns what the statement of that name begins with, which a
// message before in the same head may have prepared or closed.
func (c *codec) boundVerb(b []byte, name span) string {
	wanted := string(name.of(b))
	for _, l := range slices.Backward(c.looks) {
		switch l.kind {
		case 'P':
			if parsed, _, verb, ok := parseIn(b, l.at, l.length); ok && string(parsed.of(b)) == wanted {
				return verb
			}
		case 'C':
			if closed, ok := closeIn(b, l.at, l.length); ok && string(closed.of(b)) == wanted {
				return ""
			}
		}
	}
	if wanted == "" {
		return c.statements.unnamed.verb
	}
	if known := c.statements.named[wanted]; known != nil {
		return known.verb
	}
	return ""
}

// A prelude is what goes before the message that says what a batch is about,
// and then that message.
type prelude struct {
	main     part
	end      int   // of what has been looked at: the head
	rest     int64 // how much of the last message is not in the head
	begun    byte  // how much of a BEGIN there is: the type of its last message
	prepares bool  // main prepares a statement for later
	ended    bool  // the batch has ended
	replies  int32 // how many of its messages are replied to
}

// add adds the next message, of which look bytes were looked at, and reports
// whether the one that matters is yet to come.
func (p *prelude) add(one part, look int) (more bool, err error) {
	begin := one.verb == "BEGIN" || one.verb == "START"
	whole := one.size <= longestPrelude && p.end <= longestPrelude
	switch kind := one.kind; {
	case kind == 'S' && one.size != headerSize:
		return false, vaurien.Opaque("a Sync of %d bytes", one.size)
	case kind == 'C' && p.begun == 0 && whole,
		(kind == 'P' || kind == 'B') && p.begun == 0 && begin && whole:
		p.main = one
		if kind != 'C' {
			p.begun = kind
		}
		more = true
	case kind == 'B' && p.begun == 'P' && whole, kind == 'E' && p.begun == 'B' && whole:
		p.begun = kind
		more = true
	case kind == 'D' && p.begun == 'B' && whole:
		more = true
	case p.end > 0 && kind != 'P' && kind != 'B':
		return false, nil // there is nothing else, or nothing that tells more
	default:
		p.main = one
		p.ended = kind == 'S'
	}
	if isReplied(one.kind) {
		p.replies++
	}
	p.end += look
	p.rest = one.size - int64(look)
	return more, nil
}

// takeBatch takes the head that p found.
func (c *codec) takeBatch(r *vaurien.Reader, m *vaurien.Message, p *prelude) {
	one := &p.main
	n := c.newNote(m)
	n.first, n.size, n.main, n.prepares = one.kind, one.size, one.at, p.prepares
	n.name, n.sql = one.name, one.sql
	head := r.Buffered()
	for _, l := range c.looks {
		c.statements.note(head, l.kind, l.at, l.length)
	}
	if one.kind == 'B' && one.name.to > 0 {
		if one.name.from == one.name.to {
			n.unnamed = append(n.unnamed, c.statements.unnamed.sql...)
		} else {
			n.statement = c.statements.named[string(one.name.of(head))]
		}
	}
	c.count(n)
	c.extended = true
	m.Verb = one.verb
	m.Head = r.Take(p.end)
	if !p.ended {
		c.batch.left, c.batch.ended = p.rest, false
		c.batch.note, c.batch.replies = n, p.replies
		m.Body = &c.batch
	}
}

// A batch delimits what follows the beginning of a batch, up to its Sync or
// Flush.
type batch struct {
	statements *statements
	note       *note // on the batch
	left       int64 // of the last message that was looked at
	replies    int32 // how many messages so far are replied to
	ended      bool
}

// isReplied reports whether each message of that type gets one reply that says
// it is done, be it ParseComplete or the row description that ends the
// reply to Describe (see completes).
func isReplied(kind byte) bool {
	switch kind {
	case 'P', 'B', 'D', 'C', 'E':
		return true
	}
	return false
}

// Next returns a run of as many messages as are buffered. A Parse is waited
// for as far as it is looked at.
func (c *batch) Next(r *vaurien.Reader) (int64, error) {
	if c.ended {
		return 0, io.EOF
	}
	run := c.left
	b := r.Buffered()
	for {
		at := int(min(run, int64(len(b))))
		enough, err := c.message(b[at:], &run)
		if err != nil && at > 0 {
			enough = false // the next call will say what is wrong
		} else if err != nil {
			return 0, err
		}
		switch {
		case c.ended, !enough && run > 0:
			c.left = 0
			return run, nil
		case !enough:
			if err := r.More(); err == io.EOF {
				return 0, io.ErrUnexpectedEOF
			} else if err != nil {
				return 0, err
			}
			b = r.Buffered()
		}
	}
}

// message adds the message with which b begins to run, if there is enough of
// it.
func (c *batch) message(b []byte, run *int64) (enough bool, err error) {
	if len(b) < headerSize {
		return false, nil
	}
	kind, length, err := header(b, &requestNames)
	if err != nil {
		return false, err
	}
	switch kind {
	case 'P', 'C':
		if len(b) < looked(int(length)) {
			return false, nil
		}
		c.statements.note(b, kind, 0, int(length))
	case 'S', 'X', 'H':
		if length != 0 {
			return false, vaurien.Opaque("a %s of %d bytes", requestNames[kind], length)
		}
		if c.ended = true; kind == 'H' {
			c.note.flushed.Store(c.replies)
		}
	case 'Q', 'F', 'p':
		// The server would answer it apart from the batch, or, after an error
		// in that, not at all.
		return false, vaurien.Opaque("a %s before the Sync of the messages before it", requestNames[kind])
	}
	if isReplied(kind) {
		c.replies++
	}
	*run += headerSize + length
	return true, nil
}
