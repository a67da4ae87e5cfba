package memcache

import (
	"io"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// A loop is a stream that says the same again and again; as often as there is
// room for it, if there is room for all of it.
type loop struct {
	b  []byte
	at int
}

func (l *loop) Read(p []byte) (n int, err error) {
	if l.at == 0 && len(p) > len(l.b) {
		p = p[:len(p)-len(p)%len(l.b)]
	}
	for n < len(p) {
		k := copy(p[n:], l.b[l.at:])
		n += k
		l.at = (l.at + k) % len(l.b)
	}
	return n, nil
}

// once is a loop that says it once a read.
type once struct{ loop }

func (o *once) Read(p []byte) (int, error) { return o.loop.Read(p[:min(len(p), len(o.b)-o.at)]) }

// A mill frames one request and its reply after the other as the engine does.
type mill struct {
	codec    vaurien.Codec
	up, down *vaurien.Reader
	req, msg vaurien.Message
	replies  bool
}

func newMill(up, down io.Reader) *mill {
	return &mill{codec: new(Protocol).NewCodec(), up: vaurien.NewReader(up), down: vaurien.NewReader(down)}
}

// newLockstep returns a mill that reads one message at a time.
func newLockstep(request, reply string) *mill {
	m := newMill(&once{loop{b: []byte(request)}}, &once{loop{b: []byte(reply)}})
	m.replies = reply != ""
	return m
}

// turn frames one request and, if there is one, its reply.
func (m *mill) turn() error {
	if err := m.ask(); err != nil || !m.replies {
		return err
	}
	return m.answer()
}

func (m *mill) ask() error {
	m.req = vaurien.Message{Info: m.req.Info}
	if err := m.codec.ReadRequest(m.up, &m.req); err != nil {
		return err
	}
	return protocoltest.Drain(m.up, m.req.Body)
}

func (m *mill) answer() error {
	m.msg = vaurien.Message{Info: m.msg.Info}
	if err := m.codec.ReadReply(m.down, &m.req, &m.msg); err != nil {
		return err
	}
	return protocoltest.Drain(m.down, m.msg.Body)
}

var speeds = []struct{ name, request, reply string }{
	{"get", "get key:1234567890\r\n", "VALUE key:1234567890 0 32\r\n" + strings.Repeat("x", 32) + "\r\nEND\r\n"},
	{"miss", "get key:1234567890\r\n", "END\r\n"},
	{"set", "set key:1234567890 0 0 32\r\n" + strings.Repeat("x", 32) + "\r\n", "STORED\r\n"},
	{"set noreply", "set key:1234567890 0 0 32 noreply\r\n" + strings.Repeat("x", 32) + "\r\n", ""},
	{"multiget", "gets a b c d\r\n", strings.Repeat("VALUE key 0 32 7\r\n"+strings.Repeat("x", 32)+"\r\n", 4) + "END\r\n"},
	{"stats", "stats\r\n", strings.Repeat("STAT name value\r\n", 40) + "END\r\n"},
	{"mg", "mg key:1234567890 v\r\n", "VA 32\r\n" + strings.Repeat("x", 32) + "\r\n"},
	{"ms", "ms key:1234567890 32 T0\r\n" + strings.Repeat("x", 32) + "\r\n", "HD\r\n"},
	{"binary get", req(0, 1, "", "key:1234567890", ""), res(0, 0, 1, "\x00\x00\x00\x00", "", strings.Repeat("x", 32))},
	{"binary set", req(1, 1, eight, "key:1234567890", strings.Repeat("x", 32)), res(1, 0, 1, "", "", "")},
}

func TestNoAllocations(t *testing.T) {
	if racing {
		t.Skip("buffers are allocated anew under the race detector")
	}
	for _, s := range speeds {
		m := newLockstep(s.request, s.reply)
		m.turn() // the first makes what is used again
		if n := testing.AllocsPerRun(1000, func() {
			if err := m.turn(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", s.name, n)
		}
	}
}

// BenchmarkFraming frames a request and its reply.
func BenchmarkFraming(b *testing.B) {
	for _, s := range speeds {
		b.Run(s.name, func(b *testing.B) {
			m := newLockstep(s.request, s.reply)
			b.SetBytes(int64(len(s.request) + len(s.reply)))
			b.ReportAllocs()
			for b.Loop() {
				if err := m.turn(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBuffered frames requests, or replies, of which many came in one
// read, as they do when a client pipelines: without the cost of the reads.
func BenchmarkBuffered(b *testing.B) {
	for _, s := range speeds {
		b.Run(s.name+"/request", func(b *testing.B) {
			m := newMill(&loop{b: []byte(s.request)}, nil)
			b.ReportAllocs()
			for b.Loop() {
				if err := m.ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
		if s.reply == "" {
			continue
		}
		b.Run(s.name+"/reply", func(b *testing.B) {
			m := newMill(&once{loop{b: []byte(s.request)}}, &loop{b: []byte(s.reply)})
			if err := m.ask(); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := m.answer(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
