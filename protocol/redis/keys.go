package redis

import "strconv"

// key returns the first key of a command; nil if it has none, or none that is
// in the head.
func (n *note) key(head []byte) []byte {
	if at := n.firstKey(head); at > 0 {
		return n.argument(head, int(at))
	}
	return nil
}

// firstKey returns where the first key is; 0 for nowhere.
func (n *note) firstKey(head []byte) int64 {
	at := n.command.first
	switch {
	case at == 0 && n.command.numkeys > 0:
		if n.counted(head) > 0 {
			at = n.command.numkeys + 1
		}
	case n.command.verb == "XREAD", n.command.verb == "XREADGROUP":
		at = n.streams(head)
	}
	if at >= n.args {
		return 0
	}
	return at
}

// keys returns how many keys a command has. Those of STORE, BY and GET are not
// counted.
func (n *note) keys(head []byte) int64 {
	at := n.firstKey(head)
	switch {
	case at == 0:
		return 0
	case n.command.first == 0 && n.command.numkeys > 0:
		return min(n.counted(head), n.args-at)
	case n.command.first == 0: // after STREAMS as many keys as IDs
		return (n.args - at) / 2
	}
	last := n.command.last
	if last < 0 {
		last += n.args
	}
	if last < at || n.command.step < 1 {
		return 1
	}
	return (min(last, n.args-1)-at)/n.command.step + 1
}

// counted returns the number of keys that a command says it has.
func (n *note) counted(head []byte) int64 {
	many, err := strconv.ParseUint(string(n.argument(head, int(n.command.numkeys))), 10, 31)
	if err != nil {
		return 0
	}
	return int64(many)
}

// streams returns where the first key after STREAMS is; 0 for nowhere.
func (n *note) streams(head []byte) int64 {
	a := n.arguments(head)
	for i := int64(1); ; i++ {
		arg, _, ok := a.next()
		if !ok {
			return 0
		}
		if len(arg) == len("STREAMS") && string(capitals(nil, arg)) == "STREAMS" {
			return i
		}
	}
}
