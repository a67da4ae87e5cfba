package ldap

import (
	"strings"

	"github.com/vaurien-proxy/vaurien"
)

// Attributes lists what can be known of a request. Passwords and the values of
// entries are not among it.
func (p *Protocol) Attributes() []vaurien.Attribute {
	return []vaurien.Attribute{
		{Name: "command", Zero: "", Doc: "the operation: bind, search, modify, add, delete, modrdn, compare, abandon, extended or unbind"},
		{Name: "dn", Zero: "", Doc: "the name of the entry that is asked for, or, in a bind, of who binds", Key: true},
		{Name: "user", Zero: "", Doc: "the name in the last bind that succeeded; empty for an anonymous session"},
		{Name: "scope", Zero: "", Doc: "a search's scope: base, one, sub or children"},
		{Name: "filter", Zero: "", Doc: "a search's filter as RFC 4515 writes it: (uid=ann)"},
		{Name: "attributes", Zero: "", Doc: "the attributes that a search asks for, an add or a modify sets, or a compare compares, joined by commas"},
		{Name: "mechanism", Zero: "", Doc: "how a bind proves who binds: simple, or the SASL mechanism"},
		{Name: "oid", Zero: "", Doc: "an extended operation's name"},
		{Name: "controls", Zero: "", Doc: "the request's controls, by their names, joined by commas"},
		{Name: "message_id", Zero: int64(0), Doc: "the request's message ID"},
		{Name: "size", Zero: int64(0), Doc: "the request's length in bytes"},
	}
}

// Attribute returns an attribute of req.
func (c *codec) Attribute(req *vaurien.Message, name string) any {
	n := noteOf(req)
	if n == nil {
		return nil
	}
	switch name {
	case "command":
		return n.op.verb()
	case "user":
		return c.shared.boundAs()
	case "message_id":
		return int64(n.id)
	case "size":
		return n.size
	case "controls":
		return controlsOf(req.Head, n)
	}
	return describe(n.op, n.content(req), name)
}

// describe returns an attribute that is in the content of an operation; nil if
// it has none of this name.
func describe(op operation, b []byte, name string) any {
	switch {
	case op == search:
		return describeSearch(b, name)
	case op == bind:
		switch q := readBind(b); {
		case name == "dn" && q.name != nil:
			return string(q.name)
		case name == "mechanism" && q.simple:
			return "simple"
		case name == "mechanism" && q.mechanism != nil:
			return string(q.mechanism)
		}
	case op == extended && name == "oid":
		return string(extensionOf(b))
	case name == "dn":
		if dn := nameIn(op, b); dn != nil {
			return string(dn)
		}
	case name == "attributes":
		return strings.Join(attributesIn(op, b), ",")
	}
	return nil
}

func describeSearch(b []byte, name string) any {
	q, ok := readSearch(b)
	if !ok {
		return nil
	}
	switch name {
	case "dn":
		return string(q.base)
	case "scope":
		if q.scope < uint32(len(scopes)) {
			return scopes[q.scope]
		}
	case "filter":
		if text, _, ok := appendFilter(nil, q.filter, 0); ok {
			return string(text)
		}
	case "attributes":
		if _, _, b, whole, _ := element(q.filter); whole {
			b, _, _ = take(b, sequence)
			var all []string
			for name, b, ok := take(b, octetString); ok; name, b, ok = take(b, octetString) {
				all = append(all, string(name))
			}
			return strings.Join(all, ",")
		}
	}
	return nil
}

// nameIn returns the name of the entry that a request which is no search is
// about; nil if there is none.
func nameIn(op operation, b []byte) []byte {
	switch op {
	case del: // RFC 4511 section 4.8: its content is that of an LDAPDN
		return b
	case modify, add, modrdn, compare:
		name, _, _ := take(b, octetString)
		return name
	}
	return nil
}

// attributesIn returns the attributes that a request sets or compares, those
// of them that its head has.
func attributesIn(op operation, b []byte) (all []string) {
	_, b, ok := take(b, octetString)
	if !ok {
		return nil
	}
	if op == compare { // RFC 4511 section 4.10
		b, _, _ = take(b, sequence)
		if name, _, ok := take(b, octetString); ok {
			all = append(all, string(name))
		}
		return all
	}
	if op != add && op != modify { // RFC 4511 sections 4.6 and 4.7
		return nil
	}
	_, b, _, _, _ = element(b)
	for len(b) > 0 {
		_, item, rest, _, ok := element(b)
		if !ok {
			break
		}
		if op == modify { // an operation, and then the attribute
			if _, item, ok = take(item, enumerated); !ok {
				break
			}
			_, item, _, _, _ = element(item)
		}
		if name, _, ok := take(item, octetString); ok {
			all = append(all, string(name))
		}
		b = rest
	}
	return all
}

// controlsOf returns the names of a request's controls (RFC 4511 section
// 4.1.11); nil if its head ends before them.
func controlsOf(head []byte, n *note) any {
	if int64(len(head)) < n.size {
		return nil
	}
	b, _, _ := take(head[n.end:], controls)
	var all []string
	for one, b, ok := take(b, sequence); ok; one, b, ok = take(b, sequence) {
		if name, _, ok := take(one, octetString); ok {
			all = append(all, string(name))
		}
	}
	return strings.Join(all, ",")
}
