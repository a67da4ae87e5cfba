package memcache

import (
	"bytes"

	"github.com/vaurien-proxy/vaurien"
)

// Quiet commands have a reply only if there is something to say: a hit, or a
// failure. To the engine they are requests without a reply, and what the
// server says to them comes unasked, ahead of the reply to the command after
// them, since servers answer in order. What has to be told is where theirs end
// and that command's begins.
//
// In the binary protocol a reply bears the opcode of its request, and quiet
// commands have their own. In the text protocol noreply is silence, whatever
// happens. Between meta commands it is told by the reply's word (mn is there
// for that: only it is answered by MN), or by the opaque, or the key, that
// all of the commands ask for; and where none of these tells, the client
// cannot tell either, and the session goes on as tcp.

// quiets are the quiet commands since the last one that must be answered.
type quiets struct {
	says     replies // the words that they may be answered by; 0 if there is none
	binary   bool    // there are some of the binary protocol
	noOpaque bool    // one of them has no opaque
	noKey    bool    // one of them does not ask for the key
}

func (q *quiets) any() bool { return q.says != 0 || q.binary }

// settle takes notice of a command line: it is quiet, or it must be answered
// and then ends all that were quiet before it.
func (q *quiets) settle(n *note, asked marks) error {
	if n.quiet {
		if n.dialect == meta {
			q.says |= saysQuietly[n.op]
			q.noOpaque = q.noOpaque || len(asked.opaque) == 0
			q.noKey = q.noKey || len(asked.key) == 0
		}
		return nil
	}
	if q.says&says(n) != 0 { // the word does not tell
		switch {
		case len(asked.opaque) > 0 && !q.noOpaque:
			n.token.set('O', asked.opaque[1:])
		case len(asked.key) > 0 && !q.noKey:
			n.token.set('k', asked.key)
		default:
			return vaurien.Opaque("quiet commands whose replies cannot be told from that of the command after them")
		}
	}
	n.before = *q
	*q = quiets{}
	return nil
}

// marks are the words of a meta command by which its reply can be known.
type marks struct {
	opaque []byte // the flag O with its value; nil without one
	key    []byte // the key, if the flag k asks for it
}

// A token is a word of the reply to a meta command that tells it from others:
// an opaque, or a key. Clients choose them so that those in flight differ.
type token struct {
	b [1 + longestKey]byte
	n uint8 // how much of b is used; 0: no token is needed
}

func (t *token) set(flag byte, value []byte) {
	t.b[0] = flag
	t.n = uint8(1 + copy(t.b[1:], value))
}

// in reports whether a line of a reply has the token.
func (t *token) in(line []byte) bool { return hasWord(line, t.b[:t.n]) }

// hasWord reports whether one of line's words but the first is word.
func hasWord(line, word []byte) bool {
	_, rest := cut(trimmed(line))
	for len(rest) > 0 {
		var w []byte
		if w, rest = cut(rest); bytes.Equal(w, word) {
			return true
		}
	}
	return false
}
