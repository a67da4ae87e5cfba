package redis

import "strconv"

// A state is what a client has made of its connection, as far as its requests
// tell: what it asks for is taken as granted until the reply says otherwise,
// since requests need not wait for replies.
type state struct {
	mode mode
	db   int64
	user string // empty before AUTH
	tx   transaction
}

// A mode is a set of things that hold or do not.
type mode uint8

const (
	inMulti       mode = 1 << iota
	watching           // WATCH is in force
	authenticated      // the client has sent credentials
	resp3              // HELLO 3
)

// A transaction is what is queued between MULTI and EXEC.
type transaction struct {
	has   flags // those that one of the commands has
	lacks flags // those that one of them has not
	slot  int   // of the first key; -1 without one
	dirty bool  // a command was made to fail: EXEC will discard it
	db    int64 // before it
}

// A replyMode says which commands are replied to (CLIENT REPLY).
type replyMode uint8

const (
	repliesOn replyMode = iota
	repliesOff
	skipNext // the next command alone is not replied to
)

// follow notes what the request that n is about makes of the connection.
func (c *codec) follow(n *note, head []byte) {
	n.mode, n.change, n.silent = c.state.mode, 0, c.reply != repliesOn
	n.queued, n.logs = false, false
	n.answer, n.confirmed, n.confirmations = nil, 0, 0
	if c.reply == skipNext {
		c.reply = repliesOn
	}
	if c.state.mode&inMulti != 0 {
		n.queued = c.queue(n, head)
		if n.queued && n.command.role != selects {
			return
		}
	}
	if n.command.role != plain {
		c.change(n, head)
	}
}

// queue adds a command to the transaction and reports whether it goes there:
// some are executed at once (processCommand in src/server.c).
func (c *codec) queue(n *note, head []byte) bool {
	switch n.command.role {
	case multi, exec, discard, watch, quits, reset:
		return false
	}
	tx := &c.state.tx
	tx.has |= n.command.flags
	tx.lacks |= ^n.command.flags
	if tx.slot < 0 {
		if key := n.key(head); key != nil {
			tx.slot = slotOf(key)
		}
	}
	return true
}

// change lets a command that changes the state do so.
func (c *codec) change(n *note, head []byte) {
	was := c.state
	ifNot := was
	now := &c.state
	switch n.command.role {
	case multi:
		if was.mode&inMulti != 0 || n.args != 1 {
			return
		}
		now.mode |= inMulti
		now.tx = transaction{slot: -1, db: was.db}
	case exec, discard:
		if was.mode&inMulti == 0 || n.command.role == discard && n.args != 1 {
			return
		}
		now.mode &^= inMulti | watching
		ifNot = *now
		ifNot.db = was.tx.db
		if n.command.role == discard {
			*now = ifNot
		}
	case watch:
		if was.mode&inMulti != 0 || n.args < 2 {
			return
		}
		now.mode |= watching
	case unwatch:
		now.mode &^= watching
	case selects:
		db, err := strconv.ParseUint(string(n.argument(head, 1)), 10, 31)
		if err != nil || n.args != 2 {
			return
		}
		now.db = int64(db)
		if n.queued { // EXEC and DISCARD see to it
			return
		}
	case auth:
		n.logs = true
		now.logIn(n, head, 1, n.args)
	case hello:
		now.hello(n, head)
	case reset:
		if n.args != 1 {
			return
		}
		*now = state{}
		c.listens, c.watches = false, false
		c.reply, n.silent = repliesOn, false
	case setsReplies:
		c.setReplies(n, string(capitals(nil, n.argument(head, 2))))
		return
	case confirmed:
		c.listens = true
		return
	case monitors:
		c.watches = true
		return
	case replconf:
		switch string(capitals(nil, n.argument(head, 1))) {
		case "ACK", "GETACK": // replconfCommand in src/replication.c
			n.silent = true
		}
		return
	default:
		return
	}
	c.changes++
	n.change, n.was, n.ifNot = c.changes, was, ifNot
}

// setReplies is CLIENT REPLY. ON is the one that is replied to.
func (c *codec) setReplies(n *note, which string) {
	if n.args != 3 {
		return
	}
	switch which {
	case "ON":
		c.reply, n.silent = repliesOn, false
	case "OFF":
		c.hushed.Store(true)
		c.reply, n.silent = repliesOff, true
	case "SKIP":
		c.hushed.Store(true)
		if c.reply != repliesOff {
			c.reply = skipNext
		}
		n.silent = true
	}
}

// logIn takes the user's name from the arguments at from, of which there are
// so many: a password, or a name and a password.
func (s *state) logIn(n *note, head []byte, from int, args int64) {
	name := "default"
	if args == int64(from)+2 {
		name = string(n.argument(head, from))
	}
	s.user = name
	s.mode |= authenticated
}

// hello is HELLO [version [AUTH name password] [SETNAME name]].
func (s *state) hello(n *note, head []byte) {
	switch string(n.argument(head, 1)) {
	case "2":
		s.mode &^= resp3
	case "3":
		s.mode |= resp3
	}
	if at := n.credentials(head); at > 0 {
		n.logs = true
		s.logIn(n, head, at, int64(at)+2)
	}
}

// credentials returns where in a HELLO the name and the password are; 0 if it
// has none.
func (n *note) credentials(head []byte) int {
	for i := 2; int64(i)+2 < n.args; i++ {
		if string(capitals(nil, n.argument(head, i))) == "AUTH" {
			return i + 1
		}
	}
	return 0
}

// A refusal says that a change of state did not take place.
type refusal struct {
	change uint64
	state  state // instead; unless something has changed it since
	dirty  bool  // no change but a command in a transaction
}

// refuse notes that the server, or a failure in its place, refused a request.
// The reader of requests learns it before the next one.
func (c *codec) refuse(n *note, failed bool) {
	dirty := failed && n.mode&inMulti != 0
	if n.change == 0 && !dirty {
		return
	}
	c.mu.Lock()
	c.refusals = append(c.refusals, refusal{n.change, n.ifNot, dirty})
	c.mu.Unlock()
	c.refused.Store(true)
}

// learn takes notice of what was refused.
func (c *codec) learn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused.Store(false)
	for _, r := range c.refusals {
		if r.change != 0 && r.change == c.changes {
			c.state = r.state
		}
		if r.dirty {
			c.state.tx.dirty = true
		}
	}
	c.refusals = c.refusals[:0]
}
