package smtp

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

const (
	ehlo = "EHLO client.example\r\n"
	mail = "MAIL FROM:<eve@sender.invalid>\r\n"
	rcpt = "RCPT TO:<alice@example.com>\r\n"
	bob  = "RCPT TO:<bob@example.com>\r\n"
	data = "DATA\r\n"
	text = "Subject: hello\r\n\r\nHello, Alice.\r\n.\r\n"
	quit = "QUIT\r\n"
)

// scenarios drive Postfix into each failure that it can be driven into.
var scenarios = []struct {
	name    string
	service string   // "" for smtpd
	conf    []string // lines of main.cf
	before  int      // so many connections are open
	says    []string // in lockstep, after the greeting
	closed  bool     // the server closes
}{
	{"too-many-connections", "", []string{"smtpd_client_connection_count_limit = 1", "smtpd_client_event_limit_exceptions ="}, 1, nil, true},
	{"too-busy", "1 postscreen", []string{"postscreen_pre_queue_limit = 10", "postscreen_greet_wait = 30s"}, 10, nil, true},
	{"rejected-at-connect", "", []string{"smtpd_delay_reject = no", "smtpd_client_restrictions = check_client_access static:REJECT"}, 0,
		[]string{ehlo, mail, "NOOP\r\n", data, quit}, true},
	{"idle-timeout", "", []string{"smtpd_timeout = 1s"}, 0, []string{ehlo, ""}, true},
	{"too-many-errors", "", []string{"smtpd_hard_error_limit = 1"}, 0, []string{ehlo, rcpt, ""}, true},
	{"tls-not-available", "", []string{"smtpd_tls_security_level = may", "smtpd_tls_cert_file = $DIR/none"}, 0, []string{ehlo, "STARTTLS\r\n", quit}, true},
	{"auth-failed", "", []string{"smtpd_sasl_auth_enable = yes"}, 0,
		[]string{ehlo, "AUTH PLAIN AGFsaWNlAHdyb25n\r\n", "AUTH PLAIN\r\n", "AGFsaWNlAHdyb25n\r\n", "AUTH LOGIN\r\n", "YWxpY2U=\r\n", "d3Jvbmc=\r\n", "AUTH LOGIN YWxpY2U=\r\n", "*\r\n", quit}, true},
	{"auth-temporary", "", []string{"smtpd_sasl_auth_enable = yes", noPasswords}, 0,
		[]string{ehlo, "AUTH PLAIN AGFsaWNlAHdyb25n\r\n", "AUTH LOGIN\r\n", "YWxpY2U=\r\n", "d3Jvbmc=\r\n", quit}, true},
	{"queue-full", "", []string{"queue_minfree = 1000000000000000"}, 0, []string{ehlo, mail, rcpt, quit}, true},
	{"sender-domain-not-found", "", []string{"smtpd_delay_reject = no", "smtpd_sender_restrictions = reject_unknown_sender_domain"}, 0, []string{ehlo, mail, rcpt, quit}, true},
	{"sender-refused", "", []string{"smtpd_delay_reject = no", "smtpd_sender_restrictions = check_sender_access static:REJECT"}, 0, []string{ehlo, mail, rcpt, quit}, true},
	{"greylisted", "", []string{"smtpd_recipient_restrictions = check_recipient_access static:{451 4.7.1 Greylisted, try again later}"}, 0, []string{ehlo, mail, rcpt, quit}, true},
	{"mailbox-busy", "", []string{"smtpd_recipient_restrictions = check_recipient_access static:{450 4.2.1 Mailbox busy}"}, 0, []string{ehlo, mail, rcpt, quit}, true},
	{"mailbox-full", "", []string{"smtpd_recipient_restrictions = check_recipient_access static:{452 4.2.2 Mailbox full}"}, 0, []string{ehlo, mail, rcpt, quit}, true},
	{"too-many-recipients", "", []string{"smtpd_recipient_limit = 1"}, 0, []string{ehlo, mail, bob, rcpt, data, text, quit}, true},
	{"no-such-user", "", nil, 0, []string{ehlo, mail, "RCPT TO:<nobody@example.com>\r\n", data, "RSET\r\n", quit}, true},
	{"relay-denied", "", nil, 0, []string{ehlo, mail, "RCPT TO:<alice@elsewhere.example>\r\n", quit}, true},
	{"data-refused", "", []string{"smtpd_data_restrictions = defer"}, 0, []string{ehlo, mail, rcpt, data, bob, "RSET\r\n", quit}, true},
	{"temporary-failure", "", []string{"smtpd_proxy_filter = 127.0.0.1:1", "smtpd_proxy_options = speed_adjust"}, 0, []string{ehlo, mail, rcpt, data, text, mail, quit}, true},
	{"message-too-large", "", []string{"message_size_limit = 20"}, 0, []string{ehlo, mail, rcpt, data, text, mail, quit}, true},
	{"content-rejected", "", []string{"header_checks = static:REJECT"}, 0, []string{ehlo, mail, rcpt, data, text, mail, quit}, true},
}

var queueID = regexp.MustCompile(`queued as [0-9A-Z]+`)

// The captures are what Postfix says today.
func TestCaptures(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			service := s.service
			if service == "" {
				service = "- smtpd"
			}
			p := startService(t, service, s.conf...)
			for range s.before {
				talk(t, p.addr)
			}
			lab.Poll(t, func() error {
				if n := strings.Count(strings.ToLower(p.log.Out.String()), "connect from"); n < s.before {
					return fmt.Errorf("%d connections of %d:\n%s", n, s.before, p.log.Out)
				}
				return nil
			})
			addr, capture := lab.Record(t, p.addr)
			k := talk(t, addr)
			k.reply()
			for _, line := range s.says {
				k.says(line)
			}
			if s.closed {
				k.closed()
			}
			k.c.Close()
			c := capture()
			for i, l := range c.Lines { // a queue ID is another one each time
				c.Lines[i].Bytes = queueID.ReplaceAll(l.Bytes, []byte("queued as 4XXXXXXXXX"))
			}
			c.Made = append([]string{"Postfix 3.7.11, Debian 12", "main.cf:"}, s.conf...)
			lab.Keep(t, filepath.Join("../../protocol/smtp/testdata/captures", s.name+".txt"), c)
		})
	}
}
