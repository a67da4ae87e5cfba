package smtp

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// Each failure that Postfix was captured in is answered byte by byte as Postfix
// did, and the connection ends if it did.
func TestCapturedFailures(t *testing.T) {
	for _, f := range failures {
		if !strings.HasPrefix(f.Source, "captured") {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			c := protocoltest.ReadCapture(t, "testdata/captures/"+f.Name+".txt")
			s := newStage(t)
			switch {
			case f.Phase == vaurien.Connecting && f.Name != "tls-not-available":
				a := s.fail(s.request(""), vaurien.Failure{Kind: f.Name})
				got := bytes.Replace(a.Bytes, []byte(s.codec.serverName()), []byte("mx.example.com"), 1)
				compare(t, got, a.Close, c.Lines[0].Bytes, c.Lines[1].End != "")
			case f.Effect == closed: // Postfix says it unasked
				said, end := c.Said()
				a := s.greeted().fail(s.request("NOOP\r\n"), vaurien.Failure{Kind: f.Name})
				compare(t, a.Bytes, a.Close, said[bytes.LastIndex(said, []byte("421 ")):], end)
			default:
				failsAsCaptured(t, s.greeted(), f, c.Lines[3:])
			}
		})
	}
}

// failsAsCaptured plays a captured talk up to the request whose reply was the
// failure, and lets that request fail here.
func failsAsCaptured(t *testing.T, s *stage, f failure, talk []protocoltest.CaptureLine) {
	t.Helper()
	for ; len(talk) > 1 && talk[0].End == ""; talk = talk[2:] {
		req := s.request(string(talk[0].Bytes))
		switch {
		case !f.Fits(req), !f.atEnd && talk[1].Bytes[0] == '2':
			s.reply(req, string(talk[1].Bytes))
		case f.atEnd:
			mailFails(t, s, req, f.Name, talk[2:])
			return
		default:
			a := s.fail(req, vaurien.Failure{Kind: f.Name})
			compare(t, a.Bytes, a.Close, talk[1].Bytes, false)
			for ; a.Invites; talk = talk[2:] { // Postfix's questions are ours
				a = *s.request(string(talk[2].Bytes)).Answer
				compare(t, a.Bytes, a.Close, talk[3].Bytes, false)
			}
			if f.Phase != vaurien.Authenticating {
				return
			}
		}
	}
	if f.Phase != vaurien.Authenticating {
		t.Error("it never came to the failure")
	}
}

// compare checks an answer against what Postfix said, which knew the client.
func compare(t *testing.T, got []byte, closed bool, want []byte, end bool) {
	t.Helper()
	want = bytes.ReplaceAll(want, []byte("127.0.0.1"), []byte("unknown"))
	if !bytes.Equal(got, want) || closed != end {
		t.Errorf("%q, closed %v; Postfix said %q, closed %v", got, closed, want, end)
	}
}

// mailFails lets the mail fail that DATA begins, and checks what the server and the
// client hear. talk is the capture from the mail on.
func mailFails(t *testing.T, s *stage, req *vaurien.Message, kind string, talk []protocoltest.CaptureLine) {
	t.Helper()
	a := s.fail(req, vaurien.Failure{Kind: kind})
	say(t, "forwarded for DATA", a.Forward, "NOOP\r\n")
	m := s.reply(req, ok)
	say(t, "the reply to DATA", m.Head, "354 End data with <CR><LF>.<CR><LF>\r\n")
	if !m.Invites || m.Verb != "354" {
		t.Errorf("the reply to DATA is %s, invites %v", m.Verb, m.Invites)
	}
	mail := s.request(string(talk[0].Bytes))
	if !mail.Continues || mail.Answer == nil {
		t.Fatalf("the mail: %+v", mail)
	}
	say(t, "forwarded for the mail", mail.Answer.Forward, "RSET\r\n")
	m = s.reply(req, ok)
	compare(t, m.Head, false, talk[1].Bytes, false)
	if m.More || m.Invites {
		t.Errorf("the reply to the mail: %+v", m)
	}

	// The next mail is as any other.
	s.reply(s.request("MAIL FROM:<a@b>\r\n"), ok)
	s.reply(s.request("RCPT TO:<c@d>\r\n"), ok)
	next := s.request("DATA\r\n")
	if m := s.reply(next, goAhead); !m.Invites {
		t.Error("the next DATA gets no 354")
	}
	if mail := s.request("x\r\n.\r\n"); mail.Answer != nil {
		t.Error("the next mail is answered here")
	}
	say(t, "the reply to the next mail", s.reply(next, ok).Head, ok)
}

// Where no recipient was accepted, the server's own refusal stands, or one like
// it if that is not known yet.
func TestMailWithoutRecipients(t *testing.T) {
	s := newStage(t).greeted()
	if a := s.fail(s.request("DATA\r\n"), vaurien.Failure{Kind: "message-too-large"}); !a.Pass {
		t.Errorf("known: %+v", a)
	}

	s = newStage(t).greeted()
	mail, rcpt, req := s.request("MAIL FROM:<a@b>\r\n"), s.request("RCPT TO:<c@d>\r\n"), s.request("DATA\r\n")
	a := s.fail(req, vaurien.Failure{Kind: "message-too-large"})
	say(t, "forwarded", a.Forward, "NOOP\r\n")
	s.reply(mail, ok)
	s.reply(rcpt, "550 no\r\n")
	m := s.reply(req, ok)
	say(t, "the reply", m.Head, "554 5.5.1 Error: no valid recipients\r\n")
	if m.Invites {
		t.Error("it invites a mail")
	}
	if m := s.request("NOOP\r\n"); m.Continues || m.Answer != nil {
		t.Errorf("the next command: %+v", m)
	}
}

