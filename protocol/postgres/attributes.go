package postgres

import "github.com/vaurien-proxy/vaurien"

// Attributes returns what can be known of a request.
func (p *Protocol) Attributes() []vaurien.Attribute {
	return []vaurien.Attribute{
		{Name: "command", Zero: "", Doc: "the message that asks: Query, Parse, Bind, Startup"},
		{Name: "sql", Zero: "", Doc: "the statement, its first 16 KiB; of a prepared one its first 4 KiB"},
		{Name: "statement", Zero: "", Doc: "the prepared statement's name"},
		{Name: "table", Zero: "", Doc: "the first table that the statement names; a guess", Key: true},
		{Name: "database", Zero: "", Doc: "the session's database"},
		{Name: "user", Zero: "", Doc: "the session's user"},
		{Name: "application_name", Zero: "", Doc: "what the client called itself when it began"},
		{Name: "in_transaction", Zero: false, Doc: "whether the session is inside a transaction, failed or not"},
		{Name: "transaction_state", Zero: "", Doc: "idle, open or failed, as the server said last"},
		{Name: "size", Zero: int64(0), Doc: "the size of the message that asks, in bytes"},
	}
}

// Attribute returns an attribute of req.
func (c *codec) Attribute(req *vaurien.Message, name string) any {
	n := noteOf(req)
	switch name {
	case "command":
		if n.first == 0 || n.first == 'p' {
			return req.Verb
		}
		return requestNames[n.first]
	case "sql":
		if n.statement != nil {
			return n.statement.sql
		}
		return string(n.text(req.Head))
	case "statement":
		return string(n.name.of(req.Head))
	case "table":
		return table(n.text(req.Head))
	case "in_transaction":
		s := c.status()
		return s == open || s == failed
	case "transaction_state":
		return c.status().String()
	case "size":
		return n.size
	}
	if n.session == nil {
		return nil
	}
	switch name {
	case "database":
		return n.session.database
	case "user":
		return n.session.user
	case "application_name":
		return n.session.application
	}
	return nil
}

// status is the transaction's as the server said it last.
func (c *codec) status() status {
	_, s := c.lastState()
	return s
}
