package mysql

import (
	"bytes"
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// A SELECT that is interrupted has begun to answer: the server has sent the
// columns before it looked for rows (the captures query-timeout and
// query-interrupted), and many drivers report the error with the first row
// only. So the server runs such a statement, and the client gets the columns,
// the error, and no rows.

// lateness is how far the reply to such a statement has been read.
type lateness uint8

const (
	inTime   lateness = iota // it is not such a statement
	columned                 // the columns are to come
	dropping                 // the rows are thrown away
)

// failsLate reports whether a request can fail after its columns: if it is one
// SELECT, all of it is there, and it does nothing but select.
func (c *codec) failsLate(req *vaurien.Message, n *note) bool {
	if n.keyword.verb != "SELECT" || req.Body != nil || n.mayLoad {
		return false
	}
	if n.command == comStmtExecute && (len(req.Head) < headerSize+6 || req.Head[headerSize+5]&0x07 != 0) {
		return false // a cursor: its rows are fetched
	}
	text := c.textOf(req, n)
	if len(text) >= longestText {
		return false // there may be more
	}
	text = bytes.TrimRight(text, "; \t\r\n")
	return len(text) > 0 && bytes.IndexByte(text, ';') < 0 && !bytes.Contains(bytes.ToUpper(text), []byte("INTO")) &&
		!mayChange(text)
}

// late returns what the server gets: the statement, and a SIGNAL of the error.
func (c *codec) late(req *vaurien.Message, n *note, e serverError) vaurien.Answer {
	n.late, n.instead = columned, e.packet(0, true)
	return vaurien.Answer{Forward: c.appendQuery(bytes.Clone(req.Head), e.signal())}
}

// readLate reads the reply to both. What the client gets is in n.instead, the
// error alone at first; a call that is interrupted goes on where it was.
func (c *codec) readLate(r *vaurien.Reader, n *note, m *vaurien.Message) error {
	if n.late == columned {
		if err := c.readColumns(r, n); err != nil {
			return err
		}
	}
	for {
		for n.drop > 0 {
			if len(r.Buffered()) == 0 {
				if err := r.More(); err != nil {
					return err
				}
			}
			k := min(n.drop, int64(len(r.Buffered())))
			r.Take(int(k))
			n.drop -= k
		}
		run, err := c.reply.Next(r)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		n.drop = run
	}
	b, err := r.Peek(headerSize) // the reply to SIGNAL
	if err != nil {
		return err
	}
	length := lengthOf(b)
	if _, err = r.Peek(headerSize + length); err != nil {
		return err
	}
	r.Take(headerSize + length)
	n.late = inTime
	m.Head = n.instead
	return nil
}

// readColumns takes what comes before the rows. If the statement has failed by
// itself, the client gets that error.
func (c *codec) readColumns(r *vaurien.Reader, n *note) error {
	res, at, seq := &c.reply, 0, n.seq
	for res.begin(c, n); res.state != inRows && res.state != ended; {
		b, err := r.Peek(at + headerSize)
		if err != nil {
			return err
		}
		length := lengthOf(b[at:])
		if b, err = r.Peek(at + headerSize + length); err != nil {
			return err
		}
		if err := res.packet(b[at+headerSize:], length); err != nil {
			return err
		}
		seq = b[at+3]
		at += headerSize + length
	}
	said := r.Take(at)
	switch {
	case res.state == inRows:
		n.instead = append(bytes.Clone(said), n.instead...)
		n.instead[at+3] = seq + 1
	case said[headerSize] == errPacket:
		n.instead = bytes.Clone(said)
	default:
		n.instead[3] = n.seq + 1
	}
	n.late = dropping
	return nil
}
