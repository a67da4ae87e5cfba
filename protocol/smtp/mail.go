package smtp

import (
	"bytes"
	"io"

	"github.com/vaurien-proxy/vaurien"
)

// atLineStart is what has come before the first byte of a line.
var atLineStart = [2]byte{'\r', '\n'}

// mail delimits a mail that follows DATA (RFC 5321 section 4.5.2): it ends with
// a line that is a dot and nothing else. Dots that were doubled stay so.
//
// A dot between other ends of line than CRLF ends the mail to some servers and
// not to others, which is how mails are smuggled into mails. It is not
// understood.
type mail struct {
	prev  [2]byte // the last two bytes before those that come
	ended bool
}

// begin returns the length of the mail's beginning: all of an empty one, one
// byte of any other.
func (m *mail) begin(r *vaurien.Reader) (int, error) {
	for {
		b := r.Buffered()
		if len(b) > 0 {
			n, ended, err := dot(m.prev, b)
			if err != nil {
				return 0, err
			}
			if ended {
				m.ended = true
				return n, nil
			}
			if n > 0 {
				m.prev = [2]byte{m.prev[1], b[0]}
				return 1, nil
			}
		}
		if err := r.More(); err != nil {
			return 0, err
		}
	}
}

// Next returns the length of all that is buffered and belongs to the mail. It
// waits only where a dot may be the last one.
func (m *mail) Next(r *vaurien.Reader) (int64, error) {
	if m.ended {
		return 0, io.EOF
	}
	for {
		b := r.Buffered()
		n, ended, err := scan(m.prev, b)
		if n > 0 {
			m.ended = ended
			m.prev = after(m.prev, b[:n])
			return int64(n), nil // what is wrong after it the next call will say
		}
		if err != nil {
			return 0, err
		}
		if err := r.More(); err == io.EOF {
			return 0, io.ErrUnexpectedEOF
		} else if err != nil {
			return 0, err
		}
	}
}

// scan returns how many of b's bytes belong to the mail for certain, and
// whether it ends with them. The error is about the byte after them.
func scan(prev [2]byte, b []byte) (n int, ended bool, err error) {
	for at := 0; at < len(b); {
		i := nextDot(prev, b, at)
		if i < 0 {
			return len(b), false, nil
		}
		k, ended, err := dot(after(prev, b[:i]), b[i:])
		switch {
		case err != nil || k == 0:
			return i, false, err
		case ended:
			return i + k, true, nil
		}
		at = i + 1
	}
	return len(b), false, nil
}

// nextDot returns the index, from at on, of a dot that follows a CR or a LF;
// negative if there is none.
func nextDot(prev [2]byte, b []byte, at int) int {
	for {
		i := bytes.IndexByte(b[at:], '.')
		if i < 0 {
			return -1
		}
		at += i
		before := prev[1]
		if at > 0 {
			before = b[at-1]
		}
		if before == '\n' || before == '\r' {
			return at
		}
		at++
	}
}

// dot returns how many bytes of b belong to the mail: 3 and true for its end,
// 1 for any other byte, 0 if that cannot be told yet. b is not empty; a dot is
// one that follows a CR or a LF.
func dot(prev [2]byte, b []byte) (n int, ended bool, err error) {
	switch {
	case b[0] != '.':
		return 1, false, nil
	case len(b) == 1:
		return 0, false, nil
	case b[1] != '\r' && b[1] != '\n':
		return 1, false, nil
	case prev != atLineStart, b[1] == '\n', len(b) > 2 && b[2] != '\n':
		return 0, false, vaurien.Opaque("a line with a dot alone that is not between CRLFs")
	case len(b) == 2:
		return 0, false, nil
	}
	return 3, true, nil
}

// after returns the last two bytes of prev and b.
func after(prev [2]byte, b []byte) [2]byte {
	switch n := len(b); n {
	case 0:
		return prev
	case 1:
		return [2]byte{prev[1], b[0]}
	default:
		return [2]byte(b[n-2:])
	}
}
