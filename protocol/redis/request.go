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
	if err := s.beginning(n); err != nil {
		return err
	}
	m.Body = nil
	var name []byte
	if n.inline {
		words := n.arguments(s.b)
		name, _, _ = words.next()
	} else {
		at, length, more, err := s.bulks(n.args)
		if err != nil {
			return err
		}
		if more.data > 0 {
			n.body.elements = more
			m.Body = &n.body.elements
		}
		name = s.b[at : at+length]
	}

	n.command = c.find(name)
	if n.command.subs != nil {
		n.command = n.command.sub(n.argument(s.b[:s.pos], 1))
	}
	if c.refused.Load() {
		c.learn()
	}
	if err := c.follows(n.command); err != nil {
		return err
	}
	m.Verb = n.command.verb
	m.Head = r.Take(s.pos)
	c.follow(n, m.Head)
	m.NoReply = n.silent
	return nil
}

// follows returns an error if there is no telling what the replies mean after a
// command.
func (c *codec) follows(cmd *command) error {
	switch r := cmd.role; {
	case r == replication:
		return vaurien.Opaque("%s: replication follows", cmd.verb)
	case c.state.mode&inMulti != 0 && (r == confirmed || r == setsReplies || r == hello):
		// They make EXEC's reply one that is no RESP, or of both versions.
		return vaurien.Opaque("%s in a transaction", cmd.verb)
	case (r == confirmed || r == monitors) && c.reply != repliesOn:
		return vaurien.Opaque("%s, after which the server speaks unasked, while nothing is replied to", cmd.verb)
	case r == setsReplies && c.listens:
		return vaurien.Opaque("CLIENT REPLY, which RESP2 refuses, beside subscriptions")
	case r == monitors && c.watches:
		return vaurien.Opaque("a second MONITOR, to which nothing is said") // monitorCommand in src/replication.c
	}
	return nil
}

// beginning passes over what is nothing and, of the command after it, over the
// number of arguments or, if it is an inline command, all of it.
func (s *scanner) beginning(n *note) error {
	for {
		n.start = s.pos
		first, err := s.peek()
		if err != nil {
			return err
		}
		if n.inline = first != '*'; n.inline {
			n.args, err = s.inline()
		} else {
			s.pos++
			n.args, err = s.length()
		}
		switch {
		case err != nil:
			return err
		case n.args > mostArguments:
			return vaurien.Opaque("%d arguments", n.args)
		case s.pos > vaurien.MaxHead:
			return vaurien.Opaque("more than %d bytes of nothing", vaurien.MaxHead)
		case n.args > 0:
			return nil
		}
	}
}

// bulks passes over so many arguments, or as many as whole allows and the head
// of the next one; more is what follows then. It returns where the first is and
// how long, 0 if that is not among them.
func (s *scanner) bulks(n int64) (at, length int, more elements, err error) {
	start := s.pos
	for i := int64(0); i < n; i++ {
		size, err := s.argument()
		if err != nil {
			return 0, 0, more, err
		}
		if int64(s.pos-start)+size > whole {
			return at, length, elements{data: size + 2, n: n - i - 1, bulks: true}, nil
		}
		end := s.pos + int(size) + 2
		for len(s.b) < end {
			if err := s.more(); err != nil {
				return 0, 0, more, err
			}
		}
		if i == 0 {
			at, length = s.pos, int(size)
		}
		s.pos = end
	}
	return at, length, more, nil
}

// argument passes over the head of an argument and returns its length.
func (s *scanner) argument() (size int64, err error) {
	if b := s.b[s.pos:]; len(b) >= 5 && b[0] == '$' && b[1]-'0' <= 9 {
		d := int64(b[1] - '0')
		if b[2] == '\r' && b[3] == '\n' {
			s.pos += 4
			return d, nil
		}
		if d != 0 && b[2]-'0' <= 9 && b[3] == '\r' && b[4] == '\n' {
			s.pos += 5
			return 10*d + int64(b[2]-'0'), nil
		}
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
