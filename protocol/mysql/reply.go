package mysql

import (
	"github.com/vaurien-proxy/vaurien"
)

// The first bytes of packets that say what they are (pages "OK_Packet",
// "ERR_Packet", "EOF_Packet" and "LOCAL INFILE Request" of MySQL's protocol).
const (
	okPacket   = 0x00
	moreData   = 0x01 // of an authentication plugin
	wantsFile  = 0xfb
	eofPacket  = 0xfe // also the OK that ends rows, and a change of the plugin
	errPacket  = 0xff
	progress   = 0xffff // the number of MariaDB's ERR that is a report of progress
	longestEOF = 9      // an EOF is shorter; a row that begins so is longer
)

// serverStatus are flags of OK and EOF (SERVER_STATUS_flags_enum in MySQL's
// include/mysql_com.h).
type serverStatus uint16

const (
	inTransaction serverStatus = 0x0001
	autocommit    serverStatus = 0x0002
	moreResults   serverStatus = 0x0008
	cursorExists  serverStatus = 0x0040
)

// ReadReply reads the first packet of a reply. What follows it is its Body.
func (c *codec) ReadReply(r *vaurien.Reader, req, m *vaurien.Message) error {
	n := noteOf(req)
	if n == nil || n.codec != c {
		return c.readUnasked(r, m)
	}
	switch {
	case n.late != inTime:
		return c.readLate(r, n, m)
	case n.swallow > 0:
		return c.readFailed(r, n, m)
	}
	head, length, err := first(r, longestReplyHead)
	if err != nil {
		return err
	}
	if length == 0 && n.reply != onePacket && n.reply != authentic {
		return vaurien.Opaque("an empty packet in a reply's place")
	}
	switch n.reply {
	case greets:
		return c.readGreeting(r, m, length)
	case authentic:
		return c.readStep(r, n, m, length)
	case noReply:
		return vaurien.Opaque("a reply to %s", req.Verb)
	case events:
		m.Switch = head[headerSize] != errPacket
	case prepared:
		if err := c.notePrepared(n, head[headerSize:]); err != nil {
			return err
		}
	}
	invites := false
	if n.reply == results && head[headerSize] == wantsFile {
		if !n.mayLoad {
			return vaurien.Opaque("a request for a file that the statement does not speak of")
		}
		invites = true
	}
	res := &c.reply
	res.begin(c, n)
	if invites {
		res.state = single
	}
	if err := res.packet(head[headerSize:], length); err != nil {
		return err
	}
	if n.mayLoad && n.reply == results && res.state == beginning {
		// One message for each result, since another may ask for a file.
		res.state, m.More = ended, true
	}
	if invites {
		m.Invites = true
		c.become(sending)
	}
	if (n.database != "" || n.command == comResetConnection) && length > 0 && head[headerSize] == okPacket {
		c.agreed(n)
	}
	c.takeReply(r, m, len(head), length)
	return nil
}

// agreed notes what the server's OK to a command changes.
func (c *codec) agreed(n *note) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.database != "" {
		c.database = n.database
	}
	if n.command == comResetConnection {
		c.statements.clear()
	}
}

// takeReply takes a reply's head and leaves the rest of it to a Body.
func (c *codec) takeReply(r *vaurien.Reader, m *vaurien.Message, taken, length int) {
	res := &c.reply
	res.left = int64(headerSize + length - taken)
	res.continued = length == fullPacket
	if res.left > 0 || res.continued || res.state != ended {
		m.Body = res
	}
	m.Head = r.Take(taken)
}

// readUnasked reads what the server says without being asked: an error, before
// it closes the connection.
func (c *codec) readUnasked(r *vaurien.Reader, m *vaurien.Message) error {
	head, length, err := first(r, longestReplyHead)
	if err != nil {
		return err
	}
	if length == 0 || head[headerSize] != errPacket || length > len(head)-headerSize {
		return vaurien.Opaque("a packet that nobody asked for")
	}
	m.Unasked = true
	m.Head = r.Take(len(head))
	return nil
}

// readGreeting reads the greeting, or the error in its place.
func (c *codec) readGreeting(r *vaurien.Reader, m *vaurien.Message, length int) error {
	if length > longestHandshake {
		return vaurien.Opaque("a greeting of %d bytes", length)
	}
	head, _, err := first(r, headerSize+longestHandshake)
	if err != nil {
		return err
	}
	payload := head[headerSize:]
	if payload[0] == errPacket {
		m.Head = r.Take(len(head))
		c.become(refused)
		return nil
	}
	g, err := readGreeting(payload)
	if err != nil {
		return err
	}
	m.Head = r.Take(len(head))
	if c.protocol.Plain {
		m.Head = append([]byte(nil), m.Head...)
		g.plain(m.Head[headerSize:])
	}
	c.mu.Lock()
	c.server = g
	c.mu.Unlock()
	c.protocol.mariadb.Store(g.mariadb)
	c.become(loggingIn)
	return nil
}

// readStep reads the server's side of one step of a login: OK, ERR, or
// something that the client answers.
func (c *codec) readStep(r *vaurien.Reader, n *note, m *vaurien.Message, length int) error {
	head, _, err := first(r, longestReplyHead)
	if err != nil {
		return err
	}
	payload := head[headerSize:]
	said := byte(moreData) // an empty packet is a plugin's own
	if len(payload) > 0 {
		said = payload[0]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l, then := &c.login, proving
	switch said {
	case okPacket:
		if l.caps&c.server.caps&(clientCompress|clientZstd) != 0 {
			then = compressed
		} else {
			then = commanding
		}
		c.caps.Store(uint64(l.caps & c.server.caps))
		c.user, c.database = l.user, l.database
		c.statements.clear()
		if flags, ok := okStatus(payload); ok {
			c.status.Store(uint32(flags))
		}
	case errPacket:
		then = refused
		if c.caps.Load() != 0 { // COM_CHANGE_USER: a server that closes then says so itself
			then = commanding
		}
	case eofPacket:
		k := cursor{b: payload, pos: 1}
		l.plugin = string(k.terminated())
	default:
		if fastAuthentication(payload, l.plugin) {
			m.More = true
		}
	}
	if !m.More {
		c.become(then)
	}
	c.reply.begin(c, n)
	c.reply.state = ended
	c.takeReply(r, m, len(head), length)
	return nil
}

// notePrepared remembers a statement that the server has prepared.
func (c *codec) notePrepared(n *note, payload []byte) error {
	if payload[0] == errPacket {
		c.mu.Lock()
		c.statements.last = 0
		c.mu.Unlock()
		return nil
	}
	k := cursor{b: payload}
	if ok := k.number(1); ok != okPacket {
		return vaurien.Opaque("byte %#02x where a statement was prepared", ok)
	}
	id := uint32(k.number(4))
	k.take(2) // columns
	params := int(k.number(2))
	if k.out {
		return vaurien.Opaque("a prepared statement in %d bytes", len(payload))
	}
	c.mu.Lock()
	c.statements.put(id, params, n.keyword, n.sql)
	c.mu.Unlock()
	return nil
}

// okStatus returns the status flags in an OK, of which 23 bytes are enough:
// a byte, two length-encoded integers, the flags.
func okStatus(payload []byte) (serverStatus, bool) {
	k := cursor{b: payload, pos: 1}
	k.lenenc() // affected rows
	k.lenenc() // last insert ID
	flags := k.number(2)
	return serverStatus(flags), !k.out
}
