package redis

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// A loop is a stream that says the same again and again.
type loop struct {
	text string
	at   int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.text[l.at:])
	l.at = (l.at + n) % len(l.text)
	return n, nil
}

// A mill frames one message after the other as the engine does.
type mill struct {
	codec    vaurien.Codec
	r        *vaurien.Reader
	req, msg vaurien.Message
	isReply  bool
}

func newMill(text string, isReply bool) *mill {
	m := &mill{codec: new(Protocol).NewCodec(), r: vaurien.NewReader(&loop{text: text}), isReply: isReply}
	if isReply {
		request := vaurien.NewReader(strings.NewReader(resp("GET", "k")))
		if err := m.codec.ReadRequest(request, &m.req); err != nil {
			panic(err)
		}
	}
	return m
}

// turn frames one message, and takes its body.
func (m *mill) turn() error {
	m.msg = vaurien.Message{Info: m.msg.Info}
	var err error
	if m.isReply {
		err = m.codec.ReadReply(m.r, &m.req, &m.msg)
	} else {
		err = m.codec.ReadRequest(m.r, &m.msg)
	}
	if err != nil {
		return err
	}
	return protocoltest.Drain(m.r, m.msg.Body)
}

var speeds = []struct {
	name, text string
	isReply    bool
}{
	{"PING", resp("PING"), false},
	{"SET", resp("SET", "key:000000012345", "xxx"), false},
	{"lower case get", resp("get", "user:1000:profile"), false},
	{"HSET", resp("HSET", "myhash", "field1", "value1", "field2", "value2"), false},
	{"CONFIG GET", resp("CONFIG", "GET", "save"), false},
	{"MULTI to EXEC", commandsOf("MULTI", "SET k v", "INCR n", "EXEC"), false},
	{"long SET", resp("SET", "k", strings.Repeat("x", 64<<10)), false},
	{"OK", "+OK\r\n", true},
	{"number", ":12345\r\n", true},
	{"bulk", bulk("hello, world"), true},
	{"null", "$-1\r\n", true},
	{"array of 10", "*10\r\n" + strings.Repeat(bulk("element"), 10), true},
	{"array of 1000", "*1000\r\n" + strings.Repeat(bulk("element"), 1000), true},
	{"push", ">2\r\n" + bulk("invalidate") + "*1\r\n" + bulk("k"), true},
}

// pipelined is a text as it comes in pipelines: 16 of it in a piece.
func pipelined(text string) string { return strings.Repeat(text, 16) }

func TestNoAllocations(t *testing.T) {
	if racing {
		t.Skip("the buffers are allocated anew")
	}
	for _, s := range speeds {
		m := newMill(s.text, s.isReply)
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

func BenchmarkFraming(b *testing.B) {
	for _, s := range speeds {
		b.Run(s.name, func(b *testing.B) {
			m := newMill(pipelined(s.text), s.isReply)
			b.SetBytes(int64(len(s.text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := m.turn(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
