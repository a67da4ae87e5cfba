package redis

import (
	"fmt"
	"io"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// A pattern is a stream of so many bytes: a beginning, and then the same text
// again and again.
type pattern struct {
	first, text string
	at, n       int64
}

func (p *pattern) Read(b []byte) (int, error) {
	if p.at == p.n {
		return 0, io.EOF
	}
	n := 0
	for n < len(b) && p.at < p.n {
		var from string
		if at := p.at; at < int64(len(p.first)) {
			from = p.first[at:]
		} else {
			from = p.text[(at-int64(len(p.first)))%int64(len(p.text)):]
		}
		from = from[:min(int64(len(from)), p.n-p.at)]
		k := copy(b[n:], from)
		n += k
		p.at += int64(k)
	}
	return n, nil
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// A mill frames messages of one stream as the engine does.
type mill struct {
	codec    vaurien.Codec
	r        *vaurien.Reader
	req, msg vaurien.Message
	isReply  bool
}

// newMill returns one that reads src.
func newMill(src io.Reader, isReply bool) *mill {
	m := &mill{codec: new(Protocol).NewCodec(), r: vaurien.NewReader(src), isReply: isReply}
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

// What is large passes in constant memory: a GiB in one value, or in many
// elements.
func TestLarge(t *testing.T) {
	gib := 1 << 30
	if protocoltest.Racing {
		gib >>= 6
	}
	filler := strings.Repeat("0123456789abcdef", 4<<10)
	element := bulk(strings.Repeat("x", 80))
	elements := strings.Repeat(element, 700)
	many := int64(gib / len(element))
	for _, tt := range []struct {
		name, first, text string
		body              int64
		isReply           bool
	}{
		{"value", fmt.Sprintf("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n", gib), filler, int64(gib) + 2, false},
		{"arguments", fmt.Sprintf("*%d\r\n$5\r\nRPUSH\r\n$1\r\nk\r\n", many+2), elements, many * int64(len(element)), false},
		{"bulk", fmt.Sprintf("$%d\r\n", gib), filler, int64(gib) + 2, true},
		{"array", fmt.Sprintf("*%d\r\n", many), elements, many * int64(len(element)), true},
	} {
		src := &pattern{first: tt.first, text: tt.text, n: tt.body + int64(len(tt.first))}
		m := newMill(src, tt.isReply)
		before := allocated()
		if err := m.turn(); err != nil || src.at != src.n || len(m.r.Buffered()) > 0 {
			t.Errorf("%s: %v after %d of %d bytes, %d left", tt.name, err, src.at, src.n, len(m.r.Buffered()))
		}
		if grown := allocated() - before; grown > 8<<20 && !protocoltest.Racing {
			t.Errorf("%s: %d bytes allocated", tt.name, grown)
		}
	}
}

// What is nested deep passes too, and promises cost nothing.
func TestHostile(t *testing.T) {
	deep := strings.Repeat("*1\r\n", 10000) + ":1\r\n"
	huge := strings.Repeat("*72057594037927936\r\n", 20)
	for _, tt := range []struct{ name, reply, err string }{
		{"deep", deep, ""},
		{"deep maps", strings.Repeat("%1\r\n+k\r\n", 10000) + "_\r\n", ""},
		{"2^31 elements", "*2147483648\r\n", "EOF"},
		{"2^31 bytes", "$2147483648\r\n", "EOF"},
		{"2^56 elements, over and over", huge, "elements"},
		{"2^57 bytes", "$144115188075855872\r\n", "a length of more than"},
	} {
		m := newMill(strings.NewReader(tt.reply), true)
		before := allocated()
		err := m.turn()
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.err)
		}
		if grown := allocated() - before; grown > 1<<20 {
			t.Errorf("%s: %d bytes allocated", tt.name, grown)
		}
	}
}
