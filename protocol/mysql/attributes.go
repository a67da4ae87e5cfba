package mysql

import (
	"strings"

	"github.com/vaurien-proxy/vaurien"
)

// Attributes lists what can be known of a request.
func (p *Protocol) Attributes() []vaurien.Attribute {
	return []vaurien.Attribute{
		{Name: "command", Zero: "", Doc: "the command's name in the protocol: COM_QUERY, COM_STMT_EXECUTE"},
		{Name: "sql", Zero: "", Doc: "the statement's text, at most its first 16 KiB; a prepared one's when it is executed"},
		{Name: "table", Zero: "", Doc: "the first table that the statement names, after FROM, INTO, UPDATE, JOIN or TABLE", Key: true},
		{Name: "database", Zero: "", Doc: "the database in use, as the login or COM_INIT_DB or USE named it"},
		{Name: "user", Zero: "", Doc: "who is logged in, or wants to be"},
		{Name: "in_transaction", Zero: false, Doc: "a transaction is open"},
		{Name: "size", Zero: int64(0), Doc: "the length of the first packet's payload, in bytes"},
		{Name: "statement_id", Zero: int64(0), Doc: "the number of the prepared statement"},
	}
}

// Attribute returns an attribute of req, nil if it does not have it.
func (c *codec) Attribute(req *vaurien.Message, name string) any {
	n := noteOf(req)
	if n == nil {
		return nil
	}
	switch name {
	case "command":
		return commands[n.command].name
	case "sql":
		return string(c.textOf(req, n))
	case "table":
		return tableIn(c.textOf(req, n))
	case "database":
		database, _ := c.who(n)
		return database
	case "user":
		_, user := c.who(n)
		return user
	case "in_transaction":
		return n.status&inTransaction != 0
	case "size":
		return int64(n.size)
	case "statement_id":
		return int64(n.statement)
	}
	return nil
}

// textOf returns a copy of a statement's text, or of its beginning.
func (c *codec) textOf(req *vaurien.Message, n *note) []byte {
	if n.text > 0 && n.text <= len(req.Head) {
		return req.Head[n.text:]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.statements.get(n.statement); s != nil {
		return append([]byte(nil), s.text...)
	}
	return nil
}

// who returns the database and the user at the time of a request: in the login
// those that it asks for.
func (c *codec) who(n *note) (database, user string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.command == theLogin || n.command == theProof || n.command == comChangeUser {
		return c.login.database, c.login.user
	}
	return c.database, c.user
}

// use notes the database that a request asks for, to be in force once the
// server agrees.
func (n *note) use(text []byte) {
	n.database = strings.Clone(string(text))
}
