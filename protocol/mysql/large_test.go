package mysql

import (
	"io"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// loggedIn returns a codec after a login, that was told to read no requests.
func loggedIn(t testing.TB, caps capabilities) *codec {
	t.Helper()
	c := new(Protocol).NewCodec().(*codec)
	requests := vaurien.NewReader(strings.NewReader(logIn(caps)))
	replies := vaurien.NewReader(strings.NewReader(greet(mysqlCaps) + okay(2, autocommit)))
	for range 2 {
		var req, reply vaurien.Message
		if err := c.ReadRequest(requests, &req); err != nil {
			t.Fatal(err)
		}
		if err := c.ReadReply(replies, &req, &reply); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// ask lets c read one request, from nobody but text.
func ask(t testing.TB, c vaurien.Codec, text string) *vaurien.Message {
	t.Helper()
	m := new(vaurien.Message)
	if err := c.ReadRequest(vaurien.NewReader(strings.NewReader(text)), m); err != nil {
		t.Fatal(err)
	}
	return m
}

// A stream says the same again and again between a beginning and an end.
type stream struct {
	begin string
	block []byte
	left  int64 // bytes of blocks to come
	end   string
	at    int
}

func (s *stream) Read(p []byte) (n int, err error) {
	switch {
	case s.begin != "":
		n = copy(p, s.begin)
		s.begin = s.begin[n:]
	case s.left > 0:
		n = copy(p[:min(int64(len(p)), s.left)], s.block[s.at:])
		s.at = (s.at + n) % len(s.block)
		s.left -= int64(n)
	case s.end != "":
		n = copy(p, s.end)
		s.end = s.end[n:]
	default:
		err = io.EOF
	}
	return n, err
}

// A value of 1 GiB, which is 64 full packets and one that is not, passes in
// constant memory, and so do rows.
func TestLargeReplies(t *testing.T) {
	if protocoltest.Racing {
		t.Skip("slow under the race detector")
	}
	const packetsOf1GiB = 64
	rowsBegin := pkt(1, "\x01") + columns(2, 1) + eof(3, 2)
	value := strings.Repeat("v", 16<<10) // rows of 16 KiB
	row := string(appendHeader(nil, 3+len(value), 9)) + "\xfc\x00\x40" + value
	many := strings.Repeat(pkt(7, "\x05hello"), 1024)
	for _, tt := range []struct {
		name   string
		stream func(after string) io.Reader
		rows   int64
	}{
		{"rows of 16 KiB", func(after string) io.Reader {
			return &stream{begin: rowsBegin, block: []byte(row), left: int64(len(row)) << 16, end: eof(4, 2) + after}
		}, int64(len(row)) << 16},
		{"small rows", func(after string) io.Reader {
			return &stream{begin: rowsBegin, block: []byte(many), left: int64(len(many)) << 13, end: eof(4, 2) + after}
		}, int64(len(many)) << 13},
		{"one value", func(after string) io.Reader {
			parts := []io.Reader{strings.NewReader(rowsBegin)}
			for i := range packetsOf1GiB {
				parts = append(parts, strings.NewReader(string(appendHeader(nil, fullPacket, byte(i)))+"\xfe"),
					&stream{block: make([]byte, 64<<10), left: fullPacket - 1})
			}
			return io.MultiReader(append(parts, strings.NewReader(pkt(9, "end")+eof(4, 2)+after))...)
		}, packetsOf1GiB * (headerSize + fullPacket)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := loggedIn(t, oldClient)
			req := ask(t, c, query("SELECT 1"))
			r := vaurien.NewReader(tt.stream("next"))
			before := allocated()
			var m vaurien.Message
			if err := c.ReadReply(r, req, &m); err != nil {
				t.Fatal(err)
			}
			total, err := drain(r, m.Body)
			if err != nil || total < tt.rows {
				t.Fatalf("%d bytes of %d: %v", total, tt.rows, err)
			}
			if grown := allocated() - before; grown > 2<<20 {
				t.Errorf("%d bytes allocated", grown)
			}
			if len(r.Buffered()) == 0 {
				r.More()
			}
			if rest := string(r.Buffered()); rest != "next" {
				t.Errorf("left: %q", rest)
			}
		})
	}
}

// A statement of more than one packet is one request, and so is a large file.
func TestLargeRequests(t *testing.T) {
	if protocoltest.Racing {
		t.Skip("slow under the race detector")
	}
	c := loggedIn(t, oldClient)
	r := vaurien.NewReader(io.MultiReader(
		strings.NewReader(string(appendHeader(nil, fullPacket, 0))+"\x03INSERT INTO t VALUES ('"), &stream{block: make([]byte, 64<<10), left: fullPacket - 24},
		strings.NewReader(string(appendHeader(nil, fullPacket, 1))), &stream{block: make([]byte, 64<<10), left: fullPacket},
		strings.NewReader(pkt(2)+pkt(0, "\x0e"))))
	before := allocated()
	var m vaurien.Message
	if err := c.ReadRequest(r, &m); err != nil {
		t.Fatal(err)
	}
	head := len(m.Head)
	total, err := drain(r, m.Body)
	if want := int64(2*(headerSize+fullPacket) + headerSize); err != nil || int64(head)+total != want || m.Verb != "INSERT" {
		t.Errorf("%s, %d bytes of %d: %v", m.Verb, int64(head)+total, want, err)
	}
	if n := noteOf(&m); n.seq != 2 {
		t.Errorf("its last packet is %d", n.seq)
	}
	if grown := allocated() - before; grown > 2<<20 {
		t.Errorf("%d bytes allocated", grown)
	}
	var next vaurien.Message
	if err := c.ReadRequest(r, &next); err != nil || next.Verb != "PING" {
		t.Errorf("then %q, %v", next.Verb, err)
	}
}

// drain takes a body to its end.
func drain(r *vaurien.Reader, b vaurien.Body) (total int64, err error) {
	for b != nil {
		n, err := b.Next(r)
		if err == io.EOF {
			break
		}
		if err != nil {
			return total, err
		}
		for total += n; n > 0; {
			if len(r.Buffered()) == 0 {
				if err := r.More(); err != nil {
					return total - n, err
				}
			}
			k := min(n, int64(len(r.Buffered())))
			r.Take(int(k))
			n -= k
		}
	}
	return total, nil
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// What promises much or is deep or endless is passed on, or is not understood,
// and holds no memory.
func TestHostile(t *testing.T) {
	select1 := query("SELECT 1")
	huge := pkt(1, "\xfe\xff\xff\xff\xff\xff\xff\xff\x7f")
	for _, tt := range []struct{ name, requests, replies string }{
		{"2^63 columns", select1, huge},
		{"many columns, none there", select1, pkt(1, "\xfd\xff\xff\xff")},
		{"a long greeting", "", string(appendHeader(nil, fullPacket, 0)) + "\n" + strings.Repeat("x", 2<<20)},
		{"a long login", string(appendHeader(nil, fullPacket, 1)) + le(uint64(oldClient), 4) + strings.Repeat("x", 2<<20), greet(mysqlCaps)},
		{"attributes without end", pkt(0, "\x03\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"), ""},
		{"parentheses", query(strings.Repeat("(", 10000) + "SELECT 1"), okay(1, 2)},
		{"comments", query(strings.Repeat("/*!", 5000) + "SELECT"), okay(1, 2)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			talk := talkTest{caps: oldClient | clientQueryAttributes, requests: tt.requests, replies: tt.replies}.talk()
			if strings.Contains(tt.name, "long") {
				talk = protocoltest.Talk{Requests: []byte(tt.requests), Replies: []byte(tt.replies)}
				before := allocated()
				got, err := protocoltest.Play(new(Protocol).NewCodec(), talk, protocoltest.Pace{})
				if err != nil || !vaurien.IsOpaque(got.Replies.Err) && !vaurien.IsOpaque(got.Requests.Err) {
					t.Errorf("%v, %v, %v", got.Requests.Err, got.Replies.Err, err)
				}
				if grown := allocated() - before; grown > 16<<20 {
					t.Errorf("%d bytes allocated", grown)
				}
				return
			}
			protocoltest.Laws(t, new(Protocol).NewCodec, talk)
		})
	}
}
