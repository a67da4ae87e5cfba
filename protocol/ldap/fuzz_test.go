package ldap

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// Talks longer than this teach nothing more and take long.
const longestFuzz = 4 << 10

// FuzzTalk asserts the laws, and that what is known of a request, and how it
// fails, is found without harm.
func FuzzTalk(f *testing.F) {
	for _, c := range captures(f) {
		f.Add([]byte(c.requests), []byte(c.replies))
	}
	f.Add([]byte(extension(1, startTLS)+"\x16\x03"), []byte(done(1, extendedDone, 0)+"\x16\x03"))
	f.Add([]byte(searchFor(1, 2, 0, anything)+searchFor(2, 2, 1000, anything, "cn")+bytesOf(3, abandon, "\x02")),
		[]byte(entryOf(2, alice)+entryOf(1, alice)+done(1, searchDone, 0)+string(result{code: 52}.notice())))
	f.Add([]byte("\x30\x84\x80\x00\x00\x00\x02\x01\x01\x63\x84\x7f\xff\xff\x00abc"), []byte("\x30\x80"))
	f.Add([]byte(searchFor(1, 2, 0, strings.Repeat("\xa2\x84\x00\x00\xff\x00", 1000))), []byte("\x00\x00\x00\x40"))
	f.Fuzz(func(t *testing.T, requests, replies []byte) {
		if len(requests)+len(replies) > longestFuzz {
			return
		}
		// Whether a reply is to a StartTLS follows from its ID, which a talk
		// may use twice at a time although RFC 4511 section 4.14.1 forbids it.
		if first := strings.Index(string(requests), startTLS); first > 32 || strings.Count(string(requests), startTLS) > 1 {
			return
		}
		got := protocoltest.Laws(t, new(Protocol).NewCodec, talkOf(string(requests), string(replies)))
		for _, frame := range got.Requests.Frames {
			c, m := new(Protocol).NewCodec(), new(vaurien.Message)
			if err := c.ReadRequest(vaurien.NewReader(strings.NewReader(string(frame.Head)+string(frame.Body))), m); err != nil {
				t.Fatal(err)
			}
			for _, a := range new(Protocol).Attributes() {
				c.(vaurien.Describer).Attribute(m, a.Name)
			}
			for _, k := range vaurien.Fit(new(Protocol), m, "") {
				a, err := c.Fail(m, vaurien.Failure{Kind: k.Name}, dice())
				if err != nil {
					t.Fatal(err)
				}
				if a.Forward != nil {
					again := new(vaurien.Message)
					if err := c.ReadRequest(vaurien.NewReader(strings.NewReader(string(a.Forward)+string(frame.Body))), again); err != nil {
						t.Fatalf("%s became %q, which is %v", m.Verb, a.Forward, err)
					}
				}
				if len(a.Bytes) > 0 {
					if err := c.ReadReply(vaurien.NewReader(strings.NewReader(string(a.Bytes))), nil, new(vaurien.Message)); err != nil {
						t.Fatalf("%s is answered by %q, which is %v", m.Verb, a.Bytes, err)
					}
				}
			}
		}
	})
}
