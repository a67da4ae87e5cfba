package ldap

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"

	"github.com/vaurien-proxy/vaurien"
)

func dice() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// A session drives one codec by hand.
type session struct {
	t     *testing.T
	codec vaurien.Codec
}

func newSession(t *testing.T) *session { return &session{t, new(Protocol).NewCodec()} }

func (s *session) ask(request string) *vaurien.Message {
	s.t.Helper()
	m := new(vaurien.Message)
	if err := s.codec.ReadRequest(vaurien.NewReader(strings.NewReader(request)), m); err != nil {
		s.t.Fatal(err)
	}
	return m
}

func (s *session) answer(reply string) *vaurien.Message {
	s.t.Helper()
	m := new(vaurien.Message)
	if err := s.codec.ReadReply(vaurien.NewReader(strings.NewReader(reply)), nil, m); err != nil {
		s.t.Fatal(err)
	}
	return m
}

func (s *session) fail(req *vaurien.Message, f vaurien.Failure, rng *rand.Rand) vaurien.Answer {
	s.t.Helper()
	a, err := s.codec.Fail(req, f, rng)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// fits reports whether a failure of this name fits req.
func fits(req *vaurien.Message, name string) bool {
	return len(vaurien.Fit(new(Protocol), req, name)) > 0
}

// messages cuts a stream into its messages, with an independent parser.
func messages(t *testing.T, stream string) (all []string) {
	t.Helper()
	for r := strings.NewReader(stream); r.Len() > 0; {
		from := len(stream) - r.Len()
		if _, err := ber.ReadPacket(r); err != nil {
			t.Fatal(err)
		}
		all = append(all, stream[from:len(stream)-r.Len()])
	}
	return all
}

// What the failures say is what slapd says, byte by byte.
func TestFailuresAreCaptured(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range captures(t) {
		t.Run(c.name, func(t *testing.T) {
			kind := c.name
			for failureOf(kind) == nil {
				i := strings.LastIndexByte(kind, '-')
				if i < 0 {
					t.Fatal("there is no such failure")
				}
				kind = kind[:i]
			}
			seen[kind] = true
			p := &Protocol{Referral: "ldap://elsewhere.example.com"}
			s := &session{t, p.NewCodec()}

			// The last request that gets a reply is the one that failed.
			requests := c.requests
			if kind == "time-limit-exceeded" {
				requests = searchFor(1, 2, 0, anything)
			}
			var failed *vaurien.Message
			for _, m := range messages(t, requests) {
				if m[5:] == "\x63\x00" { // what slapd cannot read, it says of anything
					m = searchFor(1, 2, 0, anything)
				}
				if req := s.ask(m); req.Verb != "unbind" {
					failed = req
				}
			}
			if !fits(failed, kind) {
				t.Fatalf("%s does not fit %s", kind, failed.Verb)
			}
			said := messages(t, c.replies)
			last := said[len(said)-1]
			a := s.fail(failed, vaurien.Failure{Kind: kind, Unread: failureOf(kind).way == limits}, rand.New(rand.NewPCG(5, 5)))
			switch failureOf(kind).way {
			case closes:
				if len(a.Bytes) > 0 || !a.Close || !c.closed {
					t.Errorf("%q, closed %v", a.Bytes, a.Close)
				}
				return
			case expires:
				if a.Forward != nil {
					t.Skip("the dice gave it entries")
				}
			}
			if string(a.Bytes) != last {
				t.Errorf("says\n%q\nslapd says\n%q", a.Bytes, last)
			}
		})
	}
	for _, f := range failures {
		if strings.HasPrefix(f.Source, slapd) && !seen[f.Name] {
			t.Errorf("%s is said to be captured and is not", f.Name)
		}
	}
}

// Each request is answered by the reply that belongs to it, with its ID.
func TestFailReplies(t *testing.T) {
	for _, tt := range []struct {
		request string
		want    operation
	}{
		{simpleBind(1, alice, "pw"), bindDone}, {searchFor(127, 2, 0, anything), searchDone}, {bytesOf(128, modify), modifyDone},
		{bytesOf(32768, add), addDone}, {bytesOf(3, del, alice), delDone}, {bytesOf(4, modrdn), modrdnDone},
		{bytesOf(5, compare), compareDone}, {extension(2147483647, "1.2"), extendedDone},
	} {
		s := newSession(t)
		req := s.ask(tt.request)
		a := s.fail(req, vaurien.Failure{Code: "busy", Message: "später"}, dice())
		reply := s.answer(string(a.Bytes))
		if reply.ID != req.ID || reply.Verb != "busy" || reply.More || a.Close {
			t.Errorf("%s %d: the reply is %s %d", req.Verb, req.ID, reply.Verb, reply.ID)
		}
		p, err := ber.DecodePacketErr(a.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		op := p.Children[1]
		if byte(op.Tag)|0x60 != byte(tt.want) || op.Children[0].Value != int64(51) || op.Children[2].Value != "später" {
			t.Errorf("%s is answered by %v", req.Verb, op.Description)
		}
	}
	for _, r := range []string{bytesOf(1, unbind), bytesOf(2, abandon, "\x01")} {
		s := newSession(t)
		if a := s.fail(s.ask(r), vaurien.Failure{Code: "51"}, dice()); !a.Pass {
			t.Errorf("%q is answered: %v", r, a)
		}
	}
}

func TestFits(t *testing.T) {
	for _, tt := range []struct {
		name, request string
		want          string // what the dice choose from
	}{
		{"bind", simpleBind(1, alice, "pw"), "busy unavailable invalid-credentials confidentiality-required unwilling-to-perform server-down closed"},
		{"anonymous bind", simpleBind(1, "", ""), "busy unavailable confidentiality-required unwilling-to-perform server-down closed"},
		{"first step of SCRAM", string(message(1, []byte(tagged(byte(bind), num(3), text(""), tagged(saslChoice, text("SCRAM-SHA-1"), text("n,,n=a,r=b")))))),
			"busy unavailable confidentiality-required unwilling-to-perform server-down closed"},
		{"last step of SCRAM", string(message(1, []byte(tagged(byte(bind), num(3), text(""), tagged(saslChoice, text("SCRAM-SHA-1"), text("c=biws,r=b,p=")))))),
			"busy unavailable invalid-credentials confidentiality-required unwilling-to-perform server-down closed"},
		{"search", searchFor(1, 2, 0, anything), "busy unavailable confidentiality-required strong-auth-required no-such-object unwilling-to-perform " +
			"size-limit-exceeded time-limit-exceeded admin-limit-exceeded server-down closed"},
		{"read", searchFor(1, 0, 0, anything), "busy unavailable confidentiality-required strong-auth-required no-such-object unwilling-to-perform " +
			"time-limit-exceeded server-down closed"},
		{"modify", bytesOf(1, modify), "busy unavailable confidentiality-required strong-auth-required insufficient-access no-such-object " +
			"constraint-violation unwilling-to-perform server-down closed"},
		{"StartTLS", extension(1, startTLS), "busy unavailable protocol-error server-down closed"},
		{"password", extension(1, passwordModify), "busy unavailable confidentiality-required strong-auth-required insufficient-access " +
			"constraint-violation unwilling-to-perform protocol-error server-down closed"},
		{"unbind", bytesOf(1, unbind), ""},
		{"abandon", bytesOf(1, abandon, "\x01"), ""},
	} {
		var got []string
		for _, k := range vaurien.Fit(new(Protocol), newSession(t).ask(tt.request), "") {
			got = append(got, k.Name)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %s\nwant: %s", tt.name, s, tt.want)
		}
	}
	if k := vaurien.Fit(new(Protocol), nil, ""); len(k) > 0 {
		t.Errorf("of a connection: %v", k)
	}
	if a := newSession(t).fail(nil, vaurien.Failure{}, dice()); !a.Pass {
		t.Errorf("of a connection: %v", a)
	}
}

// Without a name the dice choose, and they choose all that fit.
func TestFailDraws(t *testing.T) {
	rng, seen := dice(), make(map[string]bool)
	for range 400 {
		s := newSession(t)
		a := s.fail(s.ask(searchFor(1, 2, 0, anything)), vaurien.Failure{}, rng)
		switch {
		case a.Forward != nil:
			seen["forwarded"] = true
		case a.Bytes == nil:
			seen["closed"] = a.Close
		default:
			reply := s.answer(string(a.Bytes))
			seen[reply.Verb] = true
			if reply.Unasked != a.Close {
				t.Errorf("%s: unasked %v, closed %v", reply.Verb, reply.Unasked, a.Close)
			}
		}
	}
	for _, want := range []string{"busy", "unavailable", "noSuchObject", "timeLimitExceeded", "forwarded", "closed"} {
		if !seen[want] {
			t.Errorf("%s was never drawn: %v", want, seen)
		}
	}
}

func TestCheckFailure(t *testing.T) {
	p := new(Protocol)
	for _, tt := range []struct{ code, message, kind, want string }{
		{code: "51"}, {code: "busy"}, {code: "Busy"}, {code: "no-such-object"}, {code: "123"}, {code: "9"}, {message: "zu spät\r\n"},
		{code: "0", want: "0 is no error: use a number from 1 to 123 or a name of RFC 4511, such as 51 or busy"},
		{code: "compareTrue", want: "compareTrue is no error"},
		{code: "14", want: "14 is no error"},
		{code: "124", want: "124 is no result code: use a number from 1 to 123 or a name of RFC 4511, such as 51 or busy"},
		{code: "-1", want: "-1 is no result code"},
		{code: "buzy", want: "buzy is no result code"},
		{code: "5x", want: "5x is no result code"},
		{message: "\xff", want: `"\xff" is not UTF-8, which a diagnosticMessage must be`},
		{kind: "closed"},
		{kind: "closed", message: "x", want: "closed tells the client nothing: leave the code and the message out"},
	} {
		err := p.CheckFailure(vaurien.Failure{Kind: tt.kind, Code: tt.code, Message: tt.message})
		if (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s %q: %v, want %s", tt.code, tt.message, err, tt.want)
		}
	}
}

func TestFailuresAreDescribed(t *testing.T) {
	var names []string
	for _, k := range new(Protocol).Failures() {
		if slices.Contains(names, k.Name) || k.Phase == "" || k.Doc == "" || k.Effect == "" || k.Source == "" || k.Fits == nil {
			t.Errorf("%+v", k)
		}
		names = append(names, k.Name)
	}
}

func TestParent(t *testing.T) {
	for dn, want := range map[string]string{
		alice: "ou=people,dc=example,dc=com", `cn=a\,b,ou=c`: "ou=c", "ou=a, dc=b": "dc=b",
		"dc=example,dc=com": "", "o=a,c=us": "", "o=a": "", "": "", `cn=a\`: "",
	} {
		if got := parent(dn); got != want {
			t.Errorf("above %s is %q, want %q", dn, got, want)
		}
	}
}

func TestReferral(t *testing.T) {
	s := &session{t, (&Protocol{Referral: "ldaps://b:636/"}).NewCodec()}
	a := s.fail(s.ask(searchFor(1, 1, 0, anything)), vaurien.Failure{Kind: "referral"}, dice())
	if uri := "ldaps://b:636/dc=example,dc=com??one"; !strings.HasSuffix(string(a.Bytes), tagged(0xa3, text(uri))) {
		t.Errorf("%q does not end in %s", a.Bytes, uri)
	}
	for uri, good := range map[string]bool{"ldap://a": true, "ldaps://a:1/": true, "": false, "a": false, "http://a": false, "ldap://": false} {
		if err := checkReferral(uri); (err == nil) != good {
			t.Errorf("%q: %v", uri, err)
		}
	}
}
