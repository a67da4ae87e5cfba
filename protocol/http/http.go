// Package http frames HTTP/1.0 and HTTP/1.1 (RFC 9112) for vaurien.
//
// It looks for where messages end and changes nothing: heads and bodies are
// passed on as they came, with their spelling, their order and their spaces.
// The one exception is [Protocol.OverwriteHostHeader].
//
// What two servers might frame in two ways it does not frame at all: such a
// message is vaurien.Opaque, and the session goes on as tcp from its first
// byte. So are HTTP/2, TLS and all else that is not HTTP/1, from the first
// byte that gives it away.
package http

import (
	"sync/atomic"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Kind returns the protocol "http" as users name it.
func Kind() vaurien.ProtocolKind {
	return vaurien.ProtocolKind{
		Name: "http",
		Doc:  "HTTP/1.0 and HTTP/1.1",
		New: func(set *option.Set) func() vaurien.Protocol {
			var overwrite bool
			set.Bool(&overwrite, "overwrite-host-header", false,
				"rewrite the Host header of requests to the backend's address")
			return func() vaurien.Protocol { return &Protocol{OverwriteHostHeader: overwrite} }
		},
	}
}

// A Protocol is HTTP/1.0 and HTTP/1.1. The zero value is ready to use.
type Protocol struct {
	// OverwriteHostHeader puts the backend's address in the place of the Host
	// that requests name. It must not change once there is a codec.
	OverwriteHostHeader bool

	now  func() time.Time // the clock of the Date field; time.Now if nil
	host atomic.Pointer[string]
}

var (
	_ vaurien.Protocol    = (*Protocol)(nil)
	_ vaurien.BackendUser = (*Protocol)(nil)
	_ vaurien.Failing     = (*Protocol)(nil)
	_ vaurien.Describing  = (*Protocol)(nil)
	_ vaurien.Describer   = (*codec)(nil)
)

// SetBackend sets the backend's address, host:port, for OverwriteHostHeader.
// It may be called at any time from any goroutine, and holds for the requests
// read after it. Without an address, or with one that cannot stand in a Host
// field (the path of a Unix socket), requests keep the Host that they have.
func (p *Protocol) SetBackend(addr string) {
	if !fitsHost(addr) {
		addr = ""
	}
	p.host.Store(&addr)
}

// NewCodec returns the codec of one session.
func (p *Protocol) NewCodec() vaurien.Codec { return &codec{protocol: p} }

// A codec frames one session. The reader of requests and the reader of replies
// share nothing but the notes on requests, which the engine hands from the one
// to the other.
type codec struct {
	protocol *Protocol
	asked    bool // a request has been read
	reply    body // that of the reply being read: there is one at a time

	path, host any // as Attribute last returned them: texts, or nil
}

// A note is what the codec must know of a request to read its replies and to
// make it fail. It lives in Message.Info for as long as the engine uses the
// Message again, so that a session at work allocates nothing.
type note struct {
	method     method
	upgrade    bool  // it asked for another protocol
	old        bool  // it is HTTP/1.0
	persistent bool  // its sender keeps the connection (RFC 9112 section 9.3)
	later      bool  // it is not the first on its connection
	length     int64 // its Content-Length; 0 without one
	body       body
	head       []byte // memory for a head that was changed
}

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

// A body is the memory for a message's Body, of either sort.
type body struct {
	length  vaurien.Length
	chunked chunked
}

// ofLength returns a Body of n bytes, nil if that is none.
func (b *body) ofLength(n int64) vaurien.Body {
	if n == 0 {
		return nil
	}
	b.length.N = n
	return &b.length
}

// inChunks returns a Body in the chunked coding.
func (b *body) inChunks() vaurien.Body {
	b.chunked = chunked{}
	return &b.chunked
}
