package protocoltest

import (
	"io"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// A Speed is a part of a talk that is framed over and over, to see what that
// costs.
type Speed struct {
	Name    string // of the sub-benchmark
	Before  Talk   // framed once before it: an opening, a statement that is prepared
	Request string // what the client sends; without any, the backend speaks unasked or by itself
	Reply   string // what the backend answers; without any, nothing is awaited

	// Requests is how many requests Request is; 0 stands for 1. Those of one
	// Speed are timed together.
	Requests int

	// Lockstep says that requests cannot be framed over and over without their
	// replies, nor replies without their requests.
	Lockstep bool
}

// pipelined is how many messages come in one read where a client pipelines:
// what redis-benchmark is mostly run with. A read has fewer of large ones.
const pipelined = 16

// Framing times how p's codec frames each of speeds, without a connection:
//
//   - NAME/exchange is the request and its reply, each in a read of its own;
//   - NAME/request is the request alone, 16 in a read;
//   - NAME/reply is the reply alone, 16 in a read.
//
// What a read costs is part of it: about 100 ns each.
func Framing(b *testing.B, p vaurien.Protocol, speeds []Speed) {
	for _, s := range speeds {
		for _, way := range s.ways() {
			b.Run(s.Name+"/"+way.name, func(b *testing.B) {
				turn := newMill(b, p, s, way)
				b.SetBytes(int64(way.bytes))
				b.ReportAllocs()
				for b.Loop() {
					if err := turn(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// NoAllocations tests that framing speeds, in all the ways that Framing times,
// allocates nothing once the first is over. Under the race detector it is
// skipped.
func NoAllocations(t *testing.T, p vaurien.Protocol, speeds []Speed) {
	t.Helper()
	if Racing {
		t.Skip("buffers are allocated anew under the race detector")
	}
	for _, s := range speeds {
		for _, way := range s.ways() {
			turn := newMill(t, p, s, way)
			turn()
			if n := testing.AllocsPerRun(1000, func() {
				if err := turn(); err != nil {
					t.Fatalf("%s, %s: %v", s.Name, way.name, err)
				}
			}); n != 0 {
				t.Errorf("%s, %s: %v allocations", s.Name, way.name, n)
			}
		}
	}
}

// A way is one of those in which a Speed is framed.
type way struct {
	name            string
	request, reply  bool // is framed
	bytes, messages int  // in a turn, and in a read
}

// ways returns those that s has.
func (s *Speed) ways() []way {
	exchange := way{"exchange", true, s.Reply != "", len(s.Request) + len(s.Reply), 1}
	request := way{"request", true, false, len(s.Request), pipelined}
	reply := way{"reply", false, true, len(s.Reply), pipelined}
	switch {
	case s.Lockstep:
		return []way{exchange}
	case s.Request == "":
		return []way{reply}
	case s.Reply == "":
		return []way{request}
	}
	return []way{exchange, request, reply}
}

// A mill frames one message after the other as the engine does.
type mill struct {
	codec             vaurien.Codec
	multiplexed       bool
	requests, replies *vaurien.Reader
	open, spare       *vaurien.Message // the request that the next reply is to, and another to read into
	reply             vaurien.Message
}

// newMill returns what frames s once, that way.
func newMill(t testing.TB, p vaurien.Protocol, s Speed, w way) (turn func() error) {
	t.Helper()
	m := &mill{
		codec: p.NewCodec(), open: new(vaurien.Message), spare: new(vaurien.Message),
		requests: vaurien.NewReader(strings.NewReader(string(s.Before.Requests))),
		replies:  vaurien.NewReader(strings.NewReader(string(s.Before.Replies))),
	}
	mp, ok := p.(vaurien.Multiplexed)
	m.multiplexed = ok && mp.Multiplexed()
	if len(s.Before.Requests) > 0 {
		err := m.exchange()
		for err == nil {
			err = m.exchange()
		}
		if err != io.EOF {
			t.Fatalf("%s: what is before it: %v", s.Name, err)
		}
	}

	m.requests = vaurien.NewReader(&wheel{text: s.Request, times: w.messages})
	m.replies = vaurien.NewReader(&wheel{text: s.Reply, times: w.messages})
	if !w.request {
		if s.Request != "" {
			if err := m.ask(); err != nil {
				t.Fatalf("%s: %v", s.Name, err)
			}
		}
		return m.answer
	}
	each := m.ask
	if w.reply {
		each = m.exchange
	}
	return func() error {
		for range max(s.Requests, 1) {
			if err := each(); err != nil {
				return err
			}
		}
		return nil
	}
}

// exchange frames a request and the reply to it.
func (m *mill) exchange() error {
	if err := m.ask(); err != nil || m.open.NoReply {
		return err
	}
	return m.answer()
}

// ask frames a request.
func (m *mill) ask() error {
	req := m.spare
	*req = vaurien.Message{Info: req.Info}
	if err := m.codec.ReadRequest(m.requests, req); err != nil {
		return err
	}
	if !req.Continues {
		m.open, m.spare = req, m.open
	}
	return Drain(m.requests, req.Body)
}

// answer frames all replies to a request, or until one of them lets the client
// go on.
func (m *mill) answer() error {
	req := m.open
	if m.multiplexed {
		req = nil
	}
	for {
		m.reply = vaurien.Message{Info: m.reply.Info}
		if err := m.codec.ReadReply(m.replies, req, &m.reply); err != nil {
			return err
		}
		if err := Drain(m.replies, m.reply.Body); err != nil {
			return err
		}
		if m.reply.Invites || !m.reply.More && !m.reply.Unasked {
			return nil
		}
	}
}

// A wheel is a stream that has a text over and over: so many times a read, if
// there is room for all of them.
type wheel struct {
	text  string
	at    int // what of the text is next
	times int
}

func (w *wheel) Read(p []byte) (int, error) {
	if w.text == "" {
		return 0, io.EOF
	}
	n := copy(p, w.text[w.at:])
	w.at = (w.at + n) % len(w.text)
	for i := 1; i < w.times && w.at == 0 && len(p)-n >= len(w.text); i++ {
		n += copy(p[n:], w.text)
	}
	return n, nil
}
