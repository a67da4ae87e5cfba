// Package redis frames the protocol of Redis (RESP2 and RESP3, and inline
// commands) for vaurien, and fails commands as Redis does.
//
// Commands and replies are passed on as they came. A transaction in which a
// command is made to fail fails in the server as well: what is passed on in the
// command's place is one that the server refuses to queue, so that EXEC really
// discards the transaction.
//
// What is not understood is vaurien.Opaque, and the session goes on as tcp from
// its first byte: TLS, replication (SYNC, PSYNC), and whatever a Redis server
// itself answers with a protocol error.
//
// The protocol is described at https://redis.io/docs/latest/develop/reference/protocol-spec/
// and, where that is silent, by the function processInputBuffer of Redis
// (src/networking.c).
package redis

import (
	"net"
	"sync"
	"sync/atomic"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Kind returns the protocol "redis" as users name it.
func Kind() vaurien.ProtocolKind {
	return vaurien.ProtocolKind{
		Name: "redis",
		Doc:  "Redis, RESP2 and RESP3",
		New: func(*option.Set) func() vaurien.Protocol {
			return func() vaurien.Protocol { return new(Protocol) }
		},
	}
}

// A Protocol is Redis. The zero value is ready to use.
type Protocol struct {
	node atomic.Pointer[string] // where MOVED and ASK point to
}

var (
	_ vaurien.Protocol    = (*Protocol)(nil)
	_ vaurien.BackendUser = (*Protocol)(nil)
	_ vaurien.Failing     = (*Protocol)(nil)
	_ vaurien.Describing  = (*Protocol)(nil)
	_ vaurien.Describer   = (*codec)(nil)
)

// nowhere is where MOVED and ASK point to while the backend has no address that
// can stand in them: a port that nobody listens on (tcpmux, RFC 1078).
const nowhere = "127.0.0.1:1"

// SetBackend sets the address, host:port, that MOVED and ASK point to. It may
// be called at any time from any goroutine.
func (p *Protocol) SetBackend(addr string) {
	node := nowhere
	if host, port, err := net.SplitHostPort(addr); err == nil && host != "" && port != "" {
		node = host + ":" + port // an IPv6 address stands without brackets
	}
	p.node.Store(&node)
}

// NewCodec returns the codec of one session.
func (p *Protocol) NewCodec() vaurien.Codec {
	return &codec{protocol: p, commands: commands()}
}

// A codec frames one session.
type codec struct {
	protocol *Protocol
	commands *vocabulary

	// Of the reader of requests.
	state   state
	reply   replyMode
	changes uint64 // how many requests have changed state
	listens bool   // it has asked for subscriptions
	watches bool   // it has asked for MONITOR
	unknown *command

	// Of the reader of replies.
	subscriptions subscriptions
	resp3         bool // the server has been seen to speak it
	monitor       bool
	body          body

	// Shared.
	subscribed atomic.Bool // there are subscriptions
	hushed     atomic.Bool // the client has asked for no replies
	refused    atomic.Bool // refusals is not empty
	mu         sync.Mutex
	refusals   []refusal
}

// A note is what the codec must know of a request to read its replies, to make
// it fail and to tell its attributes. It lives in Message.Info for as long as
// the engine uses the Message again, so that a session at work allocates
// nothing.
type note struct {
	command *command // never nil in a note on a request
	start   int      // where in Head the command begins
	args    int64    // with the command's name
	inline  bool
	body    body

	mode   mode // before the request
	queued bool // the server queues it, if there is a transaction
	silent bool // it gets no reply
	logs   bool // it has credentials

	change uint64 // the change of state that it makes; 0 for none, and then
	was    state  // the state before it
	ifNot  state  // the state if the server refuses it

	// Of its replies.
	confirmed, confirmations int64  // of a SUBSCRIBE: how many have come, of how many
	answer                   []byte // what the client is told in place of the reply
}

// noteOf returns the note on req; nil if it has none.
func noteOf(req *vaurien.Message) *note {
	if req == nil {
		return nil
	}
	n, _ := req.Info.(*note)
	return n
}

// A body is the memory for a message's Body, of either sort.
type body struct {
	length   vaurien.Length
	elements elements
}
