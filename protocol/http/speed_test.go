package http

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

var speeds = []protocoltest.Speed{
	{Name: "curl", Request: realRequests[4], Reply: realReplies[2]},
	{Name: "browser, not modified", Request: realRequests[8], Reply: realReplies[3]},
	{
		Name:    "post",
		Request: "POST / HTTP/1.1\r\nHost: localhost:8000\r\nContent-Length: 512\r\n\r\n" + strings.Repeat("x", 512),
		Reply:   "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
	},
	{
		Name:    "chunked",
		Request: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n" + strings.Repeat("x", 128) + "\r\n0\r\n\r\n",
		Reply:   realReplies[7],
	},
	{
		Name: "64 KiB", Request: realRequests[4],
		Reply: "HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n" + strings.Repeat("x", 64<<10),
	},
}

// rewritten is framed by a protocol that changes its head.
var rewritten = []protocoltest.Speed{{Name: "new host", Request: realRequests[4]}}

func newHost() *Protocol {
	p := &Protocol{OverwriteHostHeader: true}
	p.SetBackend("backend:8000")
	return p
}

func TestNoAllocations(t *testing.T) {
	protocoltest.NoAllocations(t, new(Protocol), speeds)
	protocoltest.NoAllocations(t, newHost(), rewritten)
}

func BenchmarkFraming(b *testing.B) {
	protocoltest.Framing(b, new(Protocol), speeds)
	protocoltest.Framing(b, newHost(), rewritten)
}

// A head that comes byte by byte is looked at once, not once a byte.
func BenchmarkSlowHead(b *testing.B) {
	text := "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n"
	b.ReportAllocs()
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
