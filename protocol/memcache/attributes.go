package memcache

import (
	wire "encoding/binary"
	"fmt"

	"github.com/vaurien-proxy/vaurien"
)

// Attributes returns what is known of a request beside its verb.
func (p *Protocol) Attributes() []vaurien.Attribute {
	return []vaurien.Attribute{
		{Name: "command", Zero: "", Doc: "the command in lower case, in the words of its dialect: get, mg, getkq"},
		{Name: "key", Zero: "", Doc: "the key, or the first of several", Key: true},
		{Name: "keys", Zero: int64(0), Doc: "how many keys are named"},
		{Name: "flags", Zero: "", Doc: "the client flags to be stored, in digits; of a meta command, its flags as sent"},
		{Name: "exptime", Zero: int64(0), Doc: "the expiration time asked for, in seconds"},
		{Name: "size", Zero: int64(0), Doc: "the size of the value to be stored, in bytes"},
		{Name: "noreply", Zero: false, Doc: "whether it is quiet: noreply, the flag q, a quiet opcode"},
		{Name: "opaque", Zero: "", Doc: "the opaque, in eight hexadecimal digits or as the flag O has it"},
		{Name: "dialect", Zero: "", Doc: "text, meta or binary"},
	}
}

// Attribute returns an attribute of req.
func (c *codec) Attribute(req *vaurien.Message, name string) any {
	n := noteOf(req)
	switch name {
	case "command":
		return req.Verb
	case "dialect":
		return n.dialect.String()
	case "noreply":
		return n.quiet
	case "size":
		if n.op.stores() {
			return n.size
		}
	case "key":
		if key := keyOf(req, n); len(key) > 0 {
			return string(key)
		}
	case "keys":
		return keyCount(req, n)
	case "flags":
		return flagsOf(req, n)
	case "exptime":
		return exptimeOf(req, n)
	case "opaque":
		if n.dialect == binary {
			return fmt.Sprintf("%08x", n.opaque)
		}
		if o := metaFlag(req, n, 'O'); len(o) > 0 {
			return string(o)
		}
	}
	return nil
}

// arguments returns what follows a command's word.
func arguments(req *vaurien.Message) []byte {
	_, args := cut(trimmed(req.Head))
	return args
}

// keyed reports whether a command names a key.
func (n *note) keyed() bool {
	return n.op >= get && n.op <= metaArithmetic || n.dialect == meta && n.op == other
}

// keyOf returns the first key of a request, in its memory.
func keyOf(req *vaurien.Message, n *note) []byte {
	switch {
	case n.dialect == binary:
		h := header(req.Head)
		return h[headerSize+h.extras():]
	case !n.keyed():
		return nil
	}
	key, rest := cut(arguments(req))
	if len(req.Verb) >= 3 && req.Verb[:3] == "gat" {
		key, _ = cut(rest) // gat <exptime> <key>*
	}
	return key
}

func keyCount(req *vaurien.Message, n *note) any {
	switch {
	case n.dialect == text && n.op == get:
		count, _ := words(arguments(req))
		if req.Verb[:3] == "gat" {
			count--
		}
		return int64(max(count, 0))
	case len(keyOf(req, n)) > 0:
		return int64(1)
	}
	return nil
}

// argument returns the ith of a command's arguments.
func argument(req *vaurien.Message, i int) []byte {
	word, rest := cut(arguments(req))
	for ; i > 0; i-- {
		word, rest = cut(rest)
	}
	return word
}

func flagsOf(req *vaurien.Message, n *note) any {
	switch {
	case n.dialect == binary:
		if h := header(req.Head); n.op.stores() && h.extras() == 8 {
			return fmt.Sprint(wire.BigEndian.Uint32(h[headerSize:]))
		}
	case n.dialect == meta:
		_, flags := cut(arguments(req))
		if n.op == set {
			_, flags = cut(flags)
		}
		if word, rest := cut(flags); len(word) > 0 {
			return string(word) + string(rest)
		}
	case n.op.stores():
		return string(argument(req, 1))
	}
	return nil
}

func exptimeOf(req *vaurien.Message, n *note) any {
	var word []byte
	switch {
	case n.dialect == binary:
		return binaryExptime(header(req.Head), n)
	case n.dialect == meta:
		word = metaFlag(req, n, 'T')
	case n.op.stores():
		word = argument(req, 2)
	case n.op == touch:
		word = argument(req, 1)
	case n.op == get && req.Verb[:3] == "gat", n.op == flush:
		word = argument(req, 0)
	}
	if t, v := signed(word, 1<<62); v == valid {
		return t
	}
	return nil
}

// binaryExptime reads what stands before the key (protocol-binary.txt, section
// 4): of a command that stores, flags and time; of one that counts, delta,
// initial value and time; of others, the time alone.
func binaryExptime(h header, n *note) any {
	e := h[headerSize : headerSize+h.extras()]
	switch {
	case n.op.stores() && len(e) == 8:
		e = e[4:]
	case n.op.counts() && len(e) == 20:
		e = e[16:]
	case len(e) != 4:
		return nil
	}
	return int64(wire.BigEndian.Uint32(e))
}

// metaFlag returns what follows a flag's letter; nil without the flag.
func metaFlag(req *vaurien.Message, n *note, letter byte) []byte {
	if n.dialect != meta {
		return nil
	}
	_, flags := cut(arguments(req))
	if n.op == set {
		_, flags = cut(flags)
	}
	for {
		var flag []byte
		if flag, flags = cut(flags); len(flag) == 0 {
			return nil
		}
		if flag[0] == letter {
			return flag[1:]
		}
	}
}

// base64Flag returns the flag that says that a meta command's key is in base64,
// with the blank before it, if the request has it.
func base64Flag(req *vaurien.Message) string {
	if n := noteOf(req); metaFlag(req, n, 'b') != nil {
		return " b"
	}
	return ""
}
