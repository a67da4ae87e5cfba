package smtp

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

const (
	oneMail = "MAIL FROM:<ann@shop.example> SIZE=1234\r\nRCPT TO:<bob@example.com>\r\nRCPT TO:<carl@example.com>\r\nDATA\r\n"
	oneText = "Subject: hello\r\n\r\nHello, Bob.\r\n.\r\n"
	oneTalk = ok + ok + ok + goAhead + ok
)

// A loop is a stream of one text over and over, whole texts at a time.
type loop struct{ text string }

func (l loop) Read(p []byte) (int, error) { return copy(p, l.text), nil }

// mailer returns what frames one mail with all its replies, 5 exchanges.
func mailer(t testing.TB) func() {
	c := &codec{protocol: new(Protocol), begun: true}
	requests, replies := vaurien.NewReader(loop{oneMail + oneText}), vaurien.NewReader(loop{oneTalk})
	reqs := make([]vaurien.Message, 5)
	reply := new(vaurien.Message)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for i := range reqs {
			reqs[i] = vaurien.Message{Info: reqs[i].Info}
			must(c.ReadRequest(requests, &reqs[i]))
			if i < 4 {
				*reply = vaurien.Message{Info: reply.Info}
				must(c.ReadReply(replies, &reqs[i], reply))
				continue
			}
			n, err := reqs[i].Body.Next(requests)
			must(err)
			requests.Take(int(n))
			*reply = vaurien.Message{Info: reply.Info}
			must(c.ReadReply(replies, &reqs[3], reply))
		}
	}
}

func TestNothingAllocated(t *testing.T) {
	if racing {
		t.Skip("allocations are not counted under the race detector")
	}
	one := mailer(t)
	one()
	if n := testing.AllocsPerRun(1000, one); n > 0 {
		t.Errorf("%v allocations for each mail", n)
	}
}

// A mail of 4 commands, its text and 5 replies.
func BenchmarkMail(b *testing.B) {
	one := mailer(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(oneMail + oneText + oneTalk)))
	for b.Loop() {
		one()
	}
}

func BenchmarkCommand(b *testing.B) {
	c := &codec{protocol: new(Protocol), begun: true}
	r := vaurien.NewReader(loop{strings.Repeat("RCPT TO:<bob@example.com>\r\n", 100)})
	m := new(vaurien.Message)
	b.ReportAllocs()
	for b.Loop() {
		*m = vaurien.Message{Info: m.Info}
		if err := c.ReadRequest(r, m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReply(b *testing.B) {
	c := &codec{protocol: new(Protocol), begun: true}
	r := vaurien.NewReader(loop{strings.Repeat(ok, 100)})
	m, req := new(vaurien.Message), &vaurien.Message{Info: &note{verb: rcptTo}}
	b.ReportAllocs()
	for b.Loop() {
		*m = vaurien.Message{}
		if err := c.ReadReply(r, req, m); err != nil {
			b.Fatal(err)
		}
	}
}

// The text of mails: lines of base64, and lines of prose.
func BenchmarkText(b *testing.B) {
	for _, bb := range []struct{ name, line string }{
		{"base64", strings.Repeat("TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsu", 2) + "\r\n"},
		{"prose", "It was a dark and stormy night. The rain fell in torrents, except.\r\n"},
		{"dots", "..\r\n"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			text := []byte(strings.Repeat(bb.line, 16<<10/len(bb.line)))
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if n, _, err := scan(atLineStart, text); n != len(text) || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}
