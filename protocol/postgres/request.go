package postgres

import "github.com/vaurien-proxy/vaurien"

// longestLook is how much of a message is looked at: of SQL, its beginning.
const longestLook = 16 << 10

// looked is how many bytes of a message are looked at whose header is followed
// by length bytes.
func looked(length int) int { return headerSize + min(length, longestLook) }

// ReadRequest reads the beginning of a request: one message, or, in the
// extended protocol, the first of a batch that ends with Sync or Flush.
func (c *codec) ReadRequest(r *vaurien.Reader, m *vaurien.Message) error {
	if c.session == nil {
		return c.readOpening(r, m)
	}
	b, err := r.Peek(headerSize)
	if err != nil {
		return err
	}
	kind, length, err := header(b, &requestNames)
	if err != nil {
		return err
	}
	switch kind {
	case 'Q':
		return c.readQuery(r, m, length)
	case 'F':
		c.begin(m, kind, length)
		c.extended = false
		c.take(r, m, headerSize, length)
	case 'X', 'H': // a Flush here has nothing before it that is still to be answered
		c.newNote(m).first = kind
		m.Verb, m.NoReply = requestNames[kind], true
		c.take(r, m, headerSize, length)
	case 'p': // its content is nobody's business
		c.begin(m, kind, length)
		m.Verb, m.Barrier = passwordName(c.asked.Load()), true
		c.take(r, m, headerSize, length)
	case 'd', 'c', 'f':
		c.newNote(m).first = kind
		m.Verb, m.Continues = "CopyData", true
		c.copyIn = copyIn{kind: kind, left: length, extended: c.extended}
		m.Head, m.Body = r.Take(headerSize), &c.copyIn
	default:
		return c.readBatch(r, m)
	}
	return nil
}

// begin puts a note on m, which is an exchange.
func (c *codec) begin(m *vaurien.Message, kind byte, length int64) *note {
	n := c.newNote(m)
	n.first, n.size = kind, headerSize+length
	m.Verb = requestNames[kind]
	c.count(n)
	return n
}

// take takes the first n bytes of a message whose header is followed by length
// bytes, and leaves the rest to its Body.
func (c *codec) take(r *vaurien.Reader, m *vaurien.Message, n int, length int64) {
	m.Head = r.Take(n)
	if rest := headerSize + length - int64(n); rest > 0 {
		c.length.N = rest
		m.Body = &c.length
	}
}

// readQuery reads a simple Query. Its head has as much of the SQL as is looked
// at.
func (c *codec) readQuery(r *vaurien.Reader, m *vaurien.Message, length int64) error {
	end := looked(int(length))
	b, err := r.Peek(end)
	if err != nil {
		return err
	}
	n := c.begin(m, 'Q', length)
	n.sql, _, _ = text(b, headerSize, end)
	if word, _ := keyword(n.sql.of(b)); word != "" {
		m.Verb = word
	}
	c.extended = false
	c.take(r, m, end, length)
	return nil
}
