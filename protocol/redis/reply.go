package redis

import "github.com/vaurien-proxy/vaurien"

// ReadReply reads a reply, or as much of it as whole allows; of an aggregate,
// the line that says how many elements it has.
func (c *codec) ReadReply(r *vaurien.Reader, req, m *vaurien.Message) error {
	s := scanner{r: r, b: r.Buffered()}
	kind, err := s.peek()
	if err != nil {
		return err
	}
	n := noteOf(req)
	m.Unasked = req == nil
	s.pos++
	switch shapes[kind] {
	case aLine:
		text, err := s.line()
		if err != nil {
			return err
		}
		if c.monitor && kind == '+' && isMonitored(text) {
			m.Unasked = true
		}
	case aBulk:
		if m.Body, err = c.bulk(&s, kind); err != nil {
			return err
		}
	case anAggregate, aMap, anAttribute, aPush:
		elements, err := s.count(kind)
		if err != nil {
			return err
		}
		if kind == '>' || kind == '*' && c.mayNotify(req) {
			said, err := s.notification(kind, elements)
			if err != nil {
				return err
			}
			if said.kind != notNotified {
				return c.notify(r, &s, said, req, m)
			}
		}
		m.Body = c.body.ofElements(elements)
	default:
		return vaurien.Opaque("byte %#02x where a reply begins", kind)
	}
	if req == nil && c.hushed.Load() && !(c.monitor && kind == '+') {
		return vaurien.Opaque("a reply to a command that was to get none") // CLIENT REPLY was refused
	}
	if n == nil || m.Unasked {
		m.Head = r.Take(s.pos)
		return nil
	}
	if n.answer != nil {
		// It was asked what can only be answered by a line.
		if shapes[kind] != aLine {
			return vaurien.Opaque("a reply of type %q to %s", kind, n.command.verb)
		}
		r.Take(s.pos)
		m.Head = n.answer
		return nil
	}
	m.Head = r.Take(s.pos)
	if n.change != 0 || n.command.role != plain {
		c.took(n, m.Head)
	}
	return nil
}

// bulk passes over a bulk, or the head of one that is long.
func (c *codec) bulk(s *scanner, kind byte) (vaurien.Body, error) {
	size, err := s.length()
	switch {
	case err != nil:
		return nil, err
	case size < 0:
		if size != -1 || !hasNull(kind) {
			return nil, vaurien.Opaque("a length of %d", size)
		}
		return nil, nil
	case int64(s.pos)+size > whole:
		c.body.length.N = size + 2
		return &c.body.length, nil
	}
	_, err = s.span(int(size))
	return nil, err
}

// count passes over the number of an aggregate's elements, and returns how many
// elements follow.
func (s *scanner) count(kind byte) (int64, error) {
	n, err := s.length()
	if err == nil && n < 0 && (n != -1 || !hasNull(kind)) {
		err = vaurien.Opaque("a length of %d", n)
	}
	if kind == '>' {
		return n, err
	}
	return more(kind, n), err
}

// ofElements returns a Body of n elements, nil if there are none.
func (b *body) ofElements(n int64) vaurien.Body {
	if n == 0 {
		return nil
	}
	b.elements = elements{n: n}
	return &b.elements
}

// took notes what the reply that begins with head, to the request that n is
// about, makes of the connection.
func (c *codec) took(n *note, head []byte) {
	granted := head[0] != '-' && head[0] != '!'
	if !granted || n.command.role == exec && isNull(head) {
		c.refuse(n, false)
		return
	}
	if n.queued {
		return
	}
	switch n.command.role {
	case hello:
		c.resp3 = head[0] == '%'
	case monitors:
		c.monitor = true
	case reset: // resetCommand in src/networking.c
		c.resp3, c.monitor = false, false
		c.subscriptions = subscriptions{}
		c.subscribed.Store(false)
	}
}

// isNull reports whether a reply is null, as that to an EXEC is when a key that
// is watched has changed.
func isNull(head []byte) bool { return head[0] == '_' || len(head) > 1 && head[1] == '-' }
