package postgres

import (
	"encoding/binary"

	"github.com/vaurien-proxy/vaurien"
)

// What a connection's first message has where later ones have a version (the
// manual, section 55.7; the server's src/include/libpq/pqcomm.h).
const (
	cancelRequest = 1234<<16 | 5678
	sslRequest    = 1234<<16 | 5679
	gssRequest    = 1234<<16 | 5680
	version3      = 3 // the upper half of the version
)

const (
	longestStartup = 10000 // the server's MAX_STARTUP_PACKET_LENGTH
	shortestCancel = 12    // of a client that was not told a key: pgx sends it all the same
	longestCancel  = shortestCancel + 256
	tlsHandshake   = 0x16 // the first byte of TLS that nobody asked for before
)

// readOpening reads one of the messages that have no type: the request to
// encrypt, the startup message or the request to cancel. Each is short, and
// each decides how what follows is to be read.
func (c *codec) readOpening(r *vaurien.Reader, m *vaurien.Message) error {
	b, err := r.Peek(1)
	switch {
	case err != nil:
		return err
	case b[0] == tlsHandshake:
		return vaurien.Opaque("TLS from the first byte")
	case b[0] != 0:
		return vaurien.Opaque("a session that begins with byte %#02x", b[0])
	}
	if b, err = r.Peek(8); err != nil {
		return err
	}
	length, code := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if length < 8 || length > longestStartup {
		return vaurien.Opaque("a startup message of %d bytes", length)
	}
	verb := "Startup"
	switch {
	case code == sslRequest && length == 8:
		verb = "SSLRequest"
	case code == gssRequest && length == 8:
		verb = "GSSENCRequest"
	case code == cancelRequest && length >= shortestCancel && length <= longestCancel:
		verb = "CancelRequest"
	case code>>16 != version3:
		return vaurien.Opaque("a startup message of version %d.%d and %d bytes", code>>16, code&0xffff, length)
	}
	if b, err = r.Peek(int(length)); err != nil {
		return err
	}
	b = b[:length]
	if verb == "Startup" {
		c.session = parameters(b[8:])
	}
	n := c.newNote(m)
	n.opening, n.size = code, int64(length)
	m.Verb = verb
	if c.plain && encryption(m) {
		m.Answer = &refused
	}
	if m.NoReply = verb == "CancelRequest"; !m.NoReply {
		m.Barrier = true
		c.count(n)
	}
	m.Head = r.Take(int(length))
	return nil
}

// refused is the answer to a request for encryption by a server without it.
var refused = vaurien.Answer{Bytes: []byte("N")}

// parameters reads what a startup message says of the session: names and
// values in turn, and a NUL.
func parameters(b []byte) *session {
	s := new(session)
	for at := 0; ; {
		name, next, ok := text(b, at, len(b))
		if !ok || name.from == name.to {
			break
		}
		value, then, ok := text(b, next, len(b))
		if !ok {
			break
		}
		switch at = then; string(name.of(b)) {
		case "user":
			s.user = string(value.of(b))
		case "database":
			s.database = string(value.of(b))
		case "application_name":
			s.application = string(value.of(b))
		}
	}
	if s.database == "" {
		s.database = s.user // section 55.7, StartupMessage
	}
	return s
}

// Codes of Authentication messages (the manual, section 55.7; the server's
// src/include/libpq/pqcomm.h). Those after which the client speaks are asked.
const (
	authOK           = 0
	authCleartext    = 3
	authMD5          = 5
	authGSS          = 7
	authGSSContinue  = 8
	authSSPI         = 9
	authSASL         = 10
	authSASLContinue = 11
	authSASLFinal    = 12
)

// asks reports whether the client is to answer an Authentication message of
// that code, or an error if nobody has sent such a one for twenty years.
func asks(code uint32) (bool, error) {
	switch code {
	case authOK, authSASLFinal:
		return false, nil
	case authCleartext, authMD5, authGSS, authGSSContinue, authSSPI, authSASL, authSASLContinue:
		return true, nil
	}
	return false, vaurien.Opaque("authentication by method %d", code)
}

// passwordName names the messages of type p by what they answer.
func passwordName(asked uint32) string {
	switch asked {
	case authGSS, authGSSContinue, authSSPI:
		return "GSSResponse"
	case authSASL:
		return "SASLInitialResponse"
	case authSASLContinue:
		return "SASLResponse"
	}
	return "PasswordMessage"
}
