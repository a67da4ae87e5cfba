package postgres

import (
	"io"

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
	for more := true; more; {
		b, err := need(r, p.end+headerSize)
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
		if b, err = need(r, p.end+look); err != nil {
			return err
		}
		if more, err = p.add(c.look(b, p.end, kind, int(length)), look); err != nil {
			return err
		}
	}
	if p.main.kind == 'P' && p.rest == 0 {
		b, err := need(r, p.end+1)
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
	statement *statement
	unnamed   bool // it is the unnamed statement that is bound
}

// look looks at the message of a batch that begins at byte at.
func (c *codec) look(b []byte, at int, kind byte, length int) part {
	p := part{at: at, kind: kind, size: headerSize + int64(length), verb: requestNames[kind]}
	switch kind {
	case 'P':
		var word string
		if p.name, p.sql, word = c.statements.parsed(b, at, length); word != "" {
			p.verb = word
		}
	case 'B':
		to := at + headerSize + min(length, 2*longestName)
		_, next, ok := text(b, at+headerSize, to) // the portal
		name, _, named := text(b, next, to)
		if !ok || !named {
			break
		}
		p.name = name
		word := ""
		if p.name.from == p.name.to {
			word, p.unnamed = c.statements.unnamed.verb, true
		} else if p.statement = c.statements.named[string(p.name.of(b))]; p.statement != nil {
			word = p.statement.verb
		}
		if word != "" {
			p.verb = word
		}
	case 'C':
		c.statements.closed(b, at, length)
	}
	return p
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
	p.end += look
	p.rest = one.size - int64(look)
	return more, nil
}

// takeBatch takes the head that p found.
func (c *codec) takeBatch(r *vaurien.Reader, m *vaurien.Message, p *prelude) {
	one := &p.main
	n := c.newNote(m)
	n.first, n.size, n.main, n.prepares = one.kind, one.size, one.at, p.prepares
	n.name, n.sql, n.statement = one.name, one.sql, one.statement
	if one.unnamed {
		n.unnamed = append(n.unnamed, c.statements.unnamed.sql...)
	}
	c.count(n)
	c.extended = true
	m.Verb = one.verb
	m.Head = r.Take(p.end)
	if !p.ended {
		c.batch.left, c.batch.ended = p.rest, false
		m.Body = &c.batch
	}
}

// A batch delimits what follows the beginning of a batch, up to its Sync.
type batch struct {
	statements *statements
	left       int64 // of the last message that was looked at
	ended      bool
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
		if kind == 'P' {
			c.statements.parsed(b, 0, int(length))
		} else {
			c.statements.closed(b, 0, int(length))
		}
	case 'S', 'X':
		if length != 0 {
			return false, vaurien.Opaque("a %s of %d bytes", requestNames[kind], length)
		}
		c.ended = true
	case 'Q', 'F', 'p':
		// The server would answer it apart from the batch, or, after an error
		// in that, not at all.
		return false, vaurien.Opaque("a %s before the Sync of the messages before it", requestNames[kind])
	}
	*run += headerSize + length
	return true, nil
}
