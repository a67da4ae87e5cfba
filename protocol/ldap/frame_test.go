package ldap

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

func TestTalks(t *testing.T) {
	for _, tt := range []talkTest{
		{name: "bind, search, unbind",
			requests: simpleBind(1, alice, "pw") + searchFor(2, 2, 0, anything) + bytesOf(3, unbind),
			replies:  done(1, bindDone, 0) + entryOf(2, alice) + bytesOf(2, reference, text("ldap://a/")) + done(2, searchDone, 0),
			asked:    "bind 1, search 2, unbind 3 noreply",
			answered: "success 1, entry 2 more, reference 2 more, success 2"},
		{name: "each operation",
			requests: bytesOf(1, modify, text(alice), seq()) + bytesOf(2, add, text(alice), seq()) + bytesOf(3, del, alice) +
				bytesOf(4, modrdn, text(alice), text("uid=a"), tagged(boolean, "\xff")) +
				bytesOf(5, compare, text(alice), seq(text("cn"), text("a"))) + extension(6, "1.3.6.1.4.1.4203.1.11.3"),
			replies: done(1, modifyDone, 50) + done(2, addDone, 68) + done(3, delDone, 66) + done(4, modrdnDone, 32) +
				done(5, compareDone, 6) + done(6, extendedDone, 0),
			asked:    "modify 1, add 2, delete 3, modrdn 4, compare 5, extended 6",
			answered: "insufficientAccessRights 1, entryAlreadyExists 2, notAllowedOnNonLeaf 3, noSuchObject 4, compareTrue 5, success 6"},
		{name: "replies in another order, and the same ID again",
			requests: searchFor(1, 2, 0, anything) + searchFor(2, 2, 0, anything) + searchFor(1, 0, 0, anything),
			replies:  entryOf(2, alice) + entryOf(1, alice) + done(2, searchDone, 0) + done(1, searchDone, 4) + done(1, searchDone, 0),
			asked:    "search 1, search 2, search 1",
			answered: "entry 2 more, entry 1 more, success 2, sizeLimitExceeded 1, success 1"},
		{name: "abandon",
			requests: searchFor(70000, 2, 0, anything) + bytesOf(2147483647, abandon, "\x01\x11\x70"),
			asked:    "search 70000, abandon 2147483647 noreply abandons 70000"},
		{name: "a SASL bind in steps",
			requests: saslBind(1, "SCRAM-SHA-256") + saslBind(2, "SCRAM-SHA-256"),
			replies:  done(1, bindDone, 14) + done(2, bindDone, 0),
			asked:    "bind 1, bind 2", answered: "saslBindInProgress 1, success 2"},
		{name: "a SASL security layer",
			requests: saslBind(1, "GSSAPI") + "\x00\x00\x00\x40abc",
			replies:  done(1, bindDone, 0) + "\x00\x00\x00\x40abc",
			asked:    "bind 1", answered: "success 1", err: "SASL security layer", replyErr: ""},
		{name: "StartTLS",
			requests: extension(1, startTLS) + "\x16\x03\x01", replies: done(1, extendedDone, 0) + "\x16\x03\x03",
			asked: "extended 1 barrier", answered: "success 1 switch", err: "switched", replyErr: "switched"},
		{name: "StartTLS refused",
			requests: extension(1, startTLS) + searchFor(2, 2, 0, anything), replies: done(1, extendedDone, 2) + done(2, searchDone, 0),
			asked: "extended 1 barrier, search 2", answered: "protocolError 1, success 2"},
		{name: "a notice, and an intermediate reply",
			requests: searchFor(1, 2, 0, anything),
			replies:  bytesOf(1, intermediate, tagged(0x80, "1.2.3")) + string(result{code: 52}.notice()),
			asked:    "search 1", answered: "intermediate 1 more, unavailable 0 unasked"},
		{name: "lengths in five bytes, as Active Directory's clients write them",
			requests: "\x30\x84\x00\x00\x00\x15\x02\x01\x01\x60\x84\x00\x00\x00\x0c\x02\x01\x03\x04\x00\x80\x84\x00\x00\x00\x01x",
			replies:  "\x30\x84\x00\x00\x00\x10\x02\x01\x01\x61\x84\x00\x00\x00\x07\x0a\x01\x00\x04\x00\x04\x00",
			asked:    "bind 1", answered: "success 1"},
		{name: "an ID in more bytes than it needs", requests: "\x30\x07\x02\x03\x00\x00\x05\x42\x00", asked: "unbind 5 noreply"},
		{name: "controls", requests: "\x30\x0e\x02\x01\x05\x42\x00\xa0\x07\x30\x05\x04\x03\x31\x2e\x32", asked: "unbind 5 noreply"},
		{name: "long ones",
			requests: bytesOf(1, add, text(alice), seq(strings.Repeat("x", 100000))),
			replies:  bytesOf(1, entry, text(alice), seq(strings.Repeat("x", 5000))) + done(1, addDone, 0),
			asked:    "add 1 +34524", answered: "entry 1 +4990 more, success 1"},
		{name: "another code", requests: extension(1, "1.2"), replies: done(1, extendedDone, 4096), asked: "extended 1", answered: " 1"},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t) })
	}
}

