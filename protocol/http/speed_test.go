package http

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// A loop is a stream that says the same again and again, once a read.
type loop []byte

func (l loop) Read(p []byte) (int, error) { return copy(p, l), nil }

// A mill frames one message after the other as the engine does.
type mill struct {
	codec    vaurien.Codec
	r        *vaurien.Reader
	req, msg vaurien.Message
	isReply  bool
}

func newMill(p *Protocol, text string) *mill {
	m := &mill{codec: p.NewCodec(), r: vaurien.NewReader(loop(text))}
	m.isReply = strings.HasPrefix(text, "HTTP/")
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

var speeds = []struct{ name, text string }{
	{"request", "GET / HTTP/1.1\r\nHost: localhost:8000\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"},
	{"browser", realRequests[8]},
	{"post", "POST / HTTP/1.1\r\nHost: localhost:8000\r\nContent-Length: 512\r\n\r\n" + strings.Repeat("x", 512)},
	{"chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n" + strings.Repeat("x", 128) + "\r\n0\r\n\r\n"},
	{"reply", realReplies[2]},
	{"304", realReplies[3]},
	{"chunked reply", realReplies[7]},
}

func TestNoAllocations(t *testing.T) {
	for _, s := range speeds {
		m := newMill(new(Protocol), s.text)
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
			m := newMill(new(Protocol), s.text)
			b.SetBytes(int64(len(s.text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := m.turn(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("request with a new host", func(b *testing.B) {
		p := &Protocol{OverwriteHostHeader: true}
		p.SetBackend("backend:8000")
		m := newMill(p, speeds[0].text)
		b.ReportAllocs()
		for b.Loop() {
			if err := m.turn(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A head that comes byte by byte is looked at once, not once a byte.
func BenchmarkSlowHead(b *testing.B) {
	text := "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n"
	for b.Loop() {
		m, c := new(vaurien.Message), new(Protocol).NewCodec()
		if err := c.ReadRequest(vaurien.NewReader(oneByte{bytes.NewReader([]byte(text))}), m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(text)), "ns/byte")
}

// oneByte reads one byte at a time.
type oneByte struct{ io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.Reader.Read(p[:1]) }
