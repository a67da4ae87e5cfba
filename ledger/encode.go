package ledger

import (
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/vaurien-proxy/vaurien"
)

// AppendJSON appends e as one JSON object, without a line's end.
func (e *Entry) AppendJSON(b []byte) []byte {
	b = append(b, `{"type":"`...)
	b = append(b, e.Type...)
	b = append(b, `","time":"`...)
	b = e.Time.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, '"')
	b = appendNumber(b, "id", e.Number)
	b = appendText(b, "proxy", e.Proxy)
	switch e.Type {
	case RunType:
		b = e.Run.append(b)
	case ProxyType:
		b = e.Server.append(b)
		b = appendText(b, "state", e.State)
	case PlanType:
		b = e.InPlan.append(b)
	case SessionType:
		b = e.appendSession(b)
	case BegunType, ExchangeType:
		b = e.appendExchange(b)
	case ScenarioType:
		b = appendText(b, "kind", e.Kind)
		b = appendText(b, "text", e.Text)
	case LostType:
		b = appendCount(b, "count", e.Count)
		b = appendText(b, "reason", e.Reason)
	}
	return append(b, '}')
}

// MarshalJSON implements json.Marshaler.
func (e Entry) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }

func (e *Entry) appendSession(b []byte) []byte {
	b = appendNumber(b, "session", e.Session)
	b = appendText(b, "client", e.Client)
	b = appendText(b, "state", e.State)
	if e.State == StateClosed {
		b = appendCount(b, "bytes_to_backend", e.ToBackend)
		b = appendCount(b, "bytes_to_client", e.ToClient)
		b = appendCount(b, "exchanges", e.Exchanges)
	}
	return b
}

func (e *Entry) appendExchange(b []byte) []byte {
	b = appendCount(b, "session", e.Session)
	b = appendCount(b, "exchange", e.Exchange)
	b = appendText(b, "client", e.Client)
	b = appendText(b, "verb", e.Verb)
	if len(e.Attributes) > 0 {
		b = append(b, `,"attributes":{`...)
		for i := range e.Attributes {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.Attributes[i].append(b)
		}
		b = append(b, '}')
	}
	if e.Digest != 0 {
		b = append(b, `,"digest":"`...)
		b = appendHex(b, e.Digest)
		b = append(b, '"')
	}
	b = appendCount(b, "plan", e.Plan)
	b = appendText(b, "behavior", e.Behavior)
	b = appendText(b, "fate", string(e.Fate))
	if len(e.Deeds) > 0 {
		b = append(b, `,"deeds":[`...)
		for i := range e.Deeds {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.Deeds[i].append(b)
		}
		b = append(b, ']')
	}
	b = appendTime(b, "forwarded_ms", e.Forwarded)
	b = appendTime(b, "replied_ms", e.Replied)
	b = appendTime(b, "ended_ms", e.Ended)
	if e.Type == ExchangeType {
		b = appendBool(b, "answered", e.Answered)
	}
	return b
}

func (a *Attribute) append(b []byte) []byte {
	b = appendString(b, a.Name)
	b = append(b, ':')
	switch v := a.Value.(type) {
	case string:
		return appendString(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case bool:
		return strconv.AppendBool(b, v)
	}
	return append(b, "null"...)
}

func (d *Deed) append(b []byte) []byte {
	b = append(b, `{"point":"`...)
	b = append(b, pointName(d.Point)...)
	b = append(b, '"')
	b = appendText(b, "what", d.What)
	b = appendText(b, "detail", d.Detail)
	b = appendCount(b, "times", uint64(d.Times))
	b = appendTime(b, "at_ms", d.At)
	if d.For > 0 {
		b = appendTime(b, "for_ms", d.For)
	}
	if d.Late > 0 {
		b = appendTime(b, "late_ms", d.Late)
	}
	return append(b, '}')
}

func (r *Run) append(b []byte) []byte {
	b = appendText(b, "version", r.Version)
	b = appendNumber(b, "seed", r.Seed)
	b = appendCount(b, "pid", uint64(r.PID))
	if r.Continues {
		b = appendBool(b, "continues", true)
	}
	return b
}

func (s *Server) append(b []byte) []byte {
	b = appendText(b, "listen", s.Listen)
	b = appendText(b, "backend", s.Backend)
	b = appendText(b, "protocol", s.Protocol)
	b = appendText(b, "draw", s.Draw)
	return appendCount(b, "seed", s.Seed)
}

func (p *Plan) append(b []byte) []byte {
	b = appendCount(b, "plan", p.Number)
	b = appendText(b, "text", p.Text)
	b = appendChoices(b, "behaviors", p.Behaviors)
	return appendChoices(b, "toxics", p.Toxics)
}

func appendChoices(b []byte, name string, choices []Choice) []byte {
	b = appendName(b, name)
	b = append(b, '[')
	for i, c := range choices {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":`...)
		b = appendString(b, c.Name)
		b = appendText(b, "behavior", c.Behavior)
		b = appendName(b, "weight")
		b = strconv.AppendFloat(b, c.Weight, 'f', -1, 64)
		b = append(b, `,"options":{`...)
		for j, option := range slices.Sorted(maps.Keys(c.Options)) {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendString(b, option)
			b = append(b, ':')
			b = appendString(b, c.Options[option])
		}
		b = append(b, `}}`...)
	}
	return append(b, ']')
}

// pointName returns a point's name in a ledger.
func pointName(p vaurien.Point) string {
	switch p {
	case vaurien.Accept:
		return "accept"
	case vaurien.Connect:
		return "connect"
	case vaurien.Request:
		return "request"
	case vaurien.Reply:
		return "reply"
	case vaurien.Close:
		return "close"
	case vaurien.Live:
		return "live"
	}
	return ""
}

func appendName(b []byte, name string) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

// appendText appends a field, unless it is empty.
func appendText(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendString(appendName(b, name), value)
}

func appendCount(b []byte, name string, n uint64) []byte {
	return strconv.AppendUint(appendName(b, name), n, 10)
}

// appendNumber appends a field, unless it is zero.
func appendNumber(b []byte, name string, n uint64) []byte {
	if n == 0 {
		return b
	}
	return appendCount(b, name, n)
}

func appendBool(b []byte, name string, is bool) []byte {
	return strconv.AppendBool(appendName(b, name), is)
}

// appendTime appends a time in milliseconds with its microseconds, unless it is
// Never.
func appendTime(b []byte, name string, d time.Duration) []byte {
	if d < 0 {
		return b
	}
	b = appendName(b, name)
	us := uint64(d+time.Microsecond/2) / 1000
	b = strconv.AppendUint(b, us/1000, 10)
	if us %= 1000; us == 0 {
		return b
	}
	b = append(b, '.', byte('0'+us/100), byte('0'+us/10%10), byte('0'+us%10))
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

const hexDigits = "0123456789abcdef"

func appendHex(b []byte, n uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, hexDigits[n>>shift&15])
	}
	return b
}

// appendString appends a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[from:i]...)
		switch {
		case c >= utf8.RuneSelf:
			b = append(b, `\ufffd`...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, `\u00`...)
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
		}
		i += size
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
