package memcache

import "github.com/vaurien-proxy/vaurien"

// metaCommand looks at the line of a meta command, and returns how many bytes
// follow it:
//
//	<command> <key> [<bytes> of ms] <flags>*
//
// Each flag is a word of its own that begins with the flag's letter.
func (n *note) metaCommand(cmd *command, args []byte) (body int64, asked marks, err error) {
	if cmd == &cmdMn || cmd == &cmdMe {
		return 0, asked, nil
	}
	key, rest := cut(args)
	v, length := valid, uint64(0)
	if cmd == &cmdMs {
		var size []byte
		if size, rest = cut(rest); len(size) == 0 {
			n.op, n.reply = other, anError // ms k: no server reads on
			return 0, asked, nil
		}
		if length, v = number(size, uint64(largestValue)); v == bad {
			v = unclear // before 1.6.13 it was S<bytes>
		}
	}
	if v == valid && len(key) > longestKey {
		v = bad
	}

	flags := 0
	for {
		var flag []byte
		if flag, rest = cut(rest); len(flag) == 0 {
			break
		}
		flags++
		switch flag[0] {
		case 'q':
			n.quiet = true
		case 'O':
			asked.opaque = flag
		case 'k':
			asked.key = key
		case 'C':
			n.cas = true
		case 'N':
			n.creates = true
		case 'M':
			if len(flag) == 2 {
				n.mode = flag[1] &^ 0x20 // in upper case
			}
		}
	}
	if flags > refused-4 {
		return 0, asked, vaurien.Opaque("a meta command with %d flags", flags)
	}
	if cmd == &cmdMs {
		n.quiet = n.quiet && v != bad // errors are told
		body, err = n.value(int64(length), v)
		return body, asked, err
	}
	if v == bad || len(key) == 0 {
		n.op, n.reply, n.quiet = other, anError, false
	}
	return 0, asked, nil
}
