package smtp

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

func TestCodeAndMessage(t *testing.T) {
	for _, tt := range []struct {
		f    vaurien.Failure
		want string
	}{
		{vaurien.Failure{Code: "452"}, "452 Requested action not taken: insufficient system storage\r\n"},
		{vaurien.Failure{Code: "421"}, "421 mx.example.com Service not available, closing transmission channel\r\n"},
		{vaurien.Failure{Code: "559"}, "559 Command failed\r\n"},
		{vaurien.Failure{Code: "550 5.7.26", Message: "no {host} here"}, "550 5.7.26 no {host} here\r\n"},
		{vaurien.Failure{Kind: "no-such-user", Code: "450"}, "450 4.1.1 <c@d>: Recipient address rejected: User unknown in virtual mailbox table\r\n"},
		{vaurien.Failure{Kind: "no-such-user", Code: "553 5.1.3"}, "553 5.1.3 <c@d>: Recipient address rejected: User unknown in virtual mailbox table\r\n"},
		{vaurien.Failure{Kind: "no-such-user", Message: "wer?"}, "550 5.1.1 wer?\r\n"},
		{vaurien.Failure{Kind: "too-many-recipients"}, "452 4.5.3 Error: too many recipients\r\n"},
	} {
		s := newStage(t).greeted()
		if err := new(Protocol).CheckFailure(tt.f); err != nil {
			t.Errorf("%+v: %v", tt.f, err)
		}
		a := s.fail(s.request("RCPT TO:<c@d> NOTIFY=NEVER\r\n"), tt.f)
		say(t, tt.f.Code+tt.f.Kind, a.Bytes, tt.want)
		if a.Close != strings.HasPrefix(tt.want, "421") {
			t.Errorf("%+v: closed %v", tt.f, a.Close)
		}
	}
}

func TestCheckFailure(t *testing.T) {
	for _, tt := range []struct {
		f    vaurien.Failure
		want string // part of the problem; empty for none
	}{
		{vaurien.Failure{Kind: "greylisted", Message: strings.Repeat("x", longestText)}, ""},
		{vaurien.Failure{Kind: "greylisted", Message: "warten, bitte: später\t"}, ""},
		{vaurien.Failure{Code: "452 4.3.1"}, ""},
		{vaurien.Failure{Code: "250"}, `"250" is no code of a failure: it must begin with three digits, 400 to 559`},
		{vaurien.Failure{Code: "4521"}, "three digits"},
		{vaurien.Failure{Code: "46x"}, "three digits"},
		{vaurien.Failure{Code: "460"}, "three digits"},
		{vaurien.Failure{Code: "452-4.3.1"}, "three digits"},
		{vaurien.Failure{Code: "452 4.3"}, "three numbers"},
		{vaurien.Failure{Code: "452 4.3.1111"}, "three numbers"},
		{vaurien.Failure{Code: "452 4.3.1 x"}, "three numbers"},
		{vaurien.Failure{Code: "452 5.3.1"}, "must begin with 4"},
		{vaurien.Failure{Kind: "greylisted", Message: "a\r\n250 ok"}, "byte 0x0d at 1"},
		{vaurien.Failure{Kind: "greylisted", Message: "a\nb"}, "byte 0x0a at 1"},
		{vaurien.Failure{Kind: "greylisted", Message: strings.Repeat("x", longestText+1)}, "has room for 498"},
		{vaurien.Failure{Kind: "graylisted"}, `no failure is called "graylisted"`},
	} {
		err := new(Protocol).CheckFailure(tt.f)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.f, err, tt.want)
		}
	}
}

// A reply is one line of 512 bytes at most, whatever the address.
func TestLongAddress(t *testing.T) {
	s := newStage(t).greeted()
	a := s.fail(s.request("RCPT TO:<"+strings.Repeat("x", 1000)+"@d>\r\n"), vaurien.Failure{Kind: "greylisted"})
	if n := len(a.Bytes); n != 512 || !strings.HasSuffix(string(a.Bytes), "x\r\n") {
		t.Errorf("%d bytes: %q", n, a.Bytes)
	}
}

// What is drawn for each command: what a server could say to it.
func TestDrawn(t *testing.T) {
	always := "shutting-down idle-timeout"
	s := newStage(t)
	for _, tt := range []struct{ line, want string }{
		{"", "too-many-connections too-busy rejected-at-connect"},
		{"EHLO a\r\n", always},
		{"STARTTLS\r\n", always + " tls-not-available"},
		{"AUTH PLAIN\r\n", always + " auth-failed auth-temporary"},
		{"MAIL FROM:<a@b>\r\n", always + " queue-full sender-domain-not-found sender-refused"},
		{"RCPT TO:<c@d>\r\n", always + " greylisted mailbox-busy mailbox-full too-many-recipients no-such-user relay-denied"},
		{"DATA\r\n", always + " data-refused insufficient-storage temporary-failure message-too-large content-rejected"},
		{"QUIT\r\n", ""},
	} {
		req := s.request(tt.line)
		var names []string
		for _, k := range vaurien.Fit(new(Protocol), req, "") {
			names = append(names, k.Name)
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.line, got, tt.want)
		}
		s.codec.expect(aCommand)
		a, err := s.codec.Fail(req, vaurien.Failure{}, rand.New(rand.NewPCG(1, 2)))
		if err != nil || a.Pass != (tt.want == "") {
			t.Errorf("%q: %+v, %v", tt.line, a, err)
		}
		s.codec.refused.Store(false)
		s.codec.steps = nil
		s.codec.expect(aCommand)
	}
	if kinds := vaurien.Fit(new(Protocol), nil, ""); len(kinds) > 0 {
		t.Errorf("at accept: %v", kinds)
	}
}
