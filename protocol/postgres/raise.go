package postgres

import "github.com/vaurien-proxy/vaurien"

// What is made to fail inside a transaction must fail in the server, or the two
// ends would disagree on the transaction. So something that always fails goes
// to the server in the statement's place: an Execute of a portal that is not
// there. It needs no parsing, no snapshot and no rights, fails in any state of
// a transaction, leaves all of the client's prepared statements and portals as
// they are, and puts its name into the server's log. The server skips what
// follows until Sync (the manual, section 55.2.3 "Extended Query"). Of its
// error only the words are changed on their way back.

// raise returns what goes to the server in the place of the request that n is
// about, whose client is told error.
func raise(n *note, head []byte, e *response) vaurien.Answer {
	n.raised, n.swallow = e.append(nil), 0
	batch := n.first != 'Q' && n.first != 'F'
	var b []byte
	if batch {
		b = append(b, head[:n.main]...) // the prelude does happen
	}
	if n.ends(head) {
		// An error in COMMIT ends the transaction.
		b = appendMessage(b, 'Q', "ROLLBACK\x00")
		n.swallow = 1
	}
	b = appendMessage(b, 'E', "vaurien makes this statement fail with "+e.code+"\x00", "\x00\x00\x00\x00")
	if batch {
		return vaurien.Answer{Forward: b, Rest: true}
	}
	return vaurien.Answer{Forward: appendMessage(b, 'S')}
}

// readRaised reads what the server says to that, up to its error, and puts the
// error that the client is to see in its place.
func (c *codec) readRaised(r *vaurien.Reader, req *vaurien.Message, n *note, m *vaurien.Message) error {
	if c.skips {
		return c.readAnswer(r, req, n, m) // an earlier error in the same batch lets it skip this one
	}
	var kept []byte
	swallow := n.swallow
	for at := 0; ; {
		b, err := r.Peek(at + headerSize)
		if err != nil {
			return err
		}
		kind, length, err := header(b[at:], &replyNames)
		if err != nil {
			return err
		}
		if asynchronous(kind) && kind != 'E' && at == 0 {
			c.reply = reply{codec: c, left: length, ended: true}
			m.Verb, m.Unasked = replyNames[kind], true
			m.Head, m.Body = r.Take(headerSize), &c.reply
			return nil
		}
		end := at + headerSize + int(length)
		if b, err = r.Peek(end); err != nil {
			return err
		}
		one := b[at:end]
		at = end
		switch {
		case kind == 'E':
			m.Verb = replyNames[kind]
			m.Head = append(kept, c.put(n, one)...)
			r.Take(at)
			if c.skips = true; n.flushed.Load() > 0 {
				c.answered(n.sequence, unknown)
				return nil
			}
			c.reply = reply{codec: c, note: n, sequence: n.sequence, failed: true}
			m.Body = &c.reply
			return nil
		case kind == 'Z' && swallow > 0:
			swallow--
		case kind == 'Z':
			return vaurien.Opaque("the server did not fail a statement that always fails")
		case swallow == 0, kind == 'A', kind == 'S', kind == '3':
			kept = append(kept, one...)
		}
	}
}

// put returns what the client is told in place of an ErrorResponse: that as it
// is, if it ends the session.
func (c *codec) put(n *note, theirs []byte) []byte {
	if s := field(theirs[headerSize:], 'V'); s == "FATAL" || s == "PANIC" {
		return theirs
	}
	if answered, s := c.lastState(); n.status == unknown && answered == n.sequence-1 && s == failed {
		return inFailedTransaction(n).append(nil)
	}
	return n.raised
}

// inFailedTransaction is what the server says to n's statement when an earlier
// one has failed in the same transaction (testdata/captures has it for each
// form of a statement). It is not a failure to choose: a client that had asked
// for several statements ahead is told so, when one that was to fail turns out
// to come after another.
func inFailedTransaction(n *note) *response {
	e := &response{
		severity: "ERROR", code: "25P02",
		message: "current transaction is aborted, commands ignored until end of transaction block",
		file:    "postgres.c", line: "1081", routine: "exec_simple_query",
	}
	switch n.first {
	case 'P':
		e.line, e.routine = "1439", "exec_parse_message"
	case 'B':
		e.line, e.routine = "1691", "exec_bind_message"
	}
	return e
}
