package mysql

import (
	"github.com/vaurien-proxy/vaurien"
)

// ReadRequest reads the client's next packet: a step of the login, a command,
// or a file that the server has asked for.
func (c *codec) ReadRequest(r *vaurien.Reader, m *vaurien.Message) error {
	if !c.begun {
		c.begun = true
		c.newNote(m).of(theConnection, m)
		m.Barrier = true
		return nil
	}
	if c.at() == compressed {
		return vaurien.Opaque("compression")
	}
	head, length, err := first(r, longestRequestHead)
	if err != nil {
		return err
	}
	// What the packet is, the reply before it has said.
	switch c.at() {
	case loggingIn:
		return c.readLogin(r, m, length)
	case proving:
		n := c.newNote(m)
		n.of(theProof, m)
		n.size, n.seq, m.Barrier = length, head[3], true
		return c.takeRequest(r, m, n, head, length)
	case sending:
		return c.readFile(r, m, length)
	case commanding:
		return c.readCommand(r, m, head, length)
	}
	return vaurien.Opaque("a packet where the server has ended the talk")
}

// of notes what a request is.
func (n *note) of(cmd command, m *vaurien.Message) {
	info := &byCode[cmd&0xff]
	if cmd > 0xff {
		other := commands[cmd]
		info = &other
	}
	n.command, n.reply, m.Verb = cmd, info.reply, info.verb
}

// takeRequest takes a request's head and leaves the rest of it to a Body.
func (c *codec) takeRequest(r *vaurien.Reader, m *vaurien.Message, n *note, head []byte, length int) error {
	m.Body = c.request.body(n, length, len(head)-headerSize)
	m.Head = r.Take(len(head))
	return nil
}

// readLogin reads the first packet of the login, all of it.
func (c *codec) readLogin(r *vaurien.Reader, m *vaurien.Message, length int) error {
	if length > longestHandshake {
		return vaurien.Opaque("a login of %d bytes", length)
	}
	head, _, err := first(r, headerSize+longestHandshake)
	if err != nil {
		return err
	}
	l, err := readLogin(head[headerSize:])
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.login = l
	c.mu.Unlock()
	n := c.newNote(m)
	n.of(theLogin, m)
	n.size, n.seq, m.Barrier = length, head[3], true
	m.Head = r.Take(len(head))
	return nil
}

// readFile reads a file, packet by packet up to the empty one that ends it.
func (c *codec) readFile(r *vaurien.Reader, m *vaurien.Message, length int) error {
	n := c.newNote(m)
	n.of(theFile, m)
	m.Continues, m.Barrier = true, true
	c.become(commanding)
	if length > 0 {
		c.file = file{left: int64(length)}
		m.Body = &c.file
	}
	m.Head = r.Take(headerSize)
	return nil
}

// readCommand reads a command.
func (c *codec) readCommand(r *vaurien.Reader, m *vaurien.Message, head []byte, length int) error {
	if length == 0 {
		return vaurien.Opaque("an empty packet in a command's place")
	}
	if head[3] != 0 {
		return vaurien.Opaque("a command in a packet with the number %d", head[3])
	}
	cmd, payload := command(head[headerSize]), head[headerSize:]
	if byCode[cmd].name == "" {
		return vaurien.Opaque("the command %#02x", byte(cmd))
	}
	n := c.newNote(m)
	n.of(cmd, m)
	n.size = length
	m.NoReply, m.Barrier = n.reply == noReply, cmd.settles()
	switch cmd {
	case comQuery:
		c.noteQuery(n, m, payload, length)
	case comInitDB:
		n.use(payload[1:])
	case comStmtPrepare:
		n.text = headerSize + 1
		n.keyword = keywordOf(payload[1:])
		n.sql = append(n.sql, payload[1:min(len(payload), 1+longestText)]...)
	case comChangeUser:
		l := readChangeUser(payload[1:], c.can())
		c.mu.Lock()
		c.login = l
		c.mu.Unlock()
	case comStmtExecute, comStmtBulkExecute, comStmtFetch, comStmtReset, comStmtClose, comStmtSendLongData:
		if len(payload) < 5 {
			return vaurien.Opaque("a %s of %d bytes", byCode[cmd].name, length)
		}
		c.noteStatement(n, m, payload)
		if n.owed {
			return c.takeOwed(r, m, n, head, length)
		}
	}
	return c.takeRequest(r, m, n, head, length)
}

// noteQuery notes what is to be known of a COM_QUERY.
func (c *codec) noteQuery(n *note, m *vaurien.Message, payload []byte, length int) {
	at := 1
	if c.can()&clientQueryAttributes != 0 {
		if at = afterAttributes(payload); at == 0 {
			n.mayLoad, m.Barrier = true, true
			return
		}
	}
	text := payload[at:]
	n.text = headerSize + at
	n.keyword = keywordOf(text)
	if n.keyword.verb != "" {
		m.Verb = n.keyword.verb
	}
	if m.Verb == "USE" {
		_, name := nextWord(text)
		n.use([]byte(tableName(name)))
	}
	n.mayLoad = length > len(payload) || mentionsInfile(text)
	m.Barrier = n.mayLoad
}

// noteStatement notes which prepared statement a command is about.
func (c *codec) noteStatement(n *note, m *vaurien.Message, payload []byte) {
	k := cursor{b: payload[1:5]}
	n.statement = uint32(k.number(4))
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.statement == lastStatement {
		n.statement = c.statements.last
	}
	s := c.statements.get(n.statement)
	if s == nil {
		return
	}
	n.known, n.params = true, s.params
	if n.command.executes() {
		n.owed = s.types != nil
		if n.keyword = s.keyword; s.keyword.verb != "" {
			m.Verb = s.keyword.verb
		}
	}
	if n.command == comStmtClose {
		c.statements.remove(n.statement)
	}
}
