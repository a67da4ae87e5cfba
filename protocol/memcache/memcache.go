// Package memcache frames the protocols of memcached for vaurien: the text
// protocol, with its classic and its meta commands, and the binary protocol
// (protocol.txt and protocol-binary.txt in memcached's doc directory).
//
// It looks for where messages end and changes nothing. Of a request it looks
// at the command line, or the header and the key; of a reply at the first line
// or the header. Values are counted, not looked at.
//
// One exchange is one command and all of its reply: all values of a get with
// many keys, all lines of stats. A command that asks for no reply, or for none
// if all goes well (noreply, the flag q of meta commands, the quiet opcodes),
// is an exchange without a reply; what the server says to it nevertheless
// comes unasked (see quiet.go).
//
// TLS, opcodes and lines that servers frame in more than one way, and replies
// that are none to the command before them are vaurien.Opaque.
package memcache

import (
	"sync"
	"sync/atomic"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Kind returns the protocol "memcache" as users name it.
func Kind() vaurien.ProtocolKind {
	return vaurien.ProtocolKind{
		Name: "memcache",
		Doc:  "memcached's protocols: text, meta and binary",
		New: func(*option.Set) func() vaurien.Protocol {
			return func() vaurien.Protocol { return new(Protocol) }
		},
	}
}

// A Protocol is that of memcached. The zero value is ready to use.
type Protocol struct{}

var (
	_ vaurien.Protocol   = (*Protocol)(nil)
	_ vaurien.Failing    = (*Protocol)(nil)
	_ vaurien.Describing = (*Protocol)(nil)
	_ vaurien.Describer  = (*codec)(nil)
)

// NewCodec returns the codec of one session.
func (p *Protocol) NewCodec() vaurien.Codec { return &codec{protocol: p} }

// A codec frames one session.
type codec struct {
	protocol *Protocol

	// Of the reader of requests.

	dialect   dialect // of the connection; undecided before the first byte
	unsettled quiets  // quiet commands since the last one that must be answered
	requests  uint64  // read so far

	// Of the reader of replies: there is one reply at a time.

	length vaurien.Length
	values values
	lines  lines
	stats  stats

	// Of both.

	mu       sync.Mutex
	standIns []standIn    // guarded by mu
	awaited  atomic.Int32 // how many there are
}

// A dialect is one of memcached's languages. Which one a connection speaks is
// decided by its first byte; the text protocol has two vocabularies.
type dialect uint8

const (
	undecided dialect = iota
	text
	meta
	binary
)

func (d dialect) String() string { return [...]string{"", "text", "meta", "binary"}[d] }

// A note is what the codec must know of a request to read its reply and to
// make it fail. It lives in Message.Info for as long as the engine uses the
// Message again.
type note struct {
	dialect dialect
	op      op
	reply   shape
	quiet   bool   // it gets no reply, or none if all goes well
	cas     bool   // it has an effect only if the item's version is the one it names
	creates bool   // it makes the item that it does not find
	mode    byte   // of the meta command ms: its flag M; 0 for none
	opcode  byte   // binary
	opaque  uint32 // binary
	number  uint64 // of the request

	size   int64  // of the value, without what ends it
	before quiets // the quiet commands before it whose replies may come before its own
	token  token  // by which its reply is told from theirs, if the word does not tell

	standIn bool // another command was sent in its place
	body    vaurien.Length
}

// nobody is the note on no request at all.
var nobody note

// noteOf returns the note on req, which may be nil.
func noteOf(req *vaurien.Message) *note {
	if req != nil {
		if n, ok := req.Info.(*note); ok {
			return n
		}
	}
	return &nobody
}

// fresh returns the note of a message that is being read, with nothing in it
// of the one before.
func fresh(m *vaurien.Message) *note {
	n, ok := m.Info.(*note)
	if !ok {
		n = new(note)
		m.Info = n
	}
	n.dialect, n.op, n.reply, n.quiet = undecided, other, aLine, false
	n.cas, n.creates, n.mode = false, false, 0
	n.opcode, n.opaque, n.size = 0, 0, 0
	n.before, n.token.n, n.standIn = quiets{}, 0, false
	return n
}

// framed lets m, whose first head bytes are seen, be the next request.
func (c *codec) framed(r *vaurien.Reader, m *vaurien.Message, n *note, head int, body int64) {
	c.requests++
	n.number = c.requests
	m.NoReply = n.quiet
	if body > 0 {
		n.body.N = body
		m.Body = &n.body
	}
	m.Head = r.Take(head)
}

// ReadRequest reads a command line, or a header and its key.
func (c *codec) ReadRequest(r *vaurien.Reader, m *vaurien.Message) error {
	if len(r.Buffered()) == 0 {
		if err := r.More(); err != nil {
			return err
		}
	}
	first := r.Buffered()[0]
	switch {
	case c.dialect == binary, c.dialect == undecided && first == requestMagic:
		return c.readBinaryRequest(r, m)
	case first == tlsHandshake:
		return vaurien.Opaque("TLS")
	}
	return c.readTextRequest(r, m)
}

// tlsHandshake is the first byte of a TLS connection (RFC 8446 section 5.1).
const tlsHandshake = 0x16

// ReadReply reads the first line of a reply, or its header.
func (c *codec) ReadReply(r *vaurien.Reader, req, m *vaurien.Message) error {
	if len(r.Buffered()) == 0 {
		if err := r.More(); err != nil {
			return err
		}
	}
	// A server that has too many connections says so in text, whatever is
	// spoken on them.
	if r.Buffered()[0] == replyMagic {
		return c.readBinaryReply(r, req, m)
	}
	return c.readTextReply(r, req, m)
}
