// Package smtp frames SMTP (RFC 5321) and LMTP (RFC 2033) for vaurien, with
// PIPELINING (RFC 2920), CHUNKING (RFC 3030), STARTTLS (RFC 3207) and AUTH
// (RFC 4954).
//
// A command and its reply are one exchange. So is DATA with all that belongs to
// it: the 354, the mail and the reply to the mail; and AUTH with its challenges
// and responses. The greeting is the reply to an exchange of its own, whose verb
// is "connect".
//
// Nothing is changed on the way. Where servers differ about the end of a line or
// of a mail, it is not framed at all: such bytes are vaurien.Opaque, and the
// session goes on as tcp. So does TLS, from the 220 to STARTTLS on.
package smtp

import (
	"sync/atomic"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Kind returns the protocol "smtp" as users name it.
func Kind() vaurien.ProtocolKind {
	return vaurien.ProtocolKind{
		Name: "smtp",
		Doc:  "SMTP and LMTP, up to STARTTLS",
		New: func(*option.Set) func() vaurien.Protocol {
			return func() vaurien.Protocol { return new(Protocol) }
		},
	}
}

// A Protocol is SMTP and LMTP. The zero value is ready to use.
type Protocol struct{}

var (
	_ vaurien.Protocol    = (*Protocol)(nil)
	_ vaurien.ServerFirst = (*Protocol)(nil)
	_ vaurien.Failing     = (*Protocol)(nil)
	_ vaurien.Describing  = (*Protocol)(nil)
	_ vaurien.Describer   = (*codec)(nil)
)

// ServerFirst says that the server greets its clients.
func (p *Protocol) ServerFirst() bool { return true }

// NewCodec returns the codec of one session.
func (p *Protocol) NewCodec() vaurien.Codec { return &codec{protocol: p} }

// A codec frames one session.
//
// What the client sends next depends on the reply to what it sent before only
// after DATA, AUTH, EHLO and the like. Those are barriers: by the time the next
// request is read, the reply has set whatever it is to be read by.
type codec struct {
	protocol *Protocol

	// of the reader of requests
	begun  bool // the exchange "connect" is made
	spoken bool // the client has spoken
	asked  transaction
	mail   mail
	chunk  vaurien.Length
	answer vaurien.Answer

	// of whoever lets the client go on: set before next is
	sentence []byte   // what the client is told of the mail to come; nil: it is passed on
	steps    []string // what the client is told of its next responses

	// of both
	next     atomic.Uint32          // an expectation: what the client sends next
	open     atomic.Int32           // exchanges without an end; may be too many, not too few
	accepted atomic.Int32           // recipients that the server has accepted
	chunking atomic.Bool            // the server offers BDAT
	lmtp     atomic.Bool            // the server speaks LMTP
	host     atomic.Pointer[string] // the server's name, from its greeting
	refused  atomic.Bool            // the client is told that it is not welcome
	muted    atomic.Bool            // the server is not heard
}

// An expectation is what a client sends next.
type expectation uint32

const (
	aCommand  expectation = iota
	aMail                 // after a 354
	aResponse             // after a 334
)

func (c *codec) expect(e expectation) { c.next.Store(uint32(e)) }

// A note is what the codec must know of a request to read its reply and to
// make it fail. It lives in Message.Info for as long as the engine uses the
// Message again, so that a session at work allocates nothing.
type note struct {
	verb verb
	last bool // BDAT's chunk is the mail's last

	inTransaction bool // a MAIL came before it
	recipients    int  // RCPTs of the mail so far
	over          bool // it is answered in the server's place

	// of the reader of replies, once the request is passed on
	invited bool // DATA: the reply to come is one to the mail
	replies int  // of LMTP: how many more there are to the mail
	fate    fate
	verdict []byte // for a fate: what the client is to be told
}

// A fate is what was sent to the server in a request's place.
type fate uint8

const (
	untouched  fate = iota
	leaveAsked      // NOOP for DATA: the client is let send the mail, the server knows nothing of it
	forgotten       // RSET for the mail: the server has forgotten it
)

// unasked is the note on no request at all.
var unasked note

// noteOf returns the note on req, which may be nil.
func noteOf(req *vaurien.Message) *note {
	if req != nil {
		if n, ok := req.Info.(*note); ok {
			return n
		}
	}
	return &unasked
}

// newNote notes down a request: in the memory of the note that is there, if
// there is one.
func newNote(m *vaurien.Message, v verb) *note {
	n, ok := m.Info.(*note)
	if !ok {
		n = new(note)
		m.Info = n
	}
	*n = note{verb: v}
	return n
}
