package ldap

// BER (X.690) as RFC 4511 section 5.1 lets it be used: definite lengths only,
// and no tag above 30.

// The universal tags in use (X.680 section 8.6), and that of controls.
const (
	boolean     = 0x01
	integer     = 0x02
	octetString = 0x04
	enumerated  = 0x0a
	sequence    = 0x30
	controls    = 0xa0 // RFC 4511 section 4.1.1
)

// length reads a length at the beginning of b and returns how many bytes it
// takes: 0 if b ends within it, and less if it is none that can be understood.
// Lengths in more bytes than they need are good BER, and Active Directory's
// clients write all of theirs in five; more than that, nobody does.
func length(b []byte) (n int64, size int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0] < 0x80 {
		return int64(b[0]), 1
	}
	size = int(b[0]&0x7f) + 1
	if size == 1 || size > 5 { // indefinite, or above 4 GiB
		return 0, -1
	}
	if len(b) < size {
		return 0, 0
	}
	for _, c := range b[1:size] {
		n = n<<8 | int64(c)
	}
	return n, size
}

// element reads the element at the beginning of b. Of one that b does not hold
// all of, content is what there is, and whole is false; ok is false where not
// even its length can be read.
func element(b []byte) (tag byte, content, rest []byte, whole, ok bool) {
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return 0, nil, nil, false, false
	}
	n, size := length(b[1:])
	if size <= 0 {
		return 0, nil, nil, false, false
	}
	tag, b = b[0], b[1+size:]
	if n > int64(len(b)) {
		return tag, b, nil, false, true
	}
	return tag, b[:n], b[n:], true, true
}

// take reads an element that b must hold all of and that must have this tag.
func take(b []byte, tag byte) (content, rest []byte, ok bool) {
	t, content, rest, whole, _ := element(b)
	if t != tag || !whole {
		return nil, nil, false
	}
	return content, rest, true
}

// number reads the content of an INTEGER or an ENUMERATED from 0 to 2^31-1,
// the most that RFC 4511 section 4.1.1.1 has for any.
func number(content []byte) (n uint32, ok bool) {
	if len(content) == 0 || len(content) > 4 || content[0]&0x80 != 0 {
		return 0, false
	}
	for _, c := range content {
		n = n<<8 | uint32(c)
	}
	return n, true
}

// appendElement appends an element, with its length in the fewest bytes.
func appendElement(b []byte, tag byte, content []byte) []byte {
	b = append(b, tag)
	switch n := len(content); {
	case n < 0x80:
		b = append(b, byte(n))
	case n < 1<<8:
		b = append(b, 0x81, byte(n))
	case n < 1<<16:
		b = append(b, 0x82, byte(n>>8), byte(n))
	default:
		b = append(b, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, content...)
}

// appendNumber appends an INTEGER or an ENUMERATED.
func appendNumber(b []byte, tag byte, n uint32) []byte {
	size := 1
	for n>>(8*size-1) > 0 && size < 5 { // the first bit is the sign
		size++
	}
	b = append(b, tag, byte(size))
	for size--; size >= 0; size-- {
		b = append(b, byte(uint64(n)>>(8*size)))
	}
	return b
}
