package smtp

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	netsmtp "net/smtp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// vaurien starts the proxy for SMTP in front of a server. When the test ends,
// it must not have given up telling messages apart.
func vaurien(t testing.TB, backend string, args ...string) string {
	t.Helper()
	p, addr := lab.Vaurien(t, append([]string{"--protocol", "smtp", "--proxy", "127.0.0.1:0", "--backend", backend}, args...)...)
	t.Cleanup(func() {
		for line := range strings.Lines(p.Out.String()) {
			if strings.Contains(line, "goes on as tcp") || strings.Contains(line, "panic") || strings.Contains(line, "DATA RACE") || strings.Contains(line, "level=ERROR") {
				t.Errorf("vaurien did not understand: %s", line)
			}
		}
	})
	return addr
}

// senders are the programs and libraries that send mail, each in some of its
// ways. Each sends the same each time.
var senders = []struct {
	name  string
	mails int // to alice
	send  func(t *testing.T, addr string)
}{
	{"swaks", 1, func(t *testing.T, addr string) { swaks(t, addr, "hello.eml") }},
	{"swaks, pipelining", 1, func(t *testing.T, addr string) { swaks(t, addr, "hello.eml", "--pipeline") }},
	{"swaks, 4 MB with dots", 1, func(t *testing.T, addr string) { swaks(t, addr, "large.eml", "--pipeline") }},
	{"swaks, AUTH PLAIN", 1, func(t *testing.T, addr string) {
		swaks(t, addr, "hello.eml", "--auth", "PLAIN", "--auth-user", "alice", "--auth-password", "secret")
	}},
	{"swaks, AUTH LOGIN", 1, func(t *testing.T, addr string) {
		swaks(t, addr, "hello.eml", "--auth", "LOGIN", "--auth-user", "alice", "--auth-password", "secret")
	}},
	{"smtp-source, 4 connections", 40, func(t *testing.T, addr string) {
		lab.Run(t, "smtp-source", "-c", "-s", "4", "-m", "40", "-l", "20000", "-f", "eve@sender.example", "-t", "alice@example.com", addr)
	}},
	{"smtp-source, one connection", 40, func(t *testing.T, addr string) {
		lab.Run(t, "smtp-source", "-c", "-d", "-s", "1", "-m", "40", "-l", "500", "-f", "eve@sender.example", "-t", "alice@example.com", addr)
	}},
	{"net/smtp", 1, func(t *testing.T, addr string) {
		auth := netsmtp.PlainAuth("", "alice", "secret", "127.0.0.1")
		lab.Must(t, netsmtp.SendMail(addr, auth, "eve@sender.example", []string{"alice@example.com", "bob@example.com"}, []byte(hello)))
	}},
	{"go-smtp", 2, func(t *testing.T, addr string) {
		c, err := smtp.Dial(addr)
		lab.Must(t, err)
		defer c.Close()
		for range 2 {
			lab.Must(t, c.SendMail("eve@sender.example", []string{"alice@example.com"}, strings.NewReader(hello)))
		}
		lab.Must(t, c.Quit())
	}},
	{"chunks", 1, func(t *testing.T, addr string) {
		k := talk(t, addr)
		k.gets("", "220 ")
		k.gets("EHLO client.example\r\n", "250-")
		k.send("MAIL FROM:<eve@sender.example>\r\nRCPT TO:<alice@example.com>\r\nBDAT 17\r\nSubject: hello\r\n\rBDAT 12 LAST\r\n\nHallo.\r\n.\r\nQUIT\r\n")
		for _, want := range []string{"250 2.1.0", "250 2.1.5", "250 2.0.0 Ok: 17", "250 2.0.0 Ok: ", "221 "} {
			k.gets("", want)
		}
		k.closed()
	}},
}

const hello = "Subject: hello\r\n\r\nHello, Alice.\r\n.one dot\r\n"

