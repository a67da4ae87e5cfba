package smtp

// A transaction is what the client has asked for so far, whether or not it got
// it: the attributes of a request depend on what was sent alone, and not on
// when replies come in.
type transaction struct {
	helo       []byte // the name by which the client introduced itself
	sender     []byte
	size       int64 // what MAIL declares; 0: nothing
	open       bool
	recipients int
}

// note notes a command, and in asked where in the transaction it stands.
func (t *transaction) note(asked *note, line []byte) {
	asked.inTransaction = t.open
	switch asked.verb {
	case helo, ehlo, lhlo:
		t.end()
		t.helo = append(t.helo[:0], argument(line)...)
	case mailFrom:
		t.end()
		t.open = true
		t.sender = append(t.sender[:0], path(line)...)
		t.size = declaredSize(line)
	case rcptTo:
		if t.open {
			t.recipients++
		}
	case rset, xclient:
		t.end()
	}
	asked.recipients = t.recipients
	if asked.verb == bdat && asked.last {
		// The request still has the sender; the next one does not.
		t.open, t.recipients = false, 0
	}
}

// end forgets the transaction.
func (t *transaction) end() {
	t.open, t.recipients, t.size = false, 0, 0
	t.sender = t.sender[:0]
}
