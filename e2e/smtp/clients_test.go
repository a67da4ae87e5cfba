package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netsmtp "net/smtp"
	"net/textproto"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/vaurien-proxy/vaurien/e2e/lab"
	protocol "github.com/vaurien-proxy/vaurien/protocol/smtp"
	gomail "github.com/wneessen/go-mail"
)

// A client sends two mails to alice and bob on one connection, after STARTTLS
// or AUTH if it is told to, and returns what it saw: the error of the first and
// what became of the second.
type client struct {
	name string
	send func(addr string, startTLS, auth bool) (saw string)
}

var clients = []client{
	{"net/smtp", byNetSMTP},
	{"github.com/emersion/go-smtp", byGoSMTP},
	{"github.com/wneessen/go-mail", byGoMail},
}

var insecure = &tls.Config{InsecureSkipVerify: true}

// version returns a client's name with its version.
func (c client) version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == c.name {
				return c.name + " " + d.Version
			}
		}
	}
	return c.name
}

// outcome writes what a client saw. first is the error of the first mail, as
// the client parsed it, second the one of the second mail.
func outcome(first string, second error) string {
	switch {
	case second == nil:
		return first + "; the next mail on the connection is taken"
	case lost(second):
		return first + "; the connection is closed"
	}
	return first + "; then " + second.Error()
}

// lost tells whether an error is a connection's.
func lost(err error) bool {
	var op *net.OpError
	text := err.Error()
	return errors.As(err, &op) || strings.Contains(text, "EOF") || strings.Contains(text, "broken pipe") ||
		strings.Contains(text, "reset by peer") || strings.Contains(text, "closed") || strings.Contains(text, "not connected")
}

func byNetSMTP(addr string, startTLS, auth bool) string {
	c, err := netsmtp.Dial(addr)
	if err != nil {
		return parsedText(err)
	}
	defer c.Close()
	send := func() error {
		if err := c.Mail("eve@sender.example"); err != nil {
			return err
		}
		for _, to := range []string{"alice@example.com", "bob@example.com"} {
			if err := c.Rcpt(to); err != nil {
				return err
			}
		}
		w, err := c.Data()
		if err != nil {
			return err
		}
		fmt.Fprint(w, hello)
		return w.Close()
	}
	err = c.Hello("client.example")
	if err == nil && startTLS {
		err = c.StartTLS(insecure)
	}
	if err == nil && auth {
		err = c.Auth(netsmtp.PlainAuth("", "alice", "secret", "127.0.0.1"))
	}
	if err == nil {
		err = send()
	}
	if err == nil {
		return "nothing"
	}
	c.Reset() // a transaction may be open
	return outcome(parsedText(err), send())
}

// parsedText is what net/smtp makes of an error.
func parsedText(err error) string {
	if e, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Sprintf("*textproto.Error Code %d Msg %q", e.Code, e.Msg)
	}
	return fmt.Sprintf("%T %v", err, err)
}

func byGoSMTP(addr string, startTLS, auth bool) string {
	c, err := smtp.Dial(addr)
	if err != nil {
		return parsedSMTP(err)
	}
	if startTLS {
		c.Close()
		if c, err = smtp.DialStartTLS(addr, insecure); err != nil {
			return parsedSMTP(err)
		}
	}
	defer c.Close()
	send := func() error {
		return c.SendMail("eve@sender.example", []string{"alice@example.com", "bob@example.com"}, strings.NewReader(hello))
	}
	err = c.Hello("client.example")
	if err == nil && auth {
		err = c.Auth(sasl.NewLoginClient("alice", "secret"))
	}
	if err == nil {
		err = send()
	}
	if err == nil {
		return "nothing"
	}
	c.Reset()
	return outcome(parsedSMTP(err), send())
}

// parsedSMTP is what go-smtp makes of an error.
func parsedSMTP(err error) string {
	if e, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return fmt.Sprintf("*smtp.SMTPError Code %d EnhancedCode %v Temporary %v", e.Code, e.EnhancedCode, e.Temporary())
	}
	return fmt.Sprintf("%T %v", err, err)
}

func byGoMail(addr string, startTLS, auth bool) string {
	host, port, _ := net.SplitHostPort(addr)
	number, _ := strconv.Atoi(port)
	options := []gomail.Option{gomail.WithPort(number), gomail.WithHELO("client.example"), gomail.WithTLSConfig(insecure)}
	if startTLS {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	} else {
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if auth {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthCramMD5), gomail.WithUsername("alice"), gomail.WithPassword("secret"))
	}
	c, err := gomail.NewClient(host, options...)
	if err != nil {
		return err.Error()
	}
	send := func() error {
		m := gomail.NewMsg()
		if err := errors.Join(m.From("eve@sender.example"), m.To("alice@example.com", "bob@example.com")); err != nil {
			return err
		}
		m.Subject("hello")
		m.SetBodyString(gomail.TypeTextPlain, "Hello, Alice.")
		return c.Send(m)
	}
	if err := c.DialWithContext(context.Background()); err != nil {
		return parsedText(err)
	}
	defer c.Close()
	if err = send(); err == nil {
		return "nothing"
	}
	return outcome(parsedMail(err), send())
}

// parsedMail is what go-mail makes of an error.
func parsedMail(err error) string {
	if e, ok := errors.AsType[*gomail.SendError](err); ok {
		return fmt.Sprintf("*mail.SendError %v ErrorCode %d EnhancedStatusCode %q IsTemp %v", e.Reason, e.ErrorCode(), e.EnhancedStatusCode(), e.IsTemp())
	}
	return fmt.Sprintf("%T %v", err, err)
}

// Each failure is the typed error for clients that it is from Postfix, at its
// moment, and afterwards the connection is as it would be.
func TestClientsSeeTheFailures(t *testing.T) {
	p := startPostfix(t, append(certificate(t), "smtpd_sasl_auth_enable = yes")...)
	host, err := os.Hostname()
	lab.Must(t, err)
	var rows []lab.Parsed
	for _, k := range new(protocol.Protocol).Failures() {
		for _, c := range clients {
			args := []string{"--behavior", "100:error", "--behavior-error-kind", k.Name, "--behavior-error-first", "1"}
			if strings.Contains(k.Effect, "closes") && k.Phase != "connect" {
				args = append(args, "--behavior-error-match", `command == "RCPT"`)
			}
			saw := c.send(vaurien(t, p.addr, args...), k.Name == "tls-not-available", k.Phase == "authentication")
			saw = strings.ReplaceAll(saw, " "+host+" ", " HOST ")
			if saw == "nothing" {
				t.Errorf("%s: %s saw nothing", k.Name, c.name)
			}
			rows = append(rows, lab.Parsed{Kind: k.Name, Client: c.version(), Saw: saw})
		}
	}
	lab.KeepParsed(t, "../../protocol/smtp/testdata/clients.tsv", rows)
}
