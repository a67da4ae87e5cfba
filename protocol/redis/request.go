package redis

import "github.com/vaurien-proxy/vaurien"

// ReadRequest reads a command, or as much of it as whole allows. What Redis
// passes over without a word, empty lines and empty arrays, is part of the
// command after it.
func (c *codec) ReadRequest(r *vaurien.Reader, m *vaurien.Message) error {
	n, ok := m.Info.(*note)
	if !ok {
		n = new(note)
		m.Info = n
	}
	s := scanner{r: r, b: r.Buffered()}
	var name []byte
	for {
		n.start = s.pos
		first, err := s.peek()
		if err != nil {
			return err
		}
		var args int64
		if n.inline = first != '*'; n.inline {
			args, err = s.inline()
		} else {
			s.pos++
			if args, err = s.length(); err == nil && args > mostArguments {
				err = vaurien.Opaque("%d arguments", args)
			}
		}
		if err != nil {
			return err
		}
		if s.pos > vaurien.MaxHead {
			return vaurien.Opaque("more than %d bytes of nothing", vaurien.MaxHead)
		}
		if args > 0 {
			n.args = args
			break
		}
	}

	m.Body = nil
	if n.inline {
		words := n.arguments(s.b)
		name, _, _ = words.next()
	} else {
		var at, length int
		start := s.pos
		for i := int64(0); i < n.args; i++ {
			size, err := s.argument()
			if err != nil {
				return err
			}
			if int64(s.pos-start)+size > whole {
				n.body.elements = elements{data: size + 2, n: n.args - i - 1, bulks: true}
				m.Body = &n.body.elements
				break
			}
			end := s.pos + int(size) + 2
			for len(s.b) < end {
				if err := s.more(); err != nil {
					return err
				}
			}
			if i == 0 {
				at, length = s.pos, int(size)
			}
			s.pos = end
		}
		name = s.b[at : at+length]
	}

	n.command = c.find(name)
	if n.command.subs != nil {
		n.command = n.command.sub(n.argument(s.b[:s.pos], 1))
	}
	if n.command.role == replication {
		return vaurien.Opaque("%s: replication follows", n.command.verb)
	}
	if c.refused.Load() {
		c.learn()
	}
	if r := n.command.role; c.state.mode&inMulti != 0 && (r == confirmed || r == setsReplies) {
		// They make EXEC's reply one that is no RESP.
		return vaurien.Opaque("%s in a transaction", n.command.verb)
	}
	m.Verb = n.command.verb
	m.Head = r.Take(s.pos)
	c.follow(n, m.Head)
	m.NoReply = n.silent
	return nil
}

// argument passes over the head of an argument and returns its length.
func (s *scanner) argument() (size int64, err error) {
	if b := s.b[s.pos:]; len(b) >= 4 && b[0] == '$' && b[1]-'0' <= 9 && b[2] == '\r' && b[3] == '\n' {
		s.pos += 4
		return int64(b[1] - '0'), nil
	}
	first, err := s.peek()
	if err != nil {
		return 0, err
	}
	if first != '$' {
		return 0, vaurien.Opaque("byte %#02x where an argument begins", first)
	}
	s.pos++
	if size, err = s.length(); err == nil && size < 0 {
		err = vaurien.Opaque("an argument of %d bytes", size)
	}
	return size, err
}
