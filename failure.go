package vaurien

// A Failure says how a request, or a connection, is to fail. The zero Failure
// leaves the choice to the codec.
type Failure struct {
	// Kind is the name of one of the protocol's Failures.
	Kind string

	// Code and Message, where they are not empty, go over the kind's own: the
	// code as the protocol writes it (an SQLSTATE, an SMTP status), and the
	// text. With a Code, Kind may be empty.
	Code, Message string

	// Unread says that the request's body has not been read to its end, so
	// that nothing on the connection can be understood after an answer made
	// here. Set by the engine.
	Unread bool
}

// An Answer is what becomes of a request that a server fails. The zero Answer
// is silence: the request is gone, and nobody says a word.
type Answer struct {
	// Bytes go to the client, in the request's turn.
	Bytes []byte

	// Close says that the server closes the connection after Bytes, and sees to
	// it that the client can read them: it waits for the client to close too.
	Close bool

	// Abrupt, with Close, says that it does not: it closes at once. Where the
	// client has sent what nobody read, the kernel makes that a reset, which
	// may overtake Bytes.
	Abrupt bool

	// Invites says that the client may go on with its request after Bytes: it
	// is not answered yet.
	Invites bool

	// Forward, if there are any, go to the backend in the request's place.
	// What the backend says to them is read by ReadReply as the reply to the
	// request; what the client sees of it is the codec's business. Bytes and
	// Close must not be set with it.
	Forward []byte

	// Rest says that the request's body follows Forward as it came.
	Rest bool

	// Pass says that the request cannot be failed in this way after all: it is
	// passed on as it is.
	Pass bool
}

// Failing is implemented by a Protocol that has names for the ways in which
// its servers fail. Its codecs are only asked for these, or for a Failure that
// CheckFailure accepts.
type Failing interface {
	// Failures returns them all, always the same.
	Failures() []FailureKind

	// CheckFailure says what is wrong with f's Code or Message, in words that
	// say what would be right. f.Kind is one of the names or, with a Code,
	// empty.
	CheckFailure(f Failure) error
}

// A FailureKind is one way in which the servers of a protocol fail.
type FailureKind struct {
	Name   string // words joined by hyphens: too-many-connections
	Phase  Phase
	Doc    string // what the client is told or sees: one line, lower case, no full stop
	Effect string // on the connection and what it holds: "stays open", "closes", "the transaction is rolled back"
	Source string // where the bytes are from: a capture with the server's version, its source, an RFC's section

	// Fits says whether a server could fail req, or the connection for req
	// nil, in this way; nil: any request. It must be quick and not block: it
	// looks at the message and the codec's note on it.
	Fits func(req *Message) bool

	// AtAccept says that it is the connection that fails, as soon as it is
	// made and before anything is said.
	AtAccept bool

	// OnRequest says that it is only used when it is named: the dice do not
	// choose it.
	OnRequest bool
}

// A Phase is the part of a session in which a failure happens.
type Phase string

// The phases.
const (
	Connecting     Phase = "connect"
	Authenticating Phase = "authentication"
	Asking         Phase = "query"
	Committing     Phase = "commit" // or whatever makes the effect last: EXEC, the end of a mail
)

// TraceAttribute is the attribute of requests that belong to a trace, where the
// protocol knows of any: the trace's id. It stands in the log beside a fault.
const TraceAttribute = "trace_id"

// An Attribute is something that can be known of a request.
type Attribute struct {
	Name string // words joined by underscores: in_transaction
	Zero any    // what a request without it has: "", int64(0) or false; its type is the attribute's
	Doc  string // one line, lower case, no full stop

	// Key says that it names what is acted on, as a key, a path or a table
	// does, and not what is said of it: ledgers may have it.
	Key bool
}

// Type names the attribute's type: "text", "integer" or "bool".
func (a Attribute) Type() string {
	switch a.Zero.(type) {
	case bool:
		return "bool"
	case int64:
		return "integer"
	}
	return "text"
}

// Describing is implemented by a Protocol whose requests have attributes
// beside those that the engine knows of (see [Event.Attribute]). Its codecs
// are Describers.
type Describing interface{ Attributes() []Attribute }

// A Describer is a codec that knows the attributes of requests.
type Describer interface {
	// Attribute returns an attribute of req, of its Zero's type; nil if req
	// does not have it. It is asked for names that Attributes lists, while
	// req.Head is still what was read, from the goroutine of ReadRequest.
	Attribute(req *Message, name string) any
}

// Fit returns the failures of p that fit req, and of those, unless named, the
// ones that the dice may choose. For req nil they are those at Accept.
func Fit(p Failing, req *Message, named string) []FailureKind {
	var fit []FailureKind
	for _, k := range p.Failures() {
		switch {
		case named != "" && k.Name != named, named == "" && k.OnRequest:
		case k.AtAccept != (req == nil), k.Fits != nil && !k.Fits(req):
		default:
			fit = append(fit, k)
		}
	}
	return fit
}
