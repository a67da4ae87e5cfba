package ldap

import "github.com/vaurien-proxy/vaurien"

// An envelope is what the beginning of an LDAPMessage says (RFC 4511 section
// 4.1.1).
type envelope struct {
	id    uint32
	op    operation
	start int   // where the operation's content begins
	end   int64 // where it ends
	size  int64 // of the whole message
}

// read reads the envelope at the beginning of what r gives, and takes nothing.
func (e *envelope) read(r *vaurien.Reader) error {
	for {
		ok, err := e.parse(r.Buffered())
		if ok || err != nil {
			return err
		}
		if err := r.More(); err != nil {
			return err
		}
	}
}

// parse reads the envelope at the beginning of b, and reports whether b holds
// all of it.
func (e *envelope) parse(b []byte) (bool, error) {
	if len(b) == 0 {
		return false, nil
	}
	if b[0] != sequence {
		return false, notLDAP(b[0])
	}
	content, size := length(b[1:])
	if size <= 0 {
		return false, badLength(size)
	}
	at := 1 + size
	e.size = int64(at) + content

	if len(b) < at+2 {
		return false, e.within(at + 2)
	}
	digits := int(b[at+1])
	if b[at] != integer || digits == 0 || digits > 4 {
		return false, vaurien.Opaque("no message ID")
	}
	if len(b) < at+2+digits+2 {
		return false, e.within(at + 2 + digits + 2)
	}
	id, ok := number(b[at+2 : at+2+digits])
	if !ok {
		return false, vaurien.Opaque("a message ID below 0")
	}
	at += 2 + digits
	e.id, e.op = id, operation(b[at])

	content, size = length(b[at+1:])
	if size == 0 {
		return false, e.within(at + 2 + int(b[at+1]&0x7f))
	}
	if size < 0 {
		return false, badLength(size)
	}
	e.start = at + 1 + size
	e.end = int64(e.start) + content
	if e.end > e.size {
		return false, vaurien.Opaque("an operation that is longer than its message")
	}
	return true, nil
}

// within returns an error if the message has fewer than n bytes, in which the
// bytes that are missing cannot come.
func (e *envelope) within(n int) error {
	if e.size < int64(n) {
		return vaurien.Opaque("a message of %d bytes", e.size)
	}
	return nil
}

// badLength returns the error for a length of which size says how it was read.
func badLength(size int) error {
	if size < 0 {
		return vaurien.Opaque("a length that is indefinite or above 4 GiB")
	}
	return nil
}

// notLDAP says what a stream is that begins a message with this byte.
func notLDAP(c byte) error {
	switch c {
	case 0x16: // RFC 8446 section 5.1
		return vaurien.Opaque("TLS")
	case 0: // the first of four bytes of a buffer's length, which is below 16 MiB
		return vaurien.Opaque("a SASL security layer (RFC 4422 section 3.7)")
	}
	return vaurien.Opaque("byte %#02x where a message begins", c)
}
