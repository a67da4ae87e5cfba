// Package protocoltest holds the laws that every codec obeys, as one suite for
// table tests and fuzz targets alike:
//
//	func FuzzTalk(f *testing.F) {
//		f.Add([]byte("PING\r\n"), []byte("+PONG\r\n"))
//		f.Fuzz(func(t *testing.T, requests, replies []byte) {
//			protocoltest.Laws(t, new(redis.Protocol).NewCodec, protocoltest.Talk{Requests: requests, Replies: replies})
//		})
//	}
//
// [Laws] states them. [Play] frames one talk at one pace and returns what came
// of it, for tests that look closer.
package protocoltest

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/vaurien-proxy/vaurien"
)

// A Talk is all that is said in one session.
type Talk struct {
	Requests []byte // what the client sends
	Replies  []byte // what the backend sends
	Greeting bool   // the backend says something before the client's first request, unasked

	// Multiplexed says that replies bear the IDs of their requests.
	Multiplexed bool

	// Rewrites says that the codec was told to change heads, so that they are
	// not compared with the bytes that came in.
	Rewrites bool
}

// A Pace is how a talk comes in. The zero Pace is in large reads and in
// lockstep: each request is answered before the next is read.
type Pace struct {
	// Reads are the lengths of the successive reads, over and over; those
	// below 1 count as 1. Without any, each read is as much as fits.
	Reads []int

	// Interrupted makes each read fail once before it succeeds, as the engine
	// does when a plan changes.
	Interrupted bool

	// Pipelined reads all requests that need not wait for a reply before the
	// first reply, 1024 at most.
	Pipelined bool
}

// maxInFlight is how many requests a pipelined talk has unanswered at most.
const maxInFlight = 1024

// A Transcript is how a codec framed a talk.
type Transcript struct{ Requests, Replies Stream }

// A Stream is how a codec framed one direction.
type Stream struct {
	Frames []Frame
	Rest   []byte // what was not taken

	// Err is why no more was framed: io.EOF when the stream had ended,
	// io.ErrUnexpectedEOF when it ended inside a body, ErrSwitched,
	// ErrUnanswered, or an error that vaurien.Opaque made.
	Err error
}

// A Frame is one message, copied.
type Frame struct {
	Head, Body []byte
	Whole      bool // the body was read to its end
	Verb       string

	More, NoReply, Barrier, Switch, AsksFirst bool
	Continues, Invites, Unasked               bool
	ID, Abandons                              uint64
}

// String writes a frame in one line, for the messages of tests.
func (f Frame) String() string {
	s := fmt.Sprintf("%q %q %s", f.Head, f.Body, f.Verb)
	for _, flag := range []struct {
		set  bool
		name string
	}{
		{!f.Whole, "cut"}, {f.More, "more"}, {f.NoReply, "no reply"},
		{f.Barrier, "barrier"}, {f.Switch, "switch"}, {f.AsksFirst, "asks first"},
	} {
		if flag.set {
			s += ", " + flag.name
		}
	}
	if f.ID != 0 {
		s += fmt.Sprintf(", ID %d", f.ID)
	}
	if f.Abandons != 0 {
		s += fmt.Sprintf(", abandons %d", f.Abandons)
	}
	return s
}

// The reasons for which a stream is not read further although it goes on.
var (
	ErrSwitched   = errors.New("a reply switched both streams to tcp")
	ErrUnanswered = errors.New("a request that is a barrier got no reply")
)

// Play frames a talk with c, which must be new, and returns how. The error is
// about a broken contract: bytes taken in a call that failed, a run of no
// bytes, an error that codecs may not return.
func Play(c vaurien.Codec, talk Talk, pace Pace) (Transcript, error) {
	p := &player{
		codec: c, multiplexed: talk.Multiplexed,
		requests: newSide("ReadRequest", talk.Requests, talk, pace),
		replies:  newSide("ReadReply", talk.Replies, talk, pace),
	}
	if talk.Greeting {
		p.answer(nil)
	}
	for p.requests.stream.Err == nil {
		p.ask(pace.Pipelined)
	}
	p.invited = false
	p.answerAll()
	for p.requests.stream.Err == io.EOF && p.replies.stream.Err == nil {
		p.answer(nil)
	}
	return Transcript{p.requests.result(), p.replies.result()},
		errors.Join(p.requests.broken, p.replies.broken)
}

// A player drives one codec as the engine does, but in one goroutine.
type player struct {
	codec             vaurien.Codec
	multiplexed       bool
	requests, replies *side
	invited           bool               // the last reply lets a request go on
	inFlight          []*vaurien.Message // requests to be answered, oldest first
	free              []*vaurien.Message // to be used again
	reply             vaurien.Message
}

// ask reads one request and, unless pipelined lets it wait, its replies.
func (p *player) ask(pipelined bool) {
	m := new(vaurien.Message)
	if n := len(p.free); n > 0 {
		m, p.free = p.free[n-1], p.free[:n-1]
	}
	read := p.requests.read(m, func() error { return p.codec.ReadRequest(p.requests.r, m) })
	if !read {
		return
	}
	barrier := m.Barrier
	if m.Abandons != 0 {
		p.inFlight = slices.DeleteFunc(p.inFlight, func(f *vaurien.Message) bool { return f.ID == m.Abandons })
	}
	if m.NoReply || m.Continues {
		p.free = append(p.free, m)
	} else {
		p.inFlight = append(p.inFlight, m)
	}
	p.invited = false
	if barrier || !pipelined || len(p.inFlight) >= maxInFlight {
		p.answerAll()
	}
	if barrier && len(p.inFlight) > 0 && !p.invited {
		p.requests.end(ErrUnanswered)
	}
}

