package smtp

import (
	"fmt"
	"strings"
	"testing"
)

func TestAttributes(t *testing.T) {
	s := newStage(t).greeted()
	describe := func(line string) string {
		t.Helper()
		req := s.request(line)
		var all []string
		for _, a := range new(Protocol).Attributes() {
			got := s.codec.Attribute(req, a.Name)
			if got == nil || a.Name == "helo" {
				continue
			}
			if fmt.Sprintf("%T", got) != fmt.Sprintf("%T", a.Zero) {
				t.Errorf("%q: %s is a %T, not a %T", line, a.Name, got, a.Zero)
			}
			if got != a.Zero {
				all = append(all, fmt.Sprint(a.Name, "=", got))
			}
		}
		return strings.Join(all, " ")
	}
	for _, tt := range []struct{ line, want string }{
		{"NOOP\r\n", "command=NOOP"},
		{"MAIL FROM:<Ann@Shop.Example> SIZE=1234 BODY=8BITMIME\r\n", "command=MAIL sender=Ann@Shop.Example domain=shop.example size=1234"},
		{"RCPT TO:<@relay.example:bob@B.example> NOTIFY=NEVER\r\n", "command=RCPT sender=Ann@Shop.Example recipient=bob@B.example domain=b.example size=1234 recipients=1 in_transaction=true"},
		{"RCPT TO: \"a>b\"@c\r\n", "command=RCPT sender=Ann@Shop.Example recipient=\"a>b\"@c domain=c size=1234 recipients=2 in_transaction=true"},
		{"BDAT 2\r\nxx", "command=BDAT sender=Ann@Shop.Example domain=shop.example size=1234 recipients=2 in_transaction=true"},
		{"BDAT 0 LAST\r\n", "command=BDAT sender=Ann@Shop.Example domain=shop.example size=1234 recipients=2 in_transaction=true"},
		{"NOOP\r\n", "command=NOOP"},
		{"MAIL FROM:<> SIZE=99999999999999999999\r\n", "command=MAIL"},
		{"rcpt to:<\"x>@y\"@z>\r\n", "command=RCPT recipient=\"x>@y\"@z domain=z recipients=1 in_transaction=true"},
		{"RCPT TO:<postmaster>\r\n", "command=RCPT recipient=postmaster recipients=2 in_transaction=true"},
		{"RSET\r\n", "command=RSET in_transaction=true"},
		{"RCPT\r\n", "command=RCPT"},
		{"GURK\r\n", "command=unknown"},
	} {
		if got := describe(tt.line); got != tt.want {
			t.Errorf("%q: %s\nwant: %s", tt.line, got, tt.want)
		}
	}
	if got := s.codec.Attribute(s.request("EHLO [127.0.0.1]\r\n"), "helo"); got != "[127.0.0.1]" {
		t.Errorf("helo: %v", got)
	}
	if got := s.codec.Attribute(s.request("AUTH PLAIN c2VjcmV0\r\n"), "command"); got != "AUTH" {
		t.Errorf("command: %v", got)
	}
}
