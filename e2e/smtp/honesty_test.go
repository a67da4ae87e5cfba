package smtp

import (
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// failing starts a proxy that lets the first exchange for which match is true
// fail.
func failing(t testing.TB, backend, kind, match string) string {
	t.Helper()
	return vaurien(t, backend, "--behavior", "100:error", "--behavior-error-kind", kind,
		"--behavior-error-match", match, "--behavior-error-first", "1")
}

// endings are the failures at the end of a mail.
var endings = map[string]string{
	"insufficient-storage": "452 4.3.1 ", "temporary-failure": "451 4.3.0 ",
	"message-too-large": "552 5.3.4 ", "content-rejected": "550 5.7.1 ",
}

// A mail that fails at its end is neither kept nor delivered, whether its
// commands come one by one or all at once, and the next mail of the connection
// is.
func TestFailedMailIsNotDelivered(t *testing.T) {
	p := startPostfix(t)
	sent := 0
	for kind, want := range endings {
		for _, at := range []string{"lockstep", "pipelining", "chunks"} {
			t.Run(kind+", "+at, func(t *testing.T) {
				match := `command == "DATA"`
				if at == "chunks" {
					match = `command == "BDAT"`
				}
				k := talk(t, failing(t, p.addr, kind, match))
				k.gets("", "220 ")
				k.gets(ehlo, "250-")
				failed := strings.Replace(text, "hello", "failed", 1)
				switch at {
				case "lockstep":
					k.gets(mail, "250 ")
					k.gets(rcpt, "250 ")
					k.gets(data, "354 ")
				case "pipelining":
					k.send("RSET\r\n" + mail + rcpt + "RCPT TO:<nobody@example.com>\r\n" + data)
					for _, want := range []string{"250 ", "250 ", "250 ", "550 5.1.1", "354 "} {
						k.gets("", want)
					}
				case "chunks":
					k.send(mail + rcpt + "BDAT 6\r\nfailed")
					for range 3 {
						k.gets("", "250 ")
					}
					failed = "BDAT 5 LAST\r\nagain"
				}
				k.gets(failed, want)
				k.gets("RCPT TO:<alice@example.com>\r\n", "503 5.5.1 Error: need MAIL command") // the transaction is over
				k.gets(mail, "250 ")
				k.gets(rcpt, "250 ")
				k.gets(data, "354 ")
				k.gets(text, "250 2.0.0 Ok: queued")
				k.gets(quit, "221 ")
				k.closed()
				sent++
			})
		}
	}
	for _, m := range p.wait("alice", sent) {
		if !strings.Contains(m, "Subject: hello") || strings.Contains(m, "failed") {
			t.Errorf("delivered:\n%s", m)
		}
	}
}

// Where no recipient is left there is no mail to fail.
func TestNoMailToFail(t *testing.T) {
	p := startPostfix(t)
	addr := vaurien(t, p.addr, "--behavior", "100:error", "--behavior-error-kind", "content-rejected")
	for _, pipelining := range []bool{false, true} {
		k := talk(t, addr)
		k.gets("", "220 ")
		k.gets(ehlo, "250-")
		lines := []string{mail, "RCPT TO:<nobody@example.com>\r\n", data}
		if pipelining {
			k.send(strings.Join(lines, ""))
			lines = []string{"", "", ""}
		}
		for i, want := range []string{"250 ", "550 5.1.1", "554 5.5.1 Error: no valid recipients\r\n"} {
			k.gets(lines[i], want)
		}
		k.gets("RSET\r\n", "250 ")
		k.gets(quit, "221 ")
	}
}

// Recipients fail one by one, and the mail goes to the others.
func TestSomeRecipientsOnly(t *testing.T) {
	p := startPostfix(t)
	k := talk(t, vaurien(t, p.addr, "--behavior", "100:error", "--behavior-error-kind", "mailbox-full",
		"--behavior-error-match", `recipient == "alice@example.com"`))
	k.gets("", "220 ")
	k.gets(ehlo, "250-")
	k.send(mail + rcpt + bob + data)
	for _, want := range []string{"250 ", "452 4.2.2 <alice@example.com>: ", "250 ", "354 "} {
		k.gets("", want)
	}
	k.gets(text, "250 ")
	k.gets(quit, "221 ")
	p.wait("bob", 1)
	if n := len(p.mails("alice")); n > 0 {
		t.Errorf("alice has %d mails", n)
	}
}

// The mail is taken and the client never learns so: when it tries again there
// are two.
func TestCommitUnknown(t *testing.T) {
	p := startPostfix(t)
	addr := vaurien(t, p.addr, "--behavior", "100:commit-unknown", "--behavior-commit-unknown-match", `command == "DATA"`,
		"--behavior-commit-unknown-first", "1")
	for attempt, want := range []string{"", "250 2.0.0 Ok: queued"} {
		k := talk(t, addr)
		k.gets("", "220 ")
		k.gets(ehlo, "250-")
		k.gets(mail, "250 ")
		k.gets(rcpt, "250 ")
		k.gets(data, "354 ")
		if got := k.says(text); (got == "") != (want == "") || !strings.HasPrefix(got, want) {
			t.Errorf("attempt %d: %q, want %q", attempt+1, got, want)
		}
		p.wait("alice", attempt+1)
	}
}

// A client that is not welcome may stay until it says QUIT.
func TestNotWelcome(t *testing.T) {
	p := startPostfix(t)
	k := talk(t, vaurien(t, p.addr, "--behavior", "100:error", "--behavior-error-kind", "rejected-at-connect"))
	k.gets("", "554 5.7.1 ")
	k.gets(ehlo, "503 5.7.0 ")
	k.gets(data, "503 5.7.0 ")
	k.gets(quit, "221 2.0.0 Bye")
	k.closed()
}

// Whatever fails at random, clients and server agree: what the client is told
// was taken is delivered once, and nothing else is.
func TestRandomFailures(t *testing.T) {
	p := startPostfix(t, "smtpd_hard_error_limit = 1000", "smtpd_junk_command_limit = 1000")
	addr := vaurien(t, p.addr, "--behavior", "20:error", "--seed", "7")
	taken := 0
	for range 150 {
		k := talk(t, addr)
		for _, step := range []struct{ say, want string }{{"", "220"}, {ehlo, "250"}, {mail, "250"}, {rcpt, "250"}, {data, "354"}, {text, "250"}} {
			got := k.says(step.say)
			if !strings.HasPrefix(got, step.want) {
				if got == "" || got[0] != '4' && got[0] != '5' {
					t.Errorf("%q got %q", step.say, got)
				}
				break
			}
			if step.say == text {
				taken++
			}
		}
		k.c.Close()
	}
	if taken == 0 || taken == 150 {
		t.Errorf("%d of 150 mails were taken", taken)
	}
	p.wait("alice", taken)
}

// After STARTTLS everything passes.
func TestStartTLS(t *testing.T) {
	p := startPostfix(t, certificate(t)...)
	addr := vaurien(t, p.addr, "--behavior", "100:delay", "--behavior-delay-sleep", "1ms")
	lab.Must(t, sendByTLS(addr))
	if got := p.wait("alice", 1)[0]; !strings.Contains(got, "Hello, Alice.") {
		t.Errorf("delivered:\n%s", got)
	}
}

// TLS from the first byte is no SMTP, and passes.
func TestImplicitTLS(t *testing.T) {
	p := startPostfix(t, append(certificate(t), "smtpd_tls_wrappermode = yes")...)
	_, addr := lab.Vaurien(t, "--protocol", "smtp", "--proxy", "127.0.0.1:0", "--backend", p.addr, "--behavior", "100:dummy")
	c, err := smtp.DialTLS(addr, insecure)
	lab.Must(t, err)
	defer c.Close()
	lab.Must(t, c.SendMail("eve@sender.example", []string{"alice@example.com"}, strings.NewReader(hello)))
	p.wait("alice", 1)
}
