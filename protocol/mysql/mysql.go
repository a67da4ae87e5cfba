// Package mysql frames the client/server protocol of MySQL and MariaDB for
// vaurien ("Client/Server Protocol" in MySQL's source documentation;
// "Client/Server Protocol" in MariaDB's).
//
// One exchange is one command and all of its reply: every row of every result.
// The greeting answers an exchange of its own, "connect", and so does each
// packet of the login. Packets are passed on as they came; only [Protocol.Plain]
// and failures change any.
//
// What cannot be understood is vaurien.Opaque, and the session goes on as tcp:
// TLS from its first byte, compression once the login is over, a replica's
// stream of events, commands that are unknown, and servers older than 4.1.
package mysql

import (
	"sync"
	"sync/atomic"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Kind returns the protocol "mysql" as users name it.
func Kind() vaurien.ProtocolKind {
	return vaurien.ProtocolKind{
		Name: "mysql",
		Doc:  "MySQL and MariaDB",
		New: func(set *option.Set) func() vaurien.Protocol {
			var plain bool
			set.Bool(&plain, "plain", false,
				"take TLS and compression out of what the server offers, so that clients that would use them can be understood")
			return func() vaurien.Protocol { return &Protocol{Plain: plain} }
		},
	}
}

// A Protocol is that of MySQL and MariaDB. The zero value is ready to use.
type Protocol struct {
	// Plain takes TLS and compression out of the greeting: clients that only
	// prefer them go without. It must not change once there is a codec.
	Plain bool

	mariadb atomic.Bool // the last server to greet was MariaDB
}

var (
	_ vaurien.Protocol    = (*Protocol)(nil)
	_ vaurien.ServerFirst = (*Protocol)(nil)
	_ vaurien.Failing     = (*Protocol)(nil)
	_ vaurien.Describing  = (*Protocol)(nil)
	_ vaurien.Describer   = (*codec)(nil)
)

// ServerFirst returns true: the server greets.
func (p *Protocol) ServerFirst() bool { return true }

// NewCodec returns the codec of one session.
func (p *Protocol) NewCodec() vaurien.Codec { return &codec{protocol: p} }

// A phase is what the client's next packet is.
type phase uint32

const (
	connecting phase = iota // there is none yet: the server greets
	loggingIn               // the first packet of the login
	proving                 // a further one
	commanding              // a command
	sending                 // a file that the server asked for, packet by packet
	compressed              // no packet at all: the login agreed on compression
	refused                 // nothing: the server has closed, or will
)

// A codec frames one session.
//
// Where the client's next packet means what the reply before it says (in the
// login, after LOAD DATA LOCAL), its request is a Barrier, so that the phase is
// settled when that packet is read.
type codec struct {
	protocol *Protocol

	phase  atomic.Uint32 // set by the reader of replies, but from sending to commanding
	status atomic.Uint32 // the server's status flags, as it said last
	caps   atomic.Uint64 // the capabilities that both sides have

	// of the reader of requests
	begun   bool
	request packets
	file    file
	rewrite []byte // an EXECUTE with its types put back

	// of the reader of replies
	reply result

	mu         sync.Mutex // of what follows
	server     greeting
	user       string
	database   string
	login      login // as asked for; in force once the server has agreed
	statements statements
}

func (c *codec) at() phase         { return phase(c.phase.Load()) }
func (c *codec) become(p phase)    { c.phase.Store(uint32(p)) }
func (c *codec) can() capabilities { return capabilities(c.caps.Load()) }

// A note is what the codec must know of a request to read its reply and to make
// it fail. It lives in Message.Info for as long as the engine uses the Message
// again, so that a session at work allocates nothing.
type note struct {
	codec   *codec
	command command
	reply   shape
	size    int  // of the first packet's payload
	seq     byte // the number of its last packet
	keyword keyword
	status  serverStatus // when it was read

	text      int    // where in the head the statement's text begins; 0: nowhere
	sql       []byte // a copy of the text that is to be prepared
	statement uint32 // the prepared statement's ID
	params    int    // how many parameters it has
	known     bool   // it is known which statement that is
	owed      bool   // the server has not seen the types of its parameters

	database string // asked for, in force if the server says OK

	mayLoad bool // its reply may ask for a file

	// A failure that the backend takes part in.
	swallow int    // how many replies to read
	undo    int    // which of them is to the ROLLBACK, counted from 1; 0: none
	instead []byte // what the client gets for them
	late    lateness
	drop    int64 // how much of the rows at hand is to be thrown away
}

// noteOf returns the note on req, nil if there is none.
func noteOf(req *vaurien.Message) *note {
	if req == nil {
		return nil
	}
	n, _ := req.Info.(*note)
	return n
}

// newNote returns the note on m, with nothing in it.
func (c *codec) newNote(m *vaurien.Message) *note {
	n, ok := m.Info.(*note)
	if !ok {
		n = new(note)
		m.Info = n
	}
	*n = note{codec: c, sql: n.sql[:0], status: serverStatus(c.status.Load())}
	return n
}