// A server that has something else to say than that it did as it was told is
// heard.
func TestServerGoesMeanwhile(t *testing.T) {
	s := newStage(t).greeted()
	s.reply(s.request("MAIL FROM:<a@b>\r\n"), ok)
	s.reply(s.request("RCPT TO:<c@d>\r\n"), ok)
	req := s.request("DATA\r\n")
	s.fail(req, vaurien.Failure{Kind: "content-rejected"})
	if m := s.reply(req, "421 4.3.2 gone\r\n"); string(m.Head) != "421 4.3.2 gone\r\n" || m.Invites {
		t.Errorf("%q, %+v", m.Head, m)
	}
}

func TestChunksFail(t *testing.T) {
	s := newStage(t).greeted()
	s.reply(s.request("MAIL FROM:<a@b>\r\n"), ok)
	s.reply(s.request("RCPT TO:<c@d>\r\n"), ok)
	first := s.request("BDAT 5\r\nhello")
	if atEndFits(first) {
		t.Error("a chunk that is not the last can fail as a mail")
	}
	s.reply(first, ok)
	last := s.request("BDAT 2 LAST\r\n!!")
	for range 2 { // also when the engine asks again
		a := s.fail(last, vaurien.Failure{Kind: "content-rejected", Unread: true})
		say(t, "forwarded", a.Forward, "RSET\r\n")
	}
	say(t, "the reply", s.reply(last, ok).Head, "550 5.7.1 message content rejected\r\n")
	if n := s.codec.open.Load(); n != 0 {
		t.Errorf("%d exchanges are open", n)
	}
}

func atEndFits(req *vaurien.Message) bool {
	for _, k := range vaurien.Fit(new(Protocol), req, "") {
		if k.Phase == vaurien.Committing {
			return true
		}
	}
	return false
}

// In LMTP the failure is told for each recipient.
func TestLMTPFails(t *testing.T) {
	s := newStage(t)
	s.reply(s.request(""), greeting)
	s.reply(s.request("LHLO a\r\n"), ehloOK)
	s.reply(s.request("MAIL FROM:<a@b>\r\n"), ok)
	s.reply(s.request("RCPT TO:<c@d>\r\n"), ok)
	s.reply(s.request("RCPT TO:<e@f>\r\n"), ok)
	req := s.request("DATA\r\n")
	s.fail(req, vaurien.Failure{Kind: "temporary-failure"})
	s.reply(req, ok)
	s.request("x\r\n.\r\n")
	say(t, "the reply", s.reply(req, ok).Head, strings.Repeat("451 4.3.0 Error: queue file write error\r\n", 2))
}

// A client that is refused may say what it likes until it says QUIT, and hears
// nothing of the server behind.
func TestRefusedAtConnect(t *testing.T) {
	s := newStage(t)
	a := s.fail(s.request(""), vaurien.Failure{Kind: "rejected-at-connect"})
	if a.Close || !strings.HasPrefix(string(a.Bytes), "554 5.7.1 ") {
		t.Errorf("the greeting: %+v", a)
	}
	for _, line := range []string{"EHLO a\r\n", "DATA\r\n", "BDAT 2 LAST\r\n..", "AUTH LOGIN\r\n", "STARTTLS\r\n"} {
		m := s.request(line)
		if m.Answer == nil || m.Answer.Close || m.Answer.Invites || !strings.HasPrefix(string(m.Answer.Bytes), "503 5.7.0 ") {
			t.Errorf("%q: %+v", line, m.Answer)
		}
	}
	if m := s.request("QUIT\r\n"); m.Answer == nil || !m.Answer.Close || string(m.Answer.Bytes) != bye {
		t.Errorf("QUIT: %+v", m.Answer)
	}
	go func() {
		io.WriteString(s.server, greeting+ok)
		s.server.Close()
	}()
	if err := s.codec.ReadReply(s.back, nil, new(vaurien.Message)); err != io.EOF {
		t.Errorf("the server behind: %v", err)
	}
}

func TestAuthenticationCancelled(t *testing.T) {
	s := newStage(t).greeted()
	for _, tt := range []struct{ line, challenge string }{
		{"AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n"},
		{"auth plain\r\n", "334 \r\n"},
		{"AUTH CRAM-MD5\r\n", "334 PD"},
		{"AUTH LOGIN YQ==\r\n", "334 UGFzc3dvcmQ6\r\n"},
	} {
		a := s.fail(s.request(tt.line), vaurien.Failure{Kind: "auth-failed"})
		if !a.Invites || !strings.HasPrefix(string(a.Bytes), tt.challenge[:min(7, len(tt.challenge))]) {
			t.Errorf("%q: %+v", tt.line, a)
		}
		m := s.request("*\r\n")
		if !m.Continues || m.Answer == nil || m.Answer.Invites {
			t.Errorf("%q, cancelled: %+v", tt.line, m)
			continue
		}
		say(t, "cancelled", m.Answer.Bytes, "501 5.7.0 Authentication aborted\r\n")
	}
	for _, line := range []string{"AUTH\r\n", "AUTH XOAUTH2 YQ==\r\n", "AUTH GSSAPI\r\n"} {
		if a := s.fail(s.request(line), vaurien.Failure{Kind: "auth-failed"}); a.Invites || !strings.HasPrefix(string(a.Bytes), "535") {
			t.Errorf("%q: %+v", line, a)
		}
	}
	if n := s.codec.open.Load(); n != 0 {
		t.Errorf("%d exchanges are open", n)
	}
}
