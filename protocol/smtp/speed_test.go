package smtp

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

const (
	oneMail = "MAIL FROM:<ann@shop.example> SIZE=1234\r\nRCPT TO:<bob@example.com>\r\nRCPT TO:<carl@example.com>\r\nDATA\r\n"
	oneText = "Subject: hello\r\n\r\nHello, Bob.\r\n.\r\n"
	oneTalk = ok + ok + ok + goAhead + ok
)

// greeted is what is said before the first mail.
var greeted = protocoltest.Talk{Requests: []byte("EHLO a\r\n"), Replies: []byte(greeting + ehloOK), Greeting: true}

var speeds = []protocoltest.Speed{
	{Name: "RCPT", Before: greeted, Request: "RCPT TO:<bob@example.com>\r\n", Reply: ok},
	{Name: "mail", Before: greeted, Requests: 5, Request: oneMail + oneText, Reply: oneTalk, Lockstep: true},
	{
		Name: "mail of 64 KiB", Before: greeted, Requests: 5, Reply: oneTalk, Lockstep: true,
		Request: oneMail + strings.Repeat(base64Line, 64<<10/len(base64Line)) + ".\r\n",
	},
}

func TestNoAllocations(t *testing.T) { protocoltest.NoAllocations(t, new(Protocol), speeds) }

func BenchmarkFraming(b *testing.B) { protocoltest.Framing(b, new(Protocol), speeds) }

// base64Line is a line of a mail's attachment.
var base64Line = strings.Repeat("TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsu", 2) + "\r\n"

// The text of mails: lines of base64, and lines of prose.
func BenchmarkText(b *testing.B) {
	for _, bb := range []struct{ name, line string }{
		{"base64", base64Line},
		{"prose", "It was a dark and stormy night. The rain fell in torrents, except.\r\n"},
		{"dots", "..\r\n"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			text := []byte(strings.Repeat(bb.line, 16<<10/len(bb.line)))
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if n, _, err := scan(atLineStart, text); n != len(text) || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}
