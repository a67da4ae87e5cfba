package http

import (
	"bytes"
	"slices"
)

// overwriteHost appends to out a head with host as the value of its Host field,
// or of each if there are several; spaces and all else stay. out is memory of
// the request's own, since heads may be kept until they are written.
func overwriteHost(out, head []byte, host string) []byte {
	out = slices.Grow(out, len(head)+len(host))
	for len(head) > 0 {
		n := bytes.IndexByte(head, '\n') + 1 // every line has an end
		line := head[:n]
		head = head[n:]
		// No line but a field's begins so: a method has no colon.
		if name := len("host:"); len(line) < name || !is(line[:name], "host:") {
			out = append(out, line...)
			continue
		}
		text := bytes.TrimRight(line, "\r\n")
		value := trim(text[len("host:"):])
		from := bytes.IndexFunc(text[len("host:"):], notBlank)
		if from < 0 {
			from = 0 // the value is empty
		}
		from += len("host:")
		out = append(out, line[:from]...)
		out = append(out, host...)
		out = append(out, line[from+len(value):]...)
	}
	return out
}

func notBlank(c rune) bool { return c != ' ' && c != '\t' }

// fitsHost tells whether addr can be the value of a Host field: uri-host and
// port (RFC 9110 section 7.2), by its bytes alone.
func fitsHost(addr string) bool {
	for _, c := range []byte(addr) {
		if classes[c]&inTarget == 0 || c == '/' || c == '?' || c == '#' || c == '@' || c == ',' {
			return false
		}
	}
	return true
}
