package redis

import (
	"github.com/vaurien-proxy/vaurien"
)

// inline passes over a line that holds a command, as one types it into a
// terminal, and returns how many words it has. A byte with which no such line
// begins gives another protocol away (TLS begins with 0x16).
func (s *scanner) inline() (int64, error) {
	start := s.pos
	for {
		c, err := s.peek()
		if err != nil {
			return 0, err
		}
		s.pos++
		if c == '\n' {
			break
		}
		if c < ' ' && c != '\t' && c != '\r' || c > '~' && s.pos == start+1 {
			return 0, vaurien.Opaque("byte %#02x in an inline command", c)
		}
		if s.pos-start > longestLine {
			return 0, vaurien.Opaque("an inline command of more than %d bytes", longestLine)
		}
	}
	var n int64
	for w := (words{s.b[start:s.pos]}); ; n++ {
		_, ok, err := w.next()
		if err != nil {
			return 0, err
		}
		if !ok {
			return n, nil
		}
	}
}

// words are those of an inline command, which are separated by blanks and may
// be quoted as sdssplitargs (src/sds.c) has it: "..." with escapes, or '...'
// with \' alone.
type words struct{ b []byte }

// next returns the next word, without its quotes.
func (w *words) next() (word []byte, ok bool, err error) {
	for len(w.b) > 0 && blank(w.b[0]) {
		w.b = w.b[1:]
	}
	if len(w.b) == 0 {
		return nil, false, nil
	}
	end := 0
	for end < len(w.b) && !blank(w.b[end]) && w.b[end] != '"' && w.b[end] != '\'' {
		end++
	}
	if end == len(w.b) || blank(w.b[end]) {
		word, w.b = w.b[:end], w.b[end:]
		return word, true, nil
	}
	return w.quoted(end)
}

// quoted is next for a word with a quote at w.b[at].
func (w *words) quoted(at int) (word []byte, ok bool, err error) {
	word = append(word, w.b[:at]...)
	quote := byte(0)
	for b := w.b[at:]; ; b = b[1:] {
		if len(b) == 0 {
			if quote != 0 {
				return nil, false, vaurien.Opaque("unbalanced quotes in an inline command")
			}
			w.b = nil
			return word, true, nil
		}
		c := b[0]
		switch {
		case quote == 0 && blank(c):
			w.b = b
			return word, true, nil
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0:
			word = append(word, c)
		case c == quote:
			if len(b) > 1 && !blank(b[1]) {
				return nil, false, vaurien.Opaque("unbalanced quotes in an inline command")
			}
			quote = 0
		case c == '\\' && quote == '"' && len(b) > 3 && b[1] == 'x' && hex(b[2]) >= 0 && hex(b[3]) >= 0:
			word = append(word, byte(hex(b[2])<<4|hex(b[3])))
			b = b[3:]
		case c == '\\' && quote == '"' && len(b) > 1:
			word = append(word, escaped(b[1]))
			b = b[1:]
		case c == '\\' && len(b) > 1 && b[1] == '\'':
			word = append(word, '\'')
			b = b[1:]
		default:
			word = append(word, c)
		}
	}
}

// blank reports what isspace does.
func blank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// escaped is what a character after a backslash stands for.
func escaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

// hex returns the value of a hexadecimal digit, or -1.
func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
