package redis

import (
	"github.com/vaurien-proxy/vaurien"
)

// A notification is what the server says between the replies: a message of a
// channel, the invalidation of a key; and, in the same form, the confirmation
// that a SUBSCRIBE or the like is replied to with, one for each channel.
//
// RESP3 has a type for it. In RESP2 it is an array, which a connection that has
// subscriptions gets no others of but the reply to PING.
type notification struct {
	kind  notificationKind
	word  []byte // with which it begins
	count int64  // of a confirmation: how many subscriptions there are now
	left  int64  // how many elements of it follow
}

type notificationKind uint8

const (
	notNotified  notificationKind = iota // it is an ordinary array
	notified                             // a message, or anything else that is pushed
	confirmation                         // it ends with the scanner
)

// longestWord is that of "punsubscribe", the longest that matters.
const longestWord = 12

// notification passes over the beginning of an aggregate with so many elements
// that may be one.
func (s *scanner) notification(kind byte, elements int64) (said notification, err error) {
	said.left = elements
	if kind == '>' {
		said.kind = notified
	}
	if elements < 3 || elements > 4 {
		return said, nil
	}
	start := s.pos
	first, err := s.peek()
	if err != nil {
		return said, err
	}
	if first != '$' {
		return said, nil
	}
	s.pos++
	size, err := s.length()
	if err != nil {
		return said, err
	}
	if size < 0 || size > longestWord {
		s.pos = start
		return said, nil
	}
	word, err := s.span(int(size))
	if err != nil {
		return said, err
	}
	switch w := string(word); {
	case elements == 3 && isConfirmation(w):
		return s.confirmation(start)
	case elements == 3 && (w == "message" || w == "smessage"), elements == 4 && w == "pmessage":
		said.kind, said.left = notified, elements-1
	default:
		s.pos = start
	}
	return said, nil
}

func isConfirmation(word string) bool {
	switch word {
	case "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe":
		return true
	}
	return false
}

// confirmation passes over the rest of a confirmation whose word is at start:
// the channel, null if there was none to leave, and how many are left.
func (s *scanner) confirmation(start int) (said notification, err error) {
	said.kind = confirmation
	for i := range 3 {
		if i == 0 {
			s.pos = start
		}
		kind, err := s.peek()
		if err != nil {
			return said, err
		}
		s.pos++
		switch {
		case i < 2 && kind == '$':
			size, err := s.length()
			if err != nil {
				return said, err
			}
			if size > vaurien.MaxHead {
				return said, vaurien.Opaque("a channel's name of %d bytes", size)
			}
			if size >= 0 {
				if _, err = s.span(int(size)); err != nil {
					return said, err
				}
			}
		case i == 1 && kind == '_':
			if _, err := s.line(); err != nil {
				return said, err
			}
		case i == 2 && kind == ':':
			if said.count, err = s.length(); err != nil {
				return said, err
			}
		default:
			return said, vaurien.Opaque("a confirmation with a %q", kind)
		}
	}
	// Memory may have moved meanwhile: the word is looked for again.
	w := scanner{b: s.b, pos: start + 1}
	size, err := w.length()
	if err == nil {
		said.word, err = w.span(int(size))
	}
	return said, err
}

// mayNotify reports whether an array, the reply to req as it seems, may be a
// notification.
func (c *codec) mayNotify(req *vaurien.Message) bool {
	if c.resp3 {
		return false
	}
	if req == nil || c.subscribed.Load() {
		return true
	}
	n := noteOf(req)
	return n != nil && n.command.role == confirmed
}

// notify fills in m with a notification, which answers req if that asked for
// the confirmation.
func (c *codec) notify(r *vaurien.Reader, s *scanner, said notification, req, m *vaurien.Message) error {
	if said.kind == notified {
		m.Unasked = true
		m.Body = c.body.ofElements(said.left)
		m.Head = r.Take(s.pos)
		return nil
	}
	var buf [longestWord]byte
	verb := capitals(buf[:0], said.word)
	n := noteOf(req)
	if n == nil || n.answer != nil || n.command.verb != string(verb) {
		m.Unasked = true
	} else {
		if n.confirmed == 0 {
			n.confirmations = n.args - 1
			if n.args == 1 { // it leaves them all, or says that there are none
				n.confirmations = max(1, *c.subscriptions.of(verb))
			}
		}
		n.confirmed++
		m.More = n.confirmed < n.confirmations
	}
	c.subscriptions.confirm(verb, said.count)
	c.subscribed.Store(c.subscriptions != subscriptions{})
	m.Head = r.Take(s.pos)
	return nil
}

// subscriptions are how many there are of each sort.
type subscriptions struct{ channels, patterns, shards int64 }

// of returns the number that a command such as PSUBSCRIBE changes.
func (s *subscriptions) of(verb []byte) *int64 {
	switch verb[0] {
	case 'P':
		return &s.patterns
	case 'S':
		if verb[1] != 'U' || verb[2] == 'N' { // SSUBSCRIBE, SUNSUBSCRIBE
			return &s.shards
		}
	}
	return &s.channels
}

// confirm takes the number in a confirmation, which is that of channels and
// patterns together, or of shard channels (addReplyPubsubSubscribed and the
// functions after it in src/pubsub.c).
func (s *subscriptions) confirm(verb []byte, count int64) {
	n := s.of(verb)
	*n = count
	if n != &s.shards {
		*n = max(0, count-(s.channels+s.patterns-*n))
	}
}

// isMonitored reports whether a status is a line of MONITOR's: the time with
// six decimals, and the client in brackets (replicationFeedMonitors in
// src/replication.c).
func isMonitored(text []byte) bool {
	i := 0
	for i < len(text) && text[i] >= '0' && text[i] <= '9' {
		i++
	}
	const decimals = 6
	return i > 0 && len(text) > i+decimals+2 && text[i] == '.' && text[i+decimals+1] == ' ' && text[i+decimals+2] == '['
}
