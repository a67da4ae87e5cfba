package smtp

import (
	"bytes"
	"io"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// endless is a stream of a pattern, for as long as it is read.
type endless struct {
	pattern string
	at      int
	left    int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) {
		k := copy(p[n:], e.pattern[e.at:])
		n += k
		e.at = (e.at + k) % len(e.pattern)
	}
	n = int(min(int64(n), e.left))
	e.left -= int64(n)
	return n, nil
}

// What never ends is refused before it costs much.
func TestEndless(t *testing.T) {
	for _, tt := range []struct {
		name, pattern string
		reply         bool
	}{
		{"a command", "x", false},
		{"an authentication", "AUTH ", false},
		{"a reply's line", "250 ", true},
		{"a reply's lines", "250-a\r\n", true},
	} {
		c := new(Protocol).NewCodec()
		m := new(vaurien.Message)
		c.ReadRequest(vaurien.NewReader(strings.NewReader("")), m)
		r := vaurien.NewReader(&endless{pattern: tt.pattern, left: 1 << 30})
		err := c.ReadRequest(r, m)
		if tt.reply {
			err = c.ReadReply(r, m, new(vaurien.Message))
		}
		if !vaurien.IsOpaque(err) || len(r.Buffered()) > 2*vaurien.MaxHead {
			t.Errorf("%s: %v, %d bytes held", tt.name, err, len(r.Buffered()))
		}
	}
}

// Lengths that nobody can mean are not believed, nor is memory spent on those
// that somebody may.
func TestChunkSizes(t *testing.T) {
	before := "EHLO a\r\n"
	replies := greeting + ehloOK
	for _, bad := range []string{
		"BDAT\r\n", "BDAT \r\n", "BDAT x\r\n", "BDAT -1\r\n", "BDAT +1\r\n", "BDAT 0x1\r\n", "BDAT 1 LAS\r\n", "BDAT 1 LAST x\r\n",
		"BDAT 99999999999999999999\r\n", "BDAT 18446744073709551617 LAST\r\n", "BDAT LAST\r\n", "BDAT 1LAST\r\n",
	} {
		got, asked, _ := laws(t, before+bad, replies)
		if asked != "connect EHLO!" || !vaurien.IsOpaque(got.Requests.Err) {
			t.Errorf("%q: %s, %v", bad, asked, got.Requests.Err)
		}
	}
	for _, good := range []string{"BDAT 2147483648\r\n", "BDAT 4294967296 LAST\r\n", "bdat  7  last \r\n"} {
		if _, asked, _ := laws(t, before+good, replies); !strings.HasSuffix(asked, " BDAT cut") {
			t.Errorf("%q: %s", good, asked)
		}
	}
}

// A mail of a gibibyte passes in constant memory, whatever it is made of.
func TestLargeMail(t *testing.T) {
	size := int64(1) << 30
	if testing.Short() {
		size = 1 << 26
	}
	for _, pattern := range []string{
		strings.Repeat("TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsu", 2) + "\r\n",
		strings.Repeat("x", 1<<16),
	} {
		c := codec{begun: true}
		c.expect(aMail)
		r := vaurien.NewReader(io.MultiReader(&endless{pattern: pattern, left: size}, strings.NewReader("\r\n.\r\n")))
		m := new(vaurien.Message)
		before := allocated()
		if err := c.ReadRequest(r, m); err != nil {
			t.Fatal(err)
		}
		total, runs, held := int64(len(m.Head)), int64(0), 0
		for {
			n, err := m.Body.Next(r)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			held = max(held, len(r.Buffered()))
			r.Take(int(n))
			total += n
			runs++
		}
		if held > 128<<10 {
			t.Errorf("%d bytes held", held)
		}
		if total != size+5 {
			t.Errorf("%d bytes framed of %d", total, size+5)
		}
		if length := total / runs; length < 4<<10 {
			t.Errorf("runs of %d bytes", length)
		}
		if grown := allocated() - before; grown > 1<<20 && !protocoltest.Racing {
			t.Errorf("%d bytes allocated", grown)
		}
	}
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// A mail of nothing but dots costs no more than another.
func TestDottedMail(t *testing.T) {
	mail := bytes.Repeat([]byte("..\r\n"), 1<<20)
	got, err := protocoltest.Play(new(Protocol).NewCodec(), protocoltest.Talk{
		Requests: append(append([]byte("DATA\r\n"), mail...), ".\r\n"...), Replies: []byte(greeting + goAhead + ok)}, protocoltest.Pace{})
	if err != nil || len(got.Requests.Frames) != 3 || !got.Requests.Frames[2].Whole {
		t.Errorf("%s, %v", short(got.Requests), err)
	}
}
