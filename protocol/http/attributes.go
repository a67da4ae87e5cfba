package http

import (
	"bytes"

	"github.com/vaurien-proxy/vaurien"
)

// Attributes returns what can be known of a request.
func (p *Protocol) Attributes() []vaurien.Attribute {
	return []vaurien.Attribute{
		{Name: "method", Zero: "", Doc: "GET, POST …, as it was sent"},
		{Name: "path", Zero: "", Doc: "the target without its query: /cart/17; escapes (%20) stay as they are", Key: true},
		{Name: "query", Zero: "", Doc: "what follows the target's ?: page=2&sort=name"},
		{Name: "host", Zero: "", Doc: "the host asked for, with its port if there is one", Key: true},
		{Name: "content_type", Zero: "", Doc: "the Content-Type of what is sent: application/json; charset=utf-8"},
		{Name: "content_length", Zero: int64(0), Doc: "the length of what is sent, in bytes; 0 also if it is chunked"},
		{Name: "user_agent", Zero: "", Doc: "the User-Agent"},
		{Name: vaurien.TraceAttribute, Zero: "", Doc: "the trace that it belongs to: 32 hexadecimal digits of its traceparent", Key: true},
		{Name: "parent_id", Zero: "", Doc: "the span in that trace which sent it: 16 hexadecimal digits of its traceparent"},
	}
}

// Attribute returns an attribute of req.
func (c *codec) Attribute(req *vaurien.Message, name string) any {
	switch name {
	case "method":
		return req.Verb
	case "path":
		path, _, _ := splitTarget(targetOf(req.Head))
		return again(&c.path, path)
	case "query":
		_, query, _ := splitTarget(targetOf(req.Head))
		return string(query)
	case "host":
		// That of an absolute target goes over the field (RFC 9112 section 3.2.2).
		if _, _, authority := splitTarget(targetOf(req.Head)); len(authority) > 0 {
			return again(&c.host, authority)
		}
		return again(&c.host, fieldOf(req.Head, "host"))
	case "content_type":
		return string(fieldOf(req.Head, "content-type"))
	case "content_length":
		n, _ := req.Info.(*note)
		if n == nil {
			return nil
		}
		return n.length
	case "user_agent":
		return string(fieldOf(req.Head, "user-agent"))
	case vaurien.TraceAttribute:
		if !bytes.Contains(req.Head, []byte("race")) && !bytes.Contains(req.Head, []byte("RACE")) {
			return "" // most have none, and every request of a ledger is asked
		}
		trace, _ := splitParent(fieldOf(req.Head, "traceparent"))
		return string(trace)
	case "parent_id":
		_, parent := splitParent(fieldOf(req.Head, "traceparent"))
		return string(parent)
	}
	return nil
}

// again returns b as text: that of the time before if it is the same, so that a
// session that asks for one thing again and again allocates nothing for it.
func again(before *any, b []byte) any {
	if s, ok := (*before).(string); !ok || s != string(b) {
		*before = string(b)
	}
	return *before
}

// splitParent takes a traceparent apart (W3C Trace Context, section 3.2):
// VERSION-TRACE-PARENT-FLAGS, to which later versions may add. It returns nothing
// of one that is not right.
func splitParent(field []byte) (trace, parent []byte) {
	const whole = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if len(field) < whole || field[2] != '-' || field[35] != '-' || field[52] != '-' ||
		len(field) > whole && (field[whole] != '-' || string(field[:2]) == "00") || string(field[:2]) == "ff" {
		return nil, nil
	}
	trace, parent = field[3:35], field[36:52]
	if !isID(field[:2], true) || !isID(field[53:whole], true) || !isID(trace, false) || !isID(parent, false) {
		return nil, nil
	}
	return trace, parent
}

// isID tells whether b is hexadecimal digits in lower case, not all of them zero
// unless zero is right.
func isID(b []byte, zero bool) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
		zero = zero || c != '0'
	}
	return zero
}

// targetOf returns the target of a request, given its head.
func targetOf(head []byte) []byte {
	head = bytes.TrimLeft(head, "\r\n") // empty lines before it
	_, rest, _ := bytes.Cut(head, []byte{' '})
	target, _, _ := bytes.Cut(rest, []byte{' '})
	return target
}

// splitTarget takes a target apart: one in any of the forms of RFC 9112 section
// 3.2. A CONNECT's has no path, nor has that of OPTIONS for a whole server.
func splitTarget(target []byte) (path, query, authority []byte) {
	path, query, _ = bytes.Cut(target, []byte{'?'})
	if len(path) > 0 && (path[0] == '/' || path[0] == '*') {
		return path, query, nil
	}
	_, after, absolute := bytes.Cut(path, []byte("://"))
	if !absolute {
		return nil, query, path // CONNECT's host:port
	}
	if slash := bytes.IndexByte(after, '/'); slash >= 0 {
		return after[slash:], query, after[:slash]
	}
	return nil, query, after
}

// fieldOf returns the value of the first field of that name in a head, whose
// lines are known to be right; nil if there is none.
func fieldOf(head []byte, lower string) []byte {
	for rest := bytes.TrimLeft(head, "\r\n"); len(rest) > 0; {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		if n := len(lower); len(line) > n && line[n] == ':' && is(line[:n], lower) {
			return trim(bytes.TrimSuffix(line[n+1:], []byte{'\r'}))
		}
	}
	return nil
}

// containsFold tells whether a lower-case word is part of b, in any letter
// case.
func containsFold(b []byte, lower string) bool {
	for i := 0; i+len(lower) <= len(b); i++ {
		if is(b[i:i+len(lower)], lower) {
			return true
		}
	}
	return false
}
