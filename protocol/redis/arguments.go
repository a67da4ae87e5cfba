package redis

// arguments are those of a command, its name the first, as far as its head has
// them.
type arguments struct {
	s      scanner
	left   int64
	inline bool
	words  words
}

// arguments returns those of the command that n is the note on.
func (n *note) arguments(head []byte) arguments {
	a := arguments{left: n.args, inline: n.inline}
	if n.inline {
		a.words.b = head[n.start:]
		return a
	}
	a.s.b, a.s.pos = head, n.start+1
	a.s.length() // how many they are
	return a
}

// next returns the next argument and its length, of which the last may be known
// although it is not there itself.
func (a *arguments) next() (arg []byte, size int64, ok bool) {
	if a.left == 0 {
		return nil, 0, false
	}
	a.left--
	if a.inline {
		arg, ok, _ = a.words.next()
		return arg, int64(len(arg)), ok
	}
	if a.s.pos >= len(a.s.b) {
		return nil, 0, false
	}
	a.s.pos++ // the $
	size, err := a.s.length()
	if err != nil {
		return nil, 0, false
	}
	if size > int64(len(a.s.b)-a.s.pos-2) {
		a.left = 0
		return nil, size, true
	}
	arg, _ = a.s.span(int(size))
	return arg, size, true
}

// argument returns the ith argument; nil if the head does not have it.
func (n *note) argument(head []byte, i int) []byte {
	a := n.arguments(head)
	for {
		arg, _, ok := a.next()
		if !ok || i == 0 {
			return arg
		}
		i--
	}
}
