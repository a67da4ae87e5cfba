package ldap

import (
	"io"
	"runtime"
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

func (l *loop) Read(p []byte) (n int, err error) {
	for n < len(p) {
		k := copy(p[n:], l.text[l.at:])
		n, l.at = n+k, (l.at+k)%len(l.text)
	}
	return n, nil
}

// A mill frames one message after the other as the engine does.
type mill struct {
	codec   vaurien.Codec
	r       *vaurien.Reader
	msg     vaurien.Message
	replies bool
}

func newMill(text string, replies bool) *mill {
	return &mill{codec: new(Protocol).NewCodec(), r: vaurien.NewReader(&loop{text: text}), replies: replies}
}

// turn frames one message, and takes its body.
func (m *mill) turn() error {
	m.msg = vaurien.Message{Info: m.msg.Info}
	var err error
	if m.replies {
		err = m.codec.ReadReply(m.r, nil, &m.msg)
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
	replies    bool
}{
	{"bind", simpleBind(1, alice, "secret"), false},
	{"search", searchFor(2, 2, 0, tagged(equalityMatch, text("uid"), text("alice")), "cn", "mail"), false},
	{"add", bytesOf(3, add, text(alice), seq(seq(text("cn"), tagged(0x31, text(strings.Repeat("x", 500)))))), false},
	{"extended", extension(4, "1.3.6.1.4.1.4203.1.11.3"), false},
	{"abandon", bytesOf(5, abandon, "\x02"), false},
	{"bind reply", done(1, bindDone, 0), true},
	{"entry", bytesOf(2, entry, text(alice), seq(seq(text("cn"), tagged(0x31, text("Alice"))), seq(text("mail"), tagged(0x31, text("alice@example.com"))))), true},
	{"long entry", bytesOf(2, entry, text(alice), seq(strings.Repeat("x", 10000))), true},
	{"search result", done(2, searchDone, 0), true},
}

func TestNoAllocations(t *testing.T) {
	for _, s := range speeds {
		m := newMill(s.text, s.replies)
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
			m := newMill(s.text, s.replies)
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

// A value of 1 GiB passes, in either direction, in the memory of its head.
func TestLargeValue(t *testing.T) {
	const gib = 1 << 30
	for _, tt := range []struct {
		op      operation
		replies bool
	}{{add, false}, {entry, true}} {
		// The message's own lengths are those of a value that is not in it.
		begin := string(appendElement(nil, octetString, []byte(alice)))
		op := string([]byte{byte(tt.op), 0x84, 0x40, 0, 0, byte(len(begin))}) + begin
		head := string([]byte{sequence, 0x84, 0x40, 0, 0, byte(len(num(1)) + len(op))}) + num(1) + op
		r := vaurien.NewReader(io.MultiReader(strings.NewReader(head), endless{}))
		c, m := new(Protocol).NewCodec(), new(vaurien.Message)
		read := func() error { return c.ReadRequest(r, m) }
		if tt.replies {
			read = func() error { return c.ReadReply(r, nil, m) }
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := read(); err != nil {
			t.Fatal(err)
		}
		n, err := m.Body.Next(r)
		if total := int64(len(m.Head)) + n; err != nil || total != int64(len(head))+gib || len(m.Head) > wholeRequest {
			t.Fatalf("%d bytes and a run of %d, %v", len(m.Head), n, err)
		}
		for n > 0 {
			if len(r.Buffered()) == 0 {
				r.More()
			}
			if held := len(r.Buffered()); held > wholeRequest {
				t.Fatalf("%d bytes are held", held)
			}
			k := min(n, int64(len(r.Buffered())))
			r.Take(int(k))
			n -= k
		}
		if _, err := m.Body.Next(r); err != io.EOF {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		// Under the race detector the pool of buffers forgets a quarter of them.
		if grown := after.TotalAlloc - before.TotalAlloc; grown > gib/2 {
			t.Errorf("%d bytes allocated", grown)
		}
	}
}

// endless never ends, and says whatever was there.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
