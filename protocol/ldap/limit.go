package ldap

import "slices"

// A searchRequest is the beginning of a search (RFC 4511 section 4.5.1).
type searchRequest struct {
	base   []byte
	scope  uint32
	size   []byte // the sizeLimit
	at     int    // where that is in the search's content
	filter []byte // and what follows it
}

// The scopes (RFC 4511 section 4.5.1.2; the last is of
// draft-sermersheim-ldap-subordinate-scope).
var scopes = [...]string{"base", "one", "sub", "children"}

// readSearch reads the content of a search up to its filter.
func readSearch(content []byte) (q searchRequest, ok bool) {
	b := content
	if q.base, b, ok = take(b, octetString); !ok {
		return q, false
	}
	var scope []byte
	if scope, b, ok = take(b, enumerated); !ok {
		return q, false
	}
	if q.scope, ok = number(scope); !ok {
		return q, false
	}
	if _, b, ok = take(b, enumerated); !ok { // derefAliases
		return q, false
	}
	if q.size, b, ok = take(b, integer); !ok {
		return q, false
	}
	q.at = len(content) - len(b) - len(q.size)
	if _, b, ok = take(b, integer); !ok { // timeLimit
		return q, false
	}
	if _, q.filter, ok = take(b, boolean); !ok { // typesOnly
		return q, false
	}
	return q, true
}

// limited returns the head of a search with another sizeLimit, below 128; nil
// if that cannot be done. What else is in it stays as it is, and so does the
// number of bytes in which its lengths are written, which BER does not mind.
func limited(head []byte, n *note, limit byte) []byte {
	q, ok := readSearch(head[n.start:min(n.end, int64(len(head)))])
	if !ok || len(q.size) == 0 {
		return nil
	}
	at := n.start + q.at
	out := slices.Concat(head[:at], []byte{limit}, head[at+len(q.size):])
	out[at-1] = 1
	if gone := len(q.size) - 1; gone > 0 {
		_, size := length(head[1:])
		op := 1 + size                // the message ID
		op += 2 + int(head[op+1]) + 1 // the operation's length
		shorten(out[1:], gone)
		shorten(out[op:], gone)
	}
	return out
}

// shorten makes the length at the beginning of b less, in as many bytes.
func shorten(b []byte, by int) {
	n, size := length(b)
	n -= int64(by)
	if size == 1 {
		b[0] = byte(n)
		return
	}
	for i := size - 1; i > 0; i-- {
		b[i] = byte(n)
		n >>= 8
	}
}
