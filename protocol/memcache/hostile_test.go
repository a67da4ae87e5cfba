package memcache

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// hostile are near misses, and lengths that nobody keeps.
var hostile = []struct{ requests, replies string }{
	{"set a 0 0 2147483647\r\n", ""},
	{"set a 0 0 2147483645\r\nx", ""},
	{"set a 0 0 99999999999999999999999999\r\n", ""},
	{"ms a 2147483645\r\nx", ""},
	{"get a\r\n", "VALUE a 0 2147483647\r\n"},
	{"get a\r\n", "VALUE a 0 99999999999999999999\r\n"},
	{"get a\r\n", "VALUE a 0 1\r\nxVALUE a 0 1\r\nx\r\nEND\r\n"},
	{"get a\r\n", "VALUE a 0 1\r\nx\r\nVALUE"},
	{"get a\r\n", "VALUE a 0 -1\r\n"},
	{"mg a v\r\n", "VA 99999999999999999999\r\n"},
	{"mg a v\r\n", "VA\r\n"},
	{"stats\r\n", "STAT a b\r\nENDX\r\nEND \r\n"},
	{"stats\r\n", "STAT a b\r\n" + strings.Repeat("x", 9000)},
	{strings.Repeat("get ", 1) + strings.Repeat("a", 5000), ""},
	{strings.Repeat(" ", 5000) + "\r\n", ""},
	{strings.Repeat("\n", 500), strings.Repeat("ERROR\r\n", 500)},
	{"\r\r\n", "ERROR\r\n"},
	{"get a\r\r\n", "END\r\n"},
	{"\x80", "\x81"},
	{"\x80\x00\xff\xff\xff\x00\x00\x00\xff\xff\xff\xff", "\x81\x00\xff\xff\xff\x00\x00\x00\xff\xff\xff\xff"},
	{bin(requestMagic, 1, 0, 1, eight, "a", "")[:8] + "\xff\xff\xff\xff" + bin(requestMagic, 1, 0, 1, eight, "a", "")[12:] + "x", ""},
	{req(opStat, 1, "", "", ""), res(opStat, 0, 1, "", "a", "")[:8] + "\xff\xff\xff\xff" + res(opStat, 0, 1, "", "a", "")[12:]},
	{req(opStat, 1, "", "", ""), res(opStat, 0, 1, "", "a", "b") + res(opStat, 0, 1, "", "a", "")[:20]},
	{req(0x00, 1, "", "a", ""), res(0x00, 0, 1, "", "", "")[:11] + "\x00" + "\x00\x00\x00\x01" + eight},
}

func TestHostile(t *testing.T) {
	for _, h := range hostile {
		protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: []byte(h.requests), Replies: []byte(h.replies)})
	}
}

// A loop is a stream that says the same again and again, whole texts a read as
// long as there is room for one.
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

// An endless line is given up long before it fills the memory.
func TestEndlessLines(t *testing.T) {
	for _, tt := range []struct {
		begin string
		most  int
	}{
		{"set ", longestCommand}, {"delete ", longestCommand}, {"get ", vaurien.MaxHead}, {"gets ", vaurien.MaxHead}, {"", longestCommand},
	} {
		r := vaurien.NewReader(io.MultiReader(strings.NewReader(tt.begin), &loop{b: []byte("0123456789 ")}))
		err := new(Protocol).NewCodec().ReadRequest(r, new(vaurien.Message))
		if held := len(r.Buffered()); !vaurien.IsOpaque(err) || held > tt.most+64<<10 {
			t.Errorf("%q: %v, with %d bytes held", tt.begin, err, held)
		}
	}
	for _, begin := range []string{"", "VALUE "} {
		c := new(Protocol).NewCodec()
		m := read(t, c, "get a\r\n")
		r := vaurien.NewReader(io.MultiReader(strings.NewReader(begin), &loop{b: []byte("0123456789 ")}))
		if err := c.ReadReply(r, m, new(vaurien.Message)); !vaurien.IsOpaque(err) || len(r.Buffered()) > 128<<10 {
			t.Errorf("reply %q: %v, with %d bytes held", begin, err, len(r.Buffered()))
		}
	}
}

// A large value passes in constant memory, whatever the dialect and the
// direction.
func TestLargeValues(t *testing.T) {
	const large = 1 << 30
	for _, tt := range []struct {
		name, request, reply string
		size                 int64 // of what follows the beginning of the request, or of the reply
	}{
		{"set", "set a 0 0 1073741824\r\n", "", large},
		{"ms", "ms a 1073741824\r\n", "", large},
		{"binary set", string(req(0x01, 1, eight, "a", "")[:8]) + "\x40\x00\x00\x09" + req(0x01, 1, eight, "a", "")[12:], "", large},
		{"get", "get a\r\n", "VALUE a 0 1073741824\r\n", large},
		{"mg", "mg a v\r\n", "VA 1073741824\r\n", large},
		{"binary get", req(0x00, 1, "", "a", ""), res(0x00, 0, 1, "", "", "")[:8] + "\x40\x00\x00\x00" + res(0x00, 0, 1, "", "", "")[12:], large},
	} {
		t.Run(tt.name, func(t *testing.T) {
			begin := tt.reply
			if begin == "" {
				begin = tt.request
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c, m := new(Protocol).NewCodec(), new(vaurien.Message)
			r := vaurien.NewReader(strings.NewReader(begin))
			var err error
			if tt.reply != "" {
				err = c.ReadReply(r, read(t, c, tt.request), m)
			} else {
				err = c.ReadRequest(r, m)
			}
			if err != nil || m.Body == nil {
				t.Fatalf("%v, body %v", err, m.Body)
			}
			n, err := m.Body.Next(r)
			if n < tt.size || n > tt.size+2 || err != nil {
				t.Errorf("a run of %d, %v", n, err)
			}
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<10 {
				t.Errorf("%d bytes allocated", grown)
			}
		})
	}
}

// A reply of very many values, and one of very many lines, pass in constant
// memory.
func TestLongReplies(t *testing.T) {
	if protocoltest.Racing {
		t.Skip("buffers are allocated anew under the race detector")
	}
	const many = 200_000
	for _, tt := range []struct{ request, item, end string }{
		{"get a\r\n", "VALUE a 0 100\r\n" + strings.Repeat("x", 100) + "\r\n", "END\r\n"},
		{"lru_crawler metadump all\r\n", "key=a exp=-1 la=1795365203 cas=3 fetch=yes cls=1 size=65\n", "END\r\n"},
		{req(opStat, 1, "", "", ""), res(opStat, 0, 1, "", "name", "value"), res(opStat, 0, 1, "", "", "")},
	} {
		c := new(Protocol).NewCodec()
		m, got := read(t, c, tt.request), new(vaurien.Message)
		r := vaurien.NewReader(io.MultiReader(io.LimitReader(&loop{b: []byte(tt.item)}, int64(many*len(tt.item))), strings.NewReader(tt.end+"rest")))
		if err := c.ReadReply(r, m, got); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := protocoltest.Drain(r, got.Body); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 2<<20 {
			t.Errorf("%.20q: %d bytes allocated", tt.request, grown)
		}
		for len(r.Buffered()) < 4 {
			if err := r.More(); err != nil {
				t.Fatal(err)
			}
		}
		if s := string(r.Buffered()); s != "rest" {
			t.Errorf("%.20q: left %q", tt.request, s)
		}
	}
}
