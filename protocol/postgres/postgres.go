// Package postgres frames PostgreSQL's protocol 3 (the manual of version 15,
// chapter 55 "Frontend/Backend Protocol") for vaurien.
//
// An exchange is whatever ends with one ReadyForQuery: a simple Query, a
// FunctionCall, or all messages of the extended protocol up to and including
// Sync, with the rows of a COPY. Up to a Flush they are an exchange too, since
// a client may wait there for what it has asked so far (asyncpg and Postgrex
// prepare a statement so, and execute it in the same batch). Opening a session
// is as many exchanges as the server asks questions.
//
// A statement that is made to fail inside a transaction fails in the server
// too: what goes to it in the statement's place raises an error there, and
// only the words of that error are changed. So client and server agree on the
// transaction, always.
//
// TLS, GSSAPI encryption and replication streams are passed on as tcp, from
// the byte with which they begin.
package postgres

import (
	"sync/atomic"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Kind returns the protocol "postgres" as users name it.
func Kind() vaurien.ProtocolKind {
	return vaurien.ProtocolKind{
		Name: "postgres",
		Doc:  "PostgreSQL, protocol 3.0 and 3.2",
		New: func(set *option.Set) func() vaurien.Protocol {
			var plain bool
			set.Bool(&plain, "plain", false,
				"answer N to requests for encryption, so that clients whose sslmode lets them go on without it")
			return func() vaurien.Protocol { return &Protocol{Plain: plain} }
		},
	}
}

// A Protocol is PostgreSQL's. The zero value is ready to use.
type Protocol struct {
	// Plain refuses encryption in the server's place. Without it what a client
	// and a server encrypt is passed on unseen. It must not change once there
	// is a codec.
	Plain bool
}

var (
	_ vaurien.Protocol   = (*Protocol)(nil)
	_ vaurien.Failing    = (*Protocol)(nil)
	_ vaurien.Describing = (*Protocol)(nil)
	_ vaurien.Codec      = (*codec)(nil)
	_ vaurien.Describer  = (*codec)(nil)
)

// NewCodec returns the codec of one session.
func (p *Protocol) NewCodec() vaurien.Codec {
	c := &codec{plain: p.Plain}
	c.batch.statements = &c.statements
	c.reply.codec = c
	return c
}

// A codec frames one session.
type codec struct {
	plain bool // encryption is refused

	// Of the reader of requests.
	session    *session // who is there; nil until its startup message
	statements statements
	looks      []lookedAt // in the head of the batch that is being read
	extended   bool       // the last exchange is of the extended protocol
	sequence   uint64     // the number of the last exchange
	length     vaurien.Length
	batch      batch
	copyIn     copyIn

	// Of the reader of replies.
	reply reply
	skips bool // the server has told an error, and waits for Sync

	// Of both.
	state atomic.Uint64 // the number of the last exchange answered, and the transaction's status after it
	asked atomic.Uint32 // what the server asked last while the session opened: the code of an Authentication message
	pid   atomic.Uint32 // the server process, as it introduced itself
}

// A session is what the client said of itself when it began.
type session struct{ user, database, application string }

// A status is the transaction's, as ReadyForQuery has it.
type status byte

const (
	unknown status = 0 // or none: no ReadyForQuery yet, or replies are outstanding
	idle    status = 'I'
	open    status = 'T'
	failed  status = 'E'
)

// String names a status as the attribute transaction_state does.
func (s status) String() string {
	switch s {
	case idle:
		return "idle"
	case open:
		return "open"
	case failed:
		return "failed"
	}
	return ""
}

// answered notes that the reply to an exchange has come to its end.
func (c *codec) answered(sequence uint64, s status) { c.state.Store(sequence<<8 | uint64(s)) }

// lastState returns the last exchange that was answered and the transaction's
// status since.
func (c *codec) lastState() (sequence uint64, s status) {
	state := c.state.Load()
	return state >> 8, status(state)
}

// A note is what the codec must know of a request. It lives in Message.Info
// for as long as the engine uses the Message again.
type note struct {
	first    byte   // the type of the message that says what the request is; of an opening one, 0
	opening  uint32 // the code of an opening message
	sequence uint64
	status   status // the transaction's when the request came, if nothing was outstanding
	prepares bool   // it prepares a statement, and runs none
	session  *session

	main      int   // where in the head the message is that says what the request is
	size      int64 // of that message
	sql       span  // in the head
	name      span  // of the statement, in the head
	statement *statement
	unnamed   []byte // the unnamed statement's SQL, of an earlier batch

	// flushed is, of a batch that ends with Flush, how many of its messages are
	// replied to; 0 for a batch that ends with Sync or whose end is yet to
	// come. It is known before the last reply can come: the server keeps the
	// end of what it has to say to itself until it gets the Flush or Sync.
	flushed atomic.Int32

	// What becomes of it when it is to fail in the server.
	raised  []byte // what the client is told in place of what the server says; nil: it is not to fail
	swallow int    // how many ReadyForQuery the client is not to see
}

// A span is a part of a message's head.
type span struct{ from, to int }

func (s span) of(head []byte) []byte {
	if s.to > len(head) {
		return nil
	}
	return head[s.from:s.to]
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

// newNote puts an empty note on m.
func (c *codec) newNote(m *vaurien.Message) *note {
	n, ok := m.Info.(*note)
	if !ok {
		n = new(note)
		m.Info = n
	}
	*n = note{session: c.session, unnamed: n.unnamed[:0]}
	return n
}

// count makes what n is about the next exchange.
func (c *codec) count(n *note) {
	if answered, s := c.lastState(); answered == c.sequence {
		n.status = s
	}
	c.sequence++
	n.sequence = c.sequence
}
