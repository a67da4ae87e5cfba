package vaurientest_test

import (
	"bufio"
	"cmp"
	"fmt"
	"net"
	"net/smtp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien/vaurientest"
)

// mailbox takes mails, in few words.
func mailbox(c net.Conn) {
	defer c.Close()
	fmt.Fprint(c, "220 here\r\n")
	r := bufio.NewReader(c)
	data := false
	for {
		line, err := r.ReadString('\n')
		switch {
		case err != nil:
			return
		case data && line != ".\r\n":
			continue
		case strings.HasPrefix(line, "DATA"):
			data = true
			fmt.Fprint(c, "354 go on\r\n")
		case strings.HasPrefix(line, "QUIT"):
			fmt.Fprint(c, "221 bye\r\n")
			return
		default:
			data = false
			fmt.Fprint(c, "250 ok\r\n")
		}
	}
}

// Where the server speaks first its greeting is an exchange too. What is over is
// in the list as soon as the client knows, and nothing waits for it.
func TestGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := vaurientest.Listen()
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go mailbox(c)
			}
		}()
		p := vaurientest.New(t, l, vaurientest.Protocol("smtp"))
		send := func() error {
			conn, err := p.Dial(t.Context())
			if err != nil {
				return err
			}
			defer conn.Close()
			c, err := smtp.NewClient(conn, "here")
			if err != nil {
				return err
			}
			if err := cmp.Or(c.Mail("ann@example.org"), c.Rcpt("bob@example.org")); err != nil {
				return err
			}
			body, err := c.Data()
			if err != nil {
				return err
			}
			fmt.Fprint(body, "hello\r\n")
			if err := body.Close(); err != nil {
				return err
			}
			return c.Quit()
		}
		begin := time.Now()
		if err := send(); err != nil {
			t.Fatal(err)
		}
		var verbs []string
		for _, x := range p.Exchanges() {
			verbs = append(verbs, x.Verb)
			if !x.Over() || !x.Answered {
				t.Errorf("not over, or not answered: %v", x)
			}
		}
		if want := strings.Fields("connect EHLO MAIL RCPT DATA QUIT"); !slices.Equal(verbs, want) {
			t.Errorf("the exchanges are %v, not %v", verbs, want)
		}
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("it took %v", waited)
		}

		hold := p.HoldReply(t, `verb == "connect"`)
		done := make(chan error)
		go func() { done <- send() }()
		<-hold.Arrived()
		hold.Close()
		if err := <-done; err == nil {
			t.Error("there was a greeting")
		}
	})
}
