package ldap

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

var (
	oneSearch = searchFor(2, 2, 0, tagged(equalityMatch, text("uid"), text("alice")), "cn", "mail")
	oneEntry  = bytesOf(2, entry, text(alice), seq(seq(text("cn"), tagged(0x31, text("Alice"))), seq(text("mail"), tagged(0x31, text("alice@example.com")))))
)

var speeds = []protocoltest.Speed{
	{Name: "bind", Request: simpleBind(1, alice, "secret"), Reply: done(1, bindDone, 0)},
	{Name: "search", Request: oneSearch, Reply: oneEntry + done(2, searchDone, 0)},
	{Name: "search, 100 entries", Request: oneSearch, Reply: strings.Repeat(oneEntry, 100) + done(2, searchDone, 0)},
	{Name: "search, entry of 64 KiB", Request: oneSearch, Reply: bytesOf(2, entry, text(alice), seq(strings.Repeat("x", 64<<10))) + done(2, searchDone, 0)},
	{Name: "add", Request: bytesOf(3, add, text(alice), seq(seq(text("cn"), tagged(0x31, text(strings.Repeat("x", 500)))))), Reply: done(3, addDone, 0)},
	{Name: "extended", Request: extension(4, "1.3.6.1.4.1.4203.1.11.3"), Reply: done(4, extendedDone, 0)},
	{Name: "abandon", Request: bytesOf(5, abandon, "\x02")},
}

func TestNoAllocations(t *testing.T) { protocoltest.NoAllocations(t, new(Protocol), speeds) }

func BenchmarkFraming(b *testing.B) { protocoltest.Framing(b, new(Protocol), speeds) }

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
