// Package ldap frames LDAPv3 (RFC 4511) for vaurien.
//
// It looks for where messages end and changes nothing but what a failure has
// to: messages are passed on as they came, in whatever of BER's lengths they
// are written.
//
// Many operations share one connection, and their replies bear the message ID
// of the request and may come in any order. So a request that is held up or
// fails holds up no other.
//
// After a StartTLS that succeeds the session is tcp. So it is from the first
// byte of TLS without it, of a SASL security layer, of an indefinite length,
// and of an operation that RFC 4511 does not know.
package ldap

import (
	"fmt"
	"net/url"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Kind returns the protocol "ldap" as users name it.
func Kind() vaurien.ProtocolKind {
	return vaurien.ProtocolKind{
		Name: "ldap",
		Doc:  "LDAPv3",
		New: func(set *option.Set) func() vaurien.Protocol {
			var referral string
			set.Text(&referral, "referral", elsewhere, "the server that the failure referral names")
			set.Check("referral", func() error { return checkReferral(referral) })
			return func() vaurien.Protocol { return &Protocol{Referral: referral} }
		},
	}
}

// elsewhere is the server named by a referral when nobody has named another.
const elsewhere = "ldap://ldap.example.com"

func checkReferral(uri string) error {
	if u, err := url.Parse(uri); err != nil || u.Host == "" || u.Scheme != "ldap" && u.Scheme != "ldaps" {
		return fmt.Errorf("%q is no LDAP server: write ldap://HOST or ldap://HOST:PORT", uri)
	}
	return nil
}

// A Protocol is LDAPv3. The zero value is ready to use.
type Protocol struct {
	// Referral is the server that the failure referral names,
	// ldap://ldap.example.com if it is empty. It must not change once there
	// is a codec.
	Referral string
}

var (
	_ vaurien.Protocol    = (*Protocol)(nil)
	_ vaurien.Multiplexed = (*Protocol)(nil)
	_ vaurien.Failing     = (*Protocol)(nil)
	_ vaurien.Describing  = (*Protocol)(nil)
	_ vaurien.Describer   = (*codec)(nil)
)

// NewCodec returns the codec of one session.
func (p *Protocol) NewCodec() vaurien.Codec { return &codec{protocol: p} }

// Multiplexed reports that replies bear the message IDs of their requests (RFC
// 4511 section 4.1.1.1).
func (p *Protocol) Multiplexed() bool { return true }

// A codec frames one session.
type codec struct {
	protocol *Protocol
	shared   shared
	reply    vaurien.Length // the body of the reply being read
}

// A note is what the codec must know of a request to describe it and to make
// it fail. It lives in Message.Info for as long as the engine uses the Message
// again, so that a session at work allocates nothing.
type note struct {
	envelope
	length vaurien.Length // the body
}

// noteOf returns the note on req; nil if the codec has made none.
func noteOf(req *vaurien.Message) *note {
	if req == nil {
		return nil
	}
	n, _ := req.Info.(*note)
	return n
}

// content returns what the head of req has of the operation's content.
func (n *note) content(req *vaurien.Message) []byte {
	end := min(n.end, int64(len(req.Head)))
	return req.Head[n.start:max(end, int64(n.start))]
}
