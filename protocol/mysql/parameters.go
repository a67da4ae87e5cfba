package mysql

import "github.com/vaurien-proxy/vaurien"

// Clients send the types of a statement's parameters with its first execution,
// and then only when they have changed: the server remembers them. When an
// execution fails here, the server does not see it; so its types are put into
// the next one that comes without any.

// parameterCountAvailable is the flag of an execution that begins with how
// many parameters there are (PARAMETER_COUNT_AVAILABLE).
const parameterCountAvailable = 8

// bulkSendTypes is the flag of MariaDB's COM_STMT_BULK_EXECUTE with types
// (STMT_BULK_FLAG_CLIENT_SEND_TYPES).
const bulkSendTypes = 0x80

// parameterTypes are the types in an execution's payload.
type parameterTypes struct {
	flag, mask int // the byte, and the bit of it, that says whether there are any
	at, end    int // where they are, or would be
	sent       bool
}

// typesIn finds the types of parameters in an execution; false if there is no
// telling.
func typesIn(n *note, payload []byte, caps capabilities) (p parameterTypes, ok bool) {
	named := caps&clientQueryAttributes != 0
	params := uint64(n.params)
	k := cursor{b: payload, pos: 1 + 4}
	if n.command == comStmtBulkExecute {
		p = parameterTypes{flag: k.pos, mask: bulkSendTypes}
		p.sent = k.number(2)&bulkSendTypes != 0
		named = false
	} else {
		flags := k.number(1)
		k.take(4) // iterations
		if named && flags&parameterCountAvailable != 0 {
			params = k.lenenc()
		}
		if params == 0 {
			return p, !k.out
		}
		k.counted((params + 7) / 8) // which of them are NULL
		p = parameterTypes{flag: k.pos, mask: 1}
		p.sent = k.number(1) == 1
	}
	p.at, p.end = k.pos, k.pos
	if p.sent && !skipTypes(&k, params, named) {
		return p, false
	}
	p.end = k.pos
	return p, !k.out
}

// skipTypes passes over the types of parameters: two bytes each, and a name.
func skipTypes(k *cursor, params uint64, named bool) bool {
	if !named {
		k.counted(2 * params)
		return !k.out
	}
	for ; params > 0 && !k.out; params-- {
		k.take(2)
		k.counted(k.lenenc())
	}
	return !k.out
}

// owe remembers the types in an execution that the server will not see.
// It reports whether it could.
func (c *codec) owe(req *vaurien.Message, n *note) bool {
	if !n.known {
		return false
	}
	payload := req.Head[headerSize:]
	p, ok := typesIn(n, payload, c.can())
	if !ok {
		return false
	}
	if p.sent {
		c.mu.Lock()
		if s := c.statements.get(n.statement); s != nil {
			s.types = append(s.types[:0], payload[p.at:p.end]...)
		}
		c.mu.Unlock()
	}
	return true
}

// takeOwed takes an execution, and puts the types into it that the server has
// not seen yet, unless it has its own.
func (c *codec) takeOwed(r *vaurien.Reader, m *vaurien.Message, n *note, head []byte, length int) error {
	payload := head[headerSize:]
	p, ok := typesIn(n, payload, c.can())
	c.mu.Lock()
	var types []byte
	if s := c.statements.get(n.statement); s != nil {
		types, s.types = s.types, nil
	}
	c.mu.Unlock()
	longer := length + len(types)
	if !ok || p.sent || p.mask == 0 || longer >= fullPacket {
		return c.takeRequest(r, m, n, head, length)
	}
	b := appendHeader(c.rewrite[:0], longer, head[3])
	b = append(b, payload[:p.at]...)
	b[headerSize+p.flag] |= byte(p.mask)
	b = append(b, types...)
	b = append(b, payload[p.at:]...)
	c.rewrite = b
	err := c.takeRequest(r, m, n, head, length)
	m.Head = b
	return err
}

// afterAttributes returns where in a COM_QUERY the text begins, after the
// query's attributes; 0 if there is no telling.
func afterAttributes(payload []byte) int {
	k := cursor{b: payload, pos: 1}
	params := k.lenenc()
	k.lenenc() // sets of parameters: 1
	if params > 0 {
		nulls := k.counted((params + 7) / 8)
		if k.number(1) != 1 {
			return 0 // the types have to be there
		}
		values := k
		if !skipTypes(&k, params, true) {
			return 0
		}
		types := values
		for i := uint64(0); i < params && !k.out; i++ {
			kind := byte(types.number(2))
			types.counted(types.lenenc())
			if nulls[i/8]>>(i%8)&1 == 0 {
				skipValue(&k, kind)
			}
		}
	}
	if k.out {
		return 0
	}
	return k.pos
}

// skipValue passes over a value of the type (enum_field_types in MySQL's
// include/field_types.h) as prepared statements write it.
func skipValue(k *cursor, kind byte) {
	switch kind {
	case 0x06: // NULL
	case 0x01: // TINY
		k.take(1)
	case 0x02, 0x0d: // SHORT, YEAR
		k.take(2)
	case 0x03, 0x04, 0x09: // LONG, FLOAT, INT24
		k.take(4)
	case 0x05, 0x08: // DOUBLE, LONGLONG
		k.take(8)
	case 0x07, 0x0a, 0x0b, 0x0c: // TIMESTAMP, DATE, TIME, DATETIME
		k.take(int(k.number(1)))
	default: // a string, of whatever sort
		k.counted(k.lenenc())
	}
}