// What is no LDAP is not framed, and nothing is held for it.
func TestNotUnderstood(t *testing.T) {
	for _, tt := range []struct{ name, bytes, err string }{
		{"TLS", "\x16\x03\x01\x00\xc8", "TLS"},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", "byte 0x47"},
		{"indefinite length", "\x30\x80\x02\x01\x01", "indefinite"},
		{"length of 2^31 in nine bytes", "\x30\x88\x00\x00\x00\x00\x80\x00\x00\x00", "length"},
		{"an operation longer than its message", "\x30\x07\x02\x01\x01\x63\x84\x80\x00\x00\x00", "longer than its message"},
		{"an indefinite operation", "\x30\x07\x02\x01\x01\x63\x80\x00\x00", "indefinite"},
		{"ID 0", bytesOf(0, unbind), "message ID 0"},
		{"an ID below 0", "\x30\x05\x02\x01\x80\x42\x00", "below 0"},
		{"an ID of five bytes", "\x30\x09\x02\x05\x01\x00\x00\x00\x00\x42\x00", "no message ID"},
		{"no ID", "\x30\x05\x04\x01\x01\x42\x00", "no message ID"},
		{"an empty message", "\x30\x00", "a message of 2 bytes"},
		{"nothing after the ID", "\x30\x03\x02\x01\x01", "a message of"},
		{"half a length", "\x30\x05\x02\x01\x01\x63\x84", "a message of"},
		{"a reply", done(1, searchDone, 0), "unknown operation, tag 0x65"},
		{"an unknown tag", "\x30\x05\x02\x01\x01\x7d\x00", "unknown operation"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test := talkTest{requests: tt.bytes, err: tt.err}
			test.run(t)
		})
	}
	t.Run("a request where a reply is to be", func(t *testing.T) {
		test := talkTest{requests: extension(1, "1.2"), replies: extension(1, "1.2"), asked: "extended 1", replyErr: "unknown reply"}
		test.run(t)
	})
}

// Lengths that promise much, and nesting without end, cost nothing.
func TestHostile(t *testing.T) {
	deep := strings.Repeat("\xa2\x84\x00\x00\xff\x00", 10000) + anything
	for _, tt := range []struct{ name, requests, asked string }{
		{"a promise of 2 GiB", "\x30\x84\x80\x00\x00\x00\x02\x01\x01\x63\x84\x7f\xff\xff\x00abc", ""},
		{"a filter nested 10000 deep", searchFor(1, 2, 0, deep), "search 1"},
		{"a filter of lengths too long", searchFor(1, 2, 0, strings.Repeat("\xa0\x82\xff\xff", 10000)), "search 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test := talkTest{requests: tt.requests, asked: tt.asked}
			test.run(t)
			c, m := new(Protocol).NewCodec(), new(vaurien.Message)
			if c.ReadRequest(vaurien.NewReader(strings.NewReader(tt.requests)), m) != nil {
				return
			}
			for _, a := range new(Protocol).Attributes() {
				c.(vaurien.Describer).Attribute(m, a.Name)
			}
		})
	}
	for _, f := range []string{"\x30\x84\xff\xff\xff\xff", "\xa3\x84\xff\xff\xff\xff\x04\x84\xff\xff\xff\xff"} {
		if text, _, ok := appendFilter(nil, []byte(f), 0); ok {
			t.Errorf("%q is read as %s", f, text)
		}
	}
}

// Talks with the real server obey the laws too.
func TestCaptured(t *testing.T) {
	for _, c := range captures(t) {
		t.Run(c.name, func(t *testing.T) {
			got := protocoltest.Laws(t, new(Protocol).NewCodec, talkOf(c.requests, c.replies))
			if len(got.Requests.Rest) > 0 || len(got.Replies.Rest) > 0 {
				t.Errorf("not taken: %q, %q", got.Requests.Rest, got.Replies.Rest)
			}
		})
	}
}