// answerAll reads the replies to all requests in flight, or until one of them
// invites the client to go on.
func (p *player) answerAll() {
	for len(p.inFlight) > 0 && !p.invited {
		req := p.inFlight[0]
		if p.multiplexed {
			req = nil
		}
		if !p.answer(req) {
			return
		}
	}
}

// answer reads a reply, which is one to req unless the backend speaks unasked
// or the reply says itself which request it is to, and tells whether it could.
func (p *player) answer(req *vaurien.Message) bool {
	m := &p.reply
	if p.replies.stream.Err != nil ||
		!p.replies.read(m, func() error { return p.codec.ReadReply(p.replies.r, req, m) }) {
		return false
	}
	if m.Switch {
		p.replies.end(ErrSwitched)
		p.requests.end(ErrSwitched)
	}
	p.invited = m.Invites
	if m.More || m.Unasked || m.Invites {
		return true
	}
	over := func(f *vaurien.Message) bool { return f == req || p.multiplexed && f.ID == m.ID }
	if i := slices.IndexFunc(p.inFlight, over); i >= 0 {
		p.free = append(p.free, p.inFlight[i])
		p.inFlight = slices.Delete(p.inFlight, i, i+1)
	}
	return true
}

// A side is one direction of a talk.
type side struct {
	call     string // the codec's method, for messages
	input    []byte
	rewrites bool
	src      *source
	r        *vaurien.Reader
	stream   Stream
	broken   error // the first breach of the contract
}

func newSide(call string, input []byte, talk Talk, pace Pace) *side {
	src := &source{rest: input, pace: pace}
	s := &side{call: call, input: input, rewrites: talk.Rewrites, src: src, r: vaurien.NewReader(src)}
	src.held = func() int { return len(s.r.Buffered()) }
	return s
}

// offset is how many bytes have been taken.
func (s *side) offset() int { return len(s.input) - len(s.src.rest) - len(s.r.Buffered()) }

func (s *side) end(err error) {
	if s.stream.Err == nil {
		s.stream.Err = err
	}
}

func (s *side) breach(format string, args ...any) {
	if s.broken == nil {
		s.broken = fmt.Errorf("%s at byte %d: "+format, append([]any{s.call, s.offset()}, args...)...)
	}
	s.end(s.broken)
}

func (s *side) result() Stream {
	if s.src.tooMany > 0 {
		s.breach("%d bytes were held unframed", s.src.tooMany)
	}
	s.stream.Rest = s.input[s.offset():]
	return s.stream
}

// read reads one message, head and body, by a call that is repeated for as
// long as it is interrupted. It tells whether there was a head.
func (s *side) read(m *vaurien.Message, call func() error) bool {
	for {
		*m = vaurien.Message{Info: m.Info}
		start := s.offset()
		err := call()
		if err == nil {
			s.framed(m, start)
			return true
		}
		if s.offset() != start {
			s.breach("took %d bytes and then failed: %v", s.offset()-start, err)
		}
		if err != errInterrupted {
			s.fail(err, io.EOF)
			return false
		}
	}
}

// fail ends the stream with an error of the codec's, which must be eof or one
// made by Opaque.
func (s *side) fail(err, eof error) {
	if err != eof && !vaurien.IsOpaque(err) {
		s.breach("an error that is neither the Reader's nor Opaque's: %v", err)
	}
	s.end(err)
}

// framed notes a message whose head began at start, and reads its body.
func (s *side) framed(m *vaurien.Message, start int) {
	if came := s.input[start:s.offset()]; !s.rewrites && string(came) != string(m.Head) {
		s.breach("the head is %q but %q was taken", m.Head, came)
	}
	f := Frame{
		Head: append([]byte(nil), m.Head...), Verb: m.Verb, Whole: true,
		More: m.More, NoReply: m.NoReply, Barrier: m.Barrier, Switch: m.Switch, AsksFirst: m.AsksFirst,
		Continues: m.Continues, Invites: m.Invites, Unasked: m.Unasked, ID: m.ID, Abandons: m.Abandons,
	}
	if m.Body != nil {
		from := s.offset()
		f.Whole = s.body(m.Body)
		f.Body = append(f.Body, s.input[from:s.offset()]...)
	}
	if s.offset() == start && !(m.Verb == "connect" && len(s.stream.Frames) == 0) {
		s.breach("a message of no bytes")
	}
	s.stream.Frames = append(s.stream.Frames, f)
}

// body takes a body run by run and tells whether it came to its end.
func (s *side) body(b vaurien.Body) bool {
	for {
		start := s.offset()
		n, err := b.Next(s.r)
		if s.offset() != start {
			s.breach("Body.Next took %d bytes", s.offset()-start)
		}
		switch {
		case err == errInterrupted:
		case err == io.EOF:
			return true
		case err != nil:
			s.fail(err, io.ErrUnexpectedEOF)
			return false
		case n < 1:
			s.breach("a run of %d bytes", n)
			return false
		case !s.run(n):
			return n >= vaurien.ToTheEnd
		}
	}
}

// run takes n bytes and tells whether there were as many.
func (s *side) run(n int64) bool {
	toTheEnd := n >= vaurien.ToTheEnd
	for n > 0 {
		if held := int64(len(s.r.Buffered())); held > 0 {
			s.r.Take(int(min(n, held)))
			n -= min(n, held)
			continue
		}
		switch err := s.r.More(); {
		case err == nil, err == errInterrupted:
		case toTheEnd:
			s.end(err)
			return false
		default:
			s.end(io.ErrUnexpectedEOF)
			return false
		}
	}
	return true
}
