package redis

import "github.com/vaurien-proxy/vaurien"

// Attributes returns what can be known of a command. Passwords cannot.
func (p *Protocol) Attributes() []vaurien.Attribute {
	return []vaurien.Attribute{
		{Name: "command", Zero: "", Doc: "the command's name in capitals: SET"},
		{Name: "subcommand", Zero: "", Doc: "of a command that has some, its name in capitals: GET in CONFIG GET", Key: true},
		{Name: "key", Zero: "", Doc: "the first key, if it is among the first 16 KiB of the command", Key: true},
		{Name: "keys", Zero: int64(0), Doc: "how many keys it has"},
		{Name: "args", Zero: int64(0), Doc: "how many arguments it has beside its name"},
		{Name: "value_size", Zero: int64(0), Doc: "the length in bytes of the longest argument behind the first key"},
		{Name: "database", Zero: int64(0), Doc: "the number of the database that was selected"},
		{Name: "user", Zero: "", Doc: "the name given with AUTH or HELLO; default if only a password was given; empty without"},
		{Name: "in_transaction", Zero: false, Doc: "whether it comes after MULTI, up to EXEC and with it"},
		{Name: "subscribed", Zero: false, Doc: "whether the connection has subscriptions"},
	}
}

// Attribute returns an attribute of req.
func (c *codec) Attribute(req *vaurien.Message, name string) any {
	n := noteOf(req)
	if n == nil || n.command == nil {
		return nil
	}
	before := &c.state
	if n.change != 0 {
		before = &n.was
	}
	switch name {
	case "command":
		return n.command.verb
	case "subcommand":
		return n.command.subcommand
	case "key":
		if key := n.key(req.Head); key != nil {
			return string(key)
		}
	case "keys":
		return n.keys(req.Head)
	case "args":
		return n.args - 1
	case "value_size":
		return n.longest(req.Head)
	case "database":
		return before.db
	case "user":
		return before.user
	case "in_transaction":
		return n.mode&inMulti != 0
	case "subscribed":
		return c.subscribed.Load()
	}
	return nil
}

// longest returns the length of the longest argument behind the first key, of
// those whose length is in the head.
func (n *note) longest(head []byte) (most int64) {
	from := n.firstKey(head)
	a := n.arguments(head)
	for i := int64(0); ; i++ {
		_, size, ok := a.next()
		if !ok {
			return most
		}
		if from > 0 && i > from {
			most = max(most, size)
		}
	}
}
