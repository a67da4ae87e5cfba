package ldap

import "unicode/utf8"

// The choices of a Filter (RFC 4511 section 4.5.1.7).
const (
	and            = 0xa0
	or             = 0xa1
	not            = 0xa2
	equalityMatch  = 0xa3
	substrings     = 0xa4
	greaterOrEqual = 0xa5
	lessOrEqual    = 0xa6
	present        = 0x87
	approxMatch    = 0xa8
	extensible     = 0xa9
)

// deepestFilter is how deep a filter may be nested of which there is a text.
// (OpenLDAP refuses those nested deeper than 1000, its maxfilterdepth.)
const deepestFilter = 100

// appendFilter appends the text of the filter (RFC 4515) at the beginning of
// b. ok is false if that cannot be read.
func appendFilter(out, b []byte, depth int) (_, rest []byte, ok bool) {
	tag, b, rest, whole, _ := element(b)
	if !whole || depth > deepestFilter {
		return nil, nil, false
	}
	out = append(out, '(')
	switch tag {
	case and, or, not:
		out = append(out, "&|!"[tag-and])
		for n := 0; len(b) > 0; n++ {
			if out, b, ok = appendFilter(out, b, depth+1); !ok || tag == not && n > 0 {
				return nil, nil, false
			}
		}
		ok = true
	case equalityMatch:
		out, ok = appendAssertion(out, b, "=")
	case greaterOrEqual:
		out, ok = appendAssertion(out, b, ">=")
	case lessOrEqual:
		out, ok = appendAssertion(out, b, "<=")
	case approxMatch:
		out, ok = appendAssertion(out, b, "~=")
	case present:
		out, ok = append(append(out, b...), "=*"...), true
	case substrings:
		out, ok = appendSubstrings(out, b)
	case extensible:
		out, ok = appendExtensible(out, b)
	}
	return append(out, ')'), rest, ok
}

// appendAssertion appends an AttributeValueAssertion.
func appendAssertion(out, b []byte, sign string) ([]byte, bool) {
	name, b, ok := take(b, octetString)
	if !ok {
		return nil, false
	}
	value, _, ok := take(b, octetString)
	return appendValue(append(append(out, name...), sign...), value), ok
}

// appendSubstrings appends a SubstringFilter.
func appendSubstrings(out, b []byte) ([]byte, bool) {
	const initial, final = 0x80, 0x82
	name, b, ok := take(b, octetString)
	if !ok {
		return nil, false
	}
	if b, _, ok = take(b, sequence); !ok {
		return nil, false
	}
	out = append(append(out, name...), '=')
	var tag byte
	for first := true; len(b) > 0; first = false {
		var part []byte
		var whole bool
		if tag, part, b, whole, _ = element(b); !whole {
			return nil, false
		}
		if !first || tag != initial {
			out = append(out, '*')
		}
		out = appendValue(out, part)
	}
	if tag != final {
		out = append(out, '*')
	}
	return out, true
}

// appendExtensible appends a MatchingRuleAssertion.
func appendExtensible(out, b []byte) ([]byte, bool) {
	var rule, name, value, dn []byte
	for len(b) > 0 {
		tag, part, rest, whole, _ := element(b)
		if !whole {
			return nil, false
		}
		switch b = rest; tag {
		case 0x81:
			rule = part
		case 0x82:
			name = part
		case 0x83:
			value = part
		case 0x84:
			dn = part
		}
	}
	out = append(out, name...)
	if len(dn) == 1 && dn[0] != 0 {
		out = append(out, ":dn"...)
	}
	if len(rule) > 0 {
		out = append(append(out, ':'), rule...)
	}
	return appendValue(append(out, ":="...), value), true
}

// appendValue appends an assertion value, with what is not text escaped (RFC
// 4515 section 3).
func appendValue(out, value []byte) []byte {
	const hex = "0123456789abcdef"
	for len(value) > 0 {
		r, n := utf8.DecodeRune(value)
		switch c := value[0]; {
		case r == utf8.RuneError && n == 1, c < ' ', c == 0x7f, c == '(', c == ')', c == '*', c == '\\':
			out = append(out, '\\', hex[c>>4], hex[c&15])
		default:
			out = append(out, value[:n]...)
		}
		value = value[n:]
	}
	return out
}
