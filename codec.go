package vaurien

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// A Protocol knows where one message of a stream ends and the next begins, and
// how its servers say no. One Protocol serves all sessions of a proxy.
type Protocol interface {
	// NewCodec returns the codec of one session.
	NewCodec() Codec
}

// A Codec frames the two streams of one session. Its two readers are called
// from two goroutines, each always from the same one; Fail may be called from
// any. What they share the codec must guard.
//
// A codec frames in place: it looks at what a Reader has buffered, asks for
// more, and takes the bytes of a message's head once it has seen all of it.
// Until then it takes nothing, so that a call which ends in an error can be
// made again, or the bytes passed on as they are.
//
// ReadRequest and ReadReply return
//   - nil when m is filled in;
//   - the error of Reader.More unchanged when there are no more bytes: io.EOF,
//     also in the middle of a head, or one of the engine's own;
//   - an error made by [Opaque] when the bytes cannot be understood. The
//     session is tcp from the first byte not taken.
type Codec interface {
	// ReadRequest reads the head of the client's next message into m.
	ReadRequest(r *Reader, m *Message) error

	// ReadReply reads the head of the backend's next message into m. req is
	// the request that it answers, or nil when the backend speaks unasked.
	ReadReply(r *Reader, req, m *Message) error

	// Fail returns what becomes of req when the server fails it with f. req is
	// nil where the connection itself is to fail, before anything was said.
	// req.Head is still what was read. rng is the exchange's own source of
	// chance.
	Fail(req *Message, f Failure, rng *rand.Rand) (Answer, error)
}

// ServerFirst is implemented by a Protocol whose servers speak before the
// client does. For any other protocol a session without a backend can go on for
// as long as a behavior answers in its place.
//
// The greeting is a reply too: the first message that the codec's ReadRequest
// returns has no bytes, its Verb is "connect", and the greeting answers it. So
// behaviors act on the greeting as on any other exchange.
type ServerFirst interface{ ServerFirst() bool }

// Multiplexed is implemented by a Protocol whose replies bear the ID of the
// request that they answer and may come in any order. ReadReply is then called
// with req nil, and sets Message.ID; 0 says that the backend speaks unasked.
type Multiplexed interface{ Multiplexed() bool }

// BackendUser is implemented by a Protocol that needs to know the backend's
// address. SetBackend is called before the first session and whenever the
// address changes, while sessions run.
type BackendUser interface{ SetBackend(address string) }

// A Message is a request or a reply. The engine provides it, zeroed but for
// Arrived and Info, and the codec fills it in.
type Message struct {
	// Head is the message's beginning as it is to be passed on: the bytes as
	// they were read, in the Reader's own memory and valid until its next
	// More, or, if the codec had to change them, memory that it leaves alone
	// until it is asked for the next message.
	Head []byte

	// Body delimits what follows Head; nil if Head is the whole message. It
	// is used no more once the codec is asked for the next message.
	Body Body

	// Verb names what is asked, in the protocol's own word: GET, SET, SELECT,
	// MAIL. Empty if the protocol has none.
	Verb string

	// Arrived is when the last byte of Head came in.
	Arrived time.Time

	// Info is the codec's own note on a request, for its ReadReply, Fail and
	// Attribute. Messages are used again, and then it is what some codec, not
	// always of the same protocol, left there: memory to use again if the type
	// is right.
	Info any

	// ID says, in a protocol whose replies may come in any order (see
	// [Multiplexed]), which request this is, or which one the reply is to.
	ID uint64

	// Of a request.

	NoReply bool // it gets no reply

	// Barrier says that the reply decides how what follows is to be read (an
	// HTTP Upgrade, SMTP's DATA): no later request is read before that reply
	// has gone out, or one that Invites.
	Barrier bool

	// AsksFirst says that its sender waits for leave before it sends the body
	// (HTTP's Expect: 100-continue).
	AsksFirst bool

	// Continues says that it goes on with the request before it, whose reply
	// invited it (the mail after SMTP's DATA, the rows of a COPY): it is no
	// exchange of its own, and no behavior acts on it.
	Continues bool

	// Answer, if set, says what becomes of the request in place of being
	// passed on, whatever the behaviors: a failure that began with an earlier
	// answer takes its course.
	Answer *Answer

	// Abandons is, in a Multiplexed protocol, the ID of a request to which no
	// reply is to be expected any more; 0 for none.
	Abandons uint64

	// Of a reply.

	More   bool // others to the same request follow it, as they do an HTTP 1xx
	Switch bool // both streams are tcp after it

	// Invites says that the client may go on with its request (SMTP's 354).
	// Another reply follows, as with More.
	Invites bool

	// Unasked says that it is no reply to the request, nor to any other: the
	// backend speaks unasked (a notification), before the reply.
	Unasked bool
}

// ToTheEnd is the length of a run that ends with the stream.
const ToTheEnd = int64(1) << 62

// A Body delimits a message's body run by run, without reading more of it than
// it must: a chunked body is a run of bytes for each chunk, one of known
// length a single run.
type Body interface {
	// Next returns how many of the coming bytes, one at least, belong to the
	// body: those that r has buffered and, after them, those yet to come.
	// The engine has consumed the run before it asks again. io.EOF says that
	// the body has ended, io.ErrUnexpectedEOF that the stream has ended before
	// it; the other errors are those of ReadRequest.
	Next(r *Reader) (int64, error)
}

// Length is a Body of that many bytes. The zero value is an empty body.
type Length struct{ N int64 }

// Next returns all N bytes the first time and io.EOF the second.
func (l *Length) Next(*Reader) (int64, error) {
	n := l.N
	if n <= 0 {
		return 0, io.EOF
	}
	l.N = 0
	return n, nil
}

// Opaque returns the error by which a codec says that it does not understand
// what it reads, and why. The session goes on as tcp.
func Opaque(format string, args ...any) error {
	return &opaqueError{fmt.Sprintf(format, args...)}
}

type opaqueError struct{ why string }

func (e *opaqueError) Error() string { return "not understood: " + e.why }

// IsOpaque reports whether err was made by Opaque.
func IsOpaque(err error) bool {
	_, opaque := asOpaque(err)
	return opaque
}

func asOpaque(err error) (string, bool) {
	if oe, ok := errors.AsType[*opaqueError](err); ok {
		return oe.why, true
	}
	return "", false
}