// swaks sends a file.
func swaks(t *testing.T, addr, file string, args ...string) {
	t.Helper()
	text := hello
	if file == "large.eml" {
		text = "Subject: large\r\n\r\n" + strings.Repeat("..two dots\r\n.\r\n0123456789abcdef0123456789abcdef0123456789abcdef\r\n", 60000)
	}
	path := filepath.Join(t.TempDir(), file)
	lab.Must(t, os.WriteFile(path, []byte(text), 0o644))
	lab.Run(t, "swaks", append([]string{"--server", addr, "--from", "eve@sender.example", "--to", "alice@example.com",
		"--ehlo", "client.example", "--data", "@" + path, "--silent", "2"}, args...)...)
}

// traced are the header lines that differ from mail to mail.
var traced = regexp.MustCompile(`(?m)^(Return-Path|X-Original-To|Delivered-To|Received|Date|Message-Id):.*\n([ \t].*\n)*`)

// checksums returns those of the mails in a mailbox, sorted, and empties it.
func (p *postfix) checksums(box string, n int) []string {
	p.t.Helper()
	p.wait(box, n)
	files, err := filepath.Glob(filepath.Join(p.dir, "mail", box, "new", "*"))
	lab.Must(p.t, err)
	var sums []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		lab.Must(p.t, err)
		sums = append(sums, fmt.Sprintf("%x", sha256.Sum256(traced.ReplaceAll(b, nil))))
		lab.Must(p.t, os.Remove(f))
	}
	slices.Sort(sums)
	return sums
}

// Programs and libraries deliver through every plan what they deliver to
// Postfix itself.
func TestSendersDeliverTheSameAsDirect(t *testing.T) {
	p := startPostfix(t, "smtpd_sasl_auth_enable = yes", "smtpd_client_connection_count_limit = 0")
	routes := []struct{ name, addr string }{
		{"direct", p.addr},
		{"dummy", vaurien(t, p.addr, "--behavior", "100:dummy")},
		{"delay", vaurien(t, p.addr, "--behavior", "30:delay", "--behavior-delay-sleep", "3ms")},
		{"delay, before and after", vaurien(t, p.addr, "--behavior", "30:delay", "--behavior-delay-sleep", "3ms", "--behavior-delay-before=false")},
	}
	for _, s := range senders {
		t.Run(s.name, func(t *testing.T) {
			var direct []string
			for _, r := range routes {
				s.send(t, r.addr)
				sums := p.checksums("alice", s.mails)
				if r.name == "direct" {
					direct = sums
				} else if !slices.Equal(sums, direct) {
					t.Errorf("%s: the mails are not what they are direct", r.name)
				}
			}
		})
	}
}

// A server that has waited long enough says so to a client that waits too.
func TestTimeoutIsPassedOn(t *testing.T) {
	p := startPostfix(t, "smtpd_timeout = 1s")
	k := talk(t, vaurien(t, p.addr, "--behavior", "100:delay", "--behavior-delay-sleep", "1ms"))
	k.gets("", "220 ")
	k.gets(ehlo, "250-")
	k.gets("", "421 4.4.2 mx.example.com Error: timeout exceeded\r\n")
	k.closed()
}

// A mail of many megabytes is not held.
func TestLargeMail(t *testing.T) {
	p := startPostfix(t, "message_size_limit = 0", "virtual_mailbox_limit = 0")
	k := talk(t, vaurien(t, p.addr, "--behavior", "100:dummy"))
	k.gets("", "220 ")
	k.gets(ehlo, "250-")
	k.send(mail + rcpt + data)
	for _, want := range []string{"250 ", "250 ", "354 "} {
		k.gets("", want)
	}
	line := bytes.Repeat([]byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n"), 1<<14)
	for range 64 {
		k.send(string(line))
	}
	k.gets("\r\n.\r\n", "250 2.0.0 Ok")
	if got := len(p.wait("alice", 1)[0]); got < 63<<20 {
		t.Errorf("%d bytes arrived", got)
	}
}
