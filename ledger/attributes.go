package ledger

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"unicode/utf8"
)

// Attributes says which attributes of requests a Ledger keeps, beside the verb.
type Attributes string

// The choices of Attributes.
const (
	AllAttributes Attributes = "all"  // also what is said: SQL, queries, names of users
	KeyAttributes Attributes = "keys" // those that name what is acted on
	NoAttributes  Attributes = "none"
)

// longestValue is how many bytes of an attribute's text are kept, so that the
// memory and the lines of a ledger are bounded.
const longestValue = 1 << 10

// Attributes implements vaurien.Recorder.
func (l *Ledger) Attributes(protocol string) []string {
	if names, ok := l.names.Load(protocol); ok {
		return names.([]string)
	}
	var names []string
	if l.options.Protocols != nil && l.options.Attributes != NoAttributes {
		for _, a := range l.options.Protocols(protocol) {
			if a.Key || l.options.Attributes == AllAttributes {
				names = append(names, a.Name)
			}
		}
	}
	l.names.Store(protocol, names)
	return names
}

// kept returns what is to be kept of values, which stay as they are.
func (l *Ledger) kept(values []any) []any {
	out := values
	for i, v := range values {
		text, ok := v.(string)
		switch {
		case !ok || text == "":
			continue
		case l.options.Hash != nil:
			text = l.options.Hash.sum(text)
		case len(text) > longestValue:
			text = shortened(text)
		default:
			continue
		}
		if &out[0] == &values[0] {
			out = slices.Clone(values)
		}
		out[i] = text
	}
	return out
}

// known reports whether a request has an attribute of that value: of one that
// it does not have, it is zero.
func known(v any) bool { return v != nil && v != "" && v != int64(0) && v != false }

// shortened cuts a text, between two characters, and marks where.
func shortened(text string) string {
	n := longestValue - len("…")
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}

// A Hash hides texts and tells those that differ apart.
type Hash struct{ key []byte }

// NewHash returns a Hash whose results only those can find again who have the
// key. An empty key is chosen by chance.
func NewHash(key string) *Hash {
	h := &Hash{[]byte(key)}
	if key == "" {
		h.key = make([]byte, sha256.Size)
		rand.Read(h.key) // never fails
	}
	return h
}

// sum returns 16 hexadecimal digits of an HMAC: enough for a million keys to
// have a chance of one in ten million that two of them are the same.
func (h *Hash) sum(text string) string {
	mac := hmac.New(sha256.New, h.key)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}
