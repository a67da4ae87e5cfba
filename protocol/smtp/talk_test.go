package smtp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// What a server says that takes everything.
const (
	greeting = "220 mx.example.com ESMTP\r\n"
	ehloOK   = "250-mx.example.com\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 CHUNKING\r\n"
	ok       = "250 2.0.0 Ok\r\n"
	goAhead  = "354 go ahead\r\n"
	bye      = "221 2.0.0 Bye\r\n"
)

// crlf writes lines as SMTP has them.
func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

// laws asserts the laws on a talk and returns it in short: for each message its
// verb, the length of its body, and its flags.
func laws(t testing.TB, requests, replies string) (protocoltest.Transcript, string, string) {
	t.Helper()
	got := protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: []byte(requests), Replies: []byte(replies)})
	return got, short(got.Requests), short(got.Replies)
}

func short(s protocoltest.Stream) string {
	var all []string
	for _, f := range s.Frames {
		text := f.Verb
		if len(f.Body) > 0 {
			text += fmt.Sprintf(" %d", len(f.Head)+len(f.Body))
		}
		for _, flag := range []struct {
			set  bool
			sign string
		}{
			{!f.Whole, " cut"}, {f.Barrier, "!"}, {f.Continues, "&"}, {f.More, "+"},
			{f.Invites, "?"}, {f.Unasked, "*"}, {f.Switch, ">"},
		} {
			if flag.set {
				text += flag.sign
			}
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

func TestTalks(t *testing.T) {
	for _, tt := range []struct {
		name              string
		requests, replies string
		asked, said       string
		left              string // of the requests, not taken
		err               string // about the requests, or else the replies
	}{
		{
			name:     "one mail",
			requests: crlf("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "Subject: x", "", "..dot", ".", "QUIT"),
			replies:  greeting + ehloOK + ok + ok + goAhead + ok + bye,
			asked:    "connect EHLO! MAIL RCPT DATA! DATA 24& QUIT", said: "220 250 250 250 354? 250 221",
		},
		{
			name:     "two mails, one of them empty, the other refused",
			requests: crlf("ehlo a", "mail from:<a@b>", "rcpt to:<c@d>", "data", ".", "Mail From:<a@b>", "Rcpt To:<c@d>", "Data", "QUIT"),
			replies:  greeting + ehloOK + ok + ok + goAhead + ok + ok + "550 no\r\n" + "554 5.5.1 none\r\n" + bye,
			asked:    "connect EHLO! MAIL RCPT DATA! DATA& MAIL RCPT DATA! QUIT", said: "220 250 250 250 354? 250 250 550 554 221",
		},
		{
			name:     "pipelining",
			requests: crlf("EHLO a", "RSET", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "DATA", "x", ".", "QUIT"),
			replies:  greeting + ehloOK + ok + ok + ok + "451 later\r\n" + goAhead + ok + bye,
			asked:    "connect EHLO! RSET MAIL RCPT RCPT DATA! DATA 6& QUIT", said: "220 250 250 250 250 451 354? 250 221",
		},
		{
			name:     "chunks",
			requests: "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 5\r\nab\r\nc" + "bdat 3 last\r\n.\r\n" + "BDAT 0 LAST\r\nQUIT\r\n",
			replies:  greeting + ehloOK + ok + ok + ok + ok + "503 no\r\n" + bye,
			asked:    "connect EHLO! MAIL RCPT BDAT 13 BDAT 16 BDAT QUIT", said: "220 250 250 250 250 250 503 221",
		},
		{
			name:     "chunks that nobody offered",
			requests: "HELO a\r\nBDAT 5 LAST\r\nhello",
			replies:  greeting + ok,
			asked:    "connect HELO!", said: "220 250", left: "BDAT 5 LAST\r\nhello", err: "does not offer CHUNKING",
		},
		{
			name:     "authentication",
			requests: crlf("EHLO a", "AUTH LOGIN", "YQ==", "Yg==", "AUTH PLAIN AGEAYg==", "AUTH PLAIN", "*", "AUTH CRAM-MD5", "=", "NOOP"),
			replies:  greeting + ehloOK + "334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n535 no\r\n" + "235 yes\r\n" + "334 \r\n501 cancelled\r\n" + "334 PDEuMkBhPg==\r\n535 no\r\n" + ok,
			asked:    "connect EHLO! AUTH! AUTH!& AUTH!& AUTH! AUTH! AUTH!& AUTH! AUTH!& NOOP",
			said:     "220 250 334? 334? 535 235 334? 501 334? 535 250",
		},
		{
			name:     "STARTTLS",
			requests: "EHLO a\r\nSTARTTLS\r\n\x16\x03\x01",
			replies:  greeting + ehloOK + "220 go\r\n\x16\x03\x03",
			asked:    "connect EHLO! STARTTLS!", said: "220 250 220>", left: "\x16\x03\x01", err: "switched",
		},
		{
			name:     "no STARTTLS",
			requests: "EHLO a\r\nSTARTTLS\r\nNOOP\r\n",
			replies:  greeting + ehloOK + "454 no\r\n" + ok,
			asked:    "connect EHLO! STARTTLS! NOOP", said: "220 250 454 250",
		},
		{
			name:     "the two change places",
			requests: "EHLO a\r\nATRN example.com\r\n",
			replies:  greeting + ehloOK + ok + "EHLO mx\r\n",
			asked:    "connect EHLO! ATRN!", said: "220 250 250>", err: "switched",
		},
		{
			name:     "LMTP",
			requests: crlf("LHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "RCPT TO:<g@h>", "DATA", "x", ".", "QUIT"),
			replies:  greeting + ehloOK + ok + ok + "550 no\r\n" + ok + goAhead + ok + "452 full\r\n" + bye,
			asked:    "connect LHLO! MAIL RCPT RCPT RCPT DATA! DATA 6& QUIT", said: "220 250 250 250 550 250 354? 250+ 452 221",
		},
		{
			name:     "LMTP that is shut down",
			requests: crlf("LHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "DATA", "."),
			replies:  greeting + ehloOK + ok + ok + ok + goAhead + "421 gone\r\n",
			asked:    "connect LHLO! MAIL RCPT RCPT DATA! DATA&", said: "220 250 250 250 250 354? 421",
		},
		{
			name:     "LMTP in chunks",
			requests: crlf("LHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>") + "BDAT 1\r\nxBDAT 1 LAST\r\ny" + crlf("QUIT"),
			replies:  greeting + ehloOK + ok + ok + ok + ok + ok + ok + bye,
			asked:    "connect LHLO! MAIL RCPT RCPT BDAT 9 BDAT 14 QUIT", said: "220 250 250 250 250 250 250+ 250 221",
		},
		{
			name:     "commands that nobody knows",
			requests: crlf("GET / HTTP/1.1", "X-ANYTHING", "XEXCH50 1 2"),
			replies:  greeting + "500 what\r\n500 what\r\n354 binary\r\n",
			asked:    "connect unknown! unknown! unknown!", said: "220 500 500", err: "354 to another command",
		},
		{
			name:     "an authentication that Go cancels twice",
			requests: crlf("EHLO a", "AUTH PLAIN AGEAYg==", "*", "QUIT"), replies: greeting + ehloOK + "535 no\r\n502 what\r\n" + bye,
			asked: "connect EHLO! AUTH! unknown! QUIT", said: "220 250 535 502 221",
		},
		{
			name:     "refused, and told to go",
			requests: crlf("EHLO a", "QUIT"), replies: "554-go\r\n554\r\n503 no\r\n221 bye\r\n",
			asked: "connect EHLO! QUIT", said: "554 503 221",
		},
		{
			name:     "a server that has waited long enough",
			requests: crlf("NOOP"), replies: greeting + ok + "421 4.4.2 timeout\r\n",
			asked: "connect NOOP", said: "220 250 421*",
		},
		{name: "TLS at once", requests: "\x16\x03\x01\x02\x00", replies: "\x16\x03", asked: "connect unknown 5", err: "0x16 in a reply's code"},
		{name: "TLS later", requests: "NOOP\r\n\x16\x03\x01", replies: greeting + ok, asked: "connect NOOP", said: "220 250", left: "\x16\x03\x01", err: "0x16 where a command begins"},
		{name: "an empty line", requests: "\r\n", replies: greeting, asked: "connect", said: "220", left: "\r\n", err: "0x0d where a command begins"},
		{name: "LF alone", requests: "NOOP\n", replies: greeting, asked: "connect", said: "220", left: "NOOP\n", err: "LF alone"},
		{name: "CR alone", requests: "NO\rOP\r\n", replies: greeting, asked: "connect", said: "220", left: "NO\rOP\r\n", err: "a CR inside"},
		{name: "NUL", requests: "NOOP \x00\r\n", replies: greeting, asked: "connect", said: "220", left: "NOOP \x00\r\n", err: "0x00 in a line"},
		{name: "a command cut off", requests: "NOO", replies: greeting, asked: "connect", said: "220", left: "NOO", err: "EOF"},
		{name: "another protocol", requests: "", replies: "* OK IMAP4\r\n", asked: "connect", err: "0x2a in a reply's code"},
		{name: "two codes", requests: "", replies: "250-a\r\n251 b\r\n", asked: "connect", err: "two codes"},
		{name: "no code", requests: "", replies: "220\n", asked: "connect", err: "0x0a after a reply's code"},
		{name: "LF in a reply", requests: "", replies: "220 a\n", asked: "connect", err: "LF alone"},
		{name: "an answer to nothing", requests: "", replies: greeting + ok, asked: "connect", said: "220", err: "250 to no command"},
		{name: "a mail without DATA", requests: crlf("NOOP", "x"), replies: greeting + goAhead, asked: "connect NOOP unknown!", said: "220", err: "354 to another"},
		{name: "354 twice", requests: crlf("DATA", "."), replies: greeting + goAhead + goAhead, asked: "connect DATA! DATA&", said: "220 354?", err: "354 to another"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, asked, said := laws(t, tt.requests, tt.replies)
			if asked != tt.asked {
				t.Errorf("requests: %s\nwant:     %s", asked, tt.asked)
			}
			if said != tt.said {
				t.Errorf("replies: %s\nwant:    %s", said, tt.said)
			}
			if tt.left != "" && string(got.Requests.Rest) != tt.left {
				t.Errorf("not taken: %q, want %q", got.Requests.Rest, tt.left)
			}
			if errs := fmt.Sprint(got.Requests.Err, "; ", got.Replies.Err); !strings.Contains(errs, tt.err) {
				t.Errorf("ended by %s, want %s", errs, tt.err)
			}
		})
	}
}
