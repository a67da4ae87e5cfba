package memcache

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// read reads a request and leaves its body.
func read(t *testing.T, c vaurien.Codec, text string) *vaurien.Message {
	t.Helper()
	r, m := vaurien.NewReader(strings.NewReader(text)), new(vaurien.Message)
	if err := c.ReadRequest(r, m); err != nil {
		t.Fatalf("%.60q: %v", text, err)
	}
	return m
}

// reply reads what the server says to m.
func reply(t *testing.T, c vaurien.Codec, m *vaurien.Message, text string) *vaurien.Message {
	t.Helper()
	r, got := vaurien.NewReader(strings.NewReader(text)), new(vaurien.Message)
	if err := c.ReadReply(r, m, got); err != nil {
		t.Fatalf("%.60q: %v", text, err)
	}
	return got
}

// told returns what a client is told when m fails: at once, or in place of what
// the server says to what is forwarded.
func told(t *testing.T, c vaurien.Codec, m *vaurien.Message, a vaurien.Answer) string {
	t.Helper()
	forward := string(a.Forward)
	switch {
	case len(a.Forward) == 0:
		return string(a.Bytes)
	case strings.HasSuffix(forward, " noreply\r\n"):
		return ""
	case strings.HasPrefix(forward, "delete "):
		return string(reply(t, c, m, "NOT_FOUND\r\n").Head)
	case strings.HasPrefix(forward, "md "):
		return string(reply(t, c, m, "NF "+ownMetaOpaque+"\r\n").Head)
	case strings.HasPrefix(forward, "mg "):
		return string(reply(t, c, m, "HD "+ownMetaOpaque+"\r\n").Head)
	case forward[0] == requestMagic:
		return string(reply(t, c, m, res(forward[1], 0, ownOpaque, "", "", "")).Head)
	}
	t.Fatalf("%q is forwarded", a.Forward)
	return ""
}

// All that is said in the server's place is what memcached said.
func TestFailuresAreThoseOfTheServer(t *testing.T) {
	files, err := filepath.Glob("testdata/captures/*.txt")
	if err != nil || len(files) < 11 {
		t.Fatalf("captures: %v, %v", files, err)
	}
	for _, file := range files {
		kind := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(kind, func(t *testing.T) {
			kind, closes := strings.CutSuffix(kind, "-binary")
			f := vaurien.Failure{Kind: kind}
			c := protocoltest.ReadCapture(t, file)
			if kind == "too-many-connections" {
				bytes, closed := c.Said()
				a, err := new(Protocol).NewCodec().Fail(nil, f, nil)
				if err != nil || string(a.Bytes) != string(bytes) || a.Close != closed {
					t.Errorf("%+v, %v; want %q, closed %v", a, err, bytes, closed)
				}
				return
			}
			for i := 0; i+1 < len(c.Lines); i += 2 {
				asked, want := string(c.Lines[i].Bytes), string(c.Lines[i+1].Bytes)
				codec := new(Protocol).NewCodec()
				m := read(t, codec, asked)
				if strings.Contains(asked, " q v O2\r\nmg ") {
					m = read(t, codec, asked[strings.IndexByte(asked, '\n')+1:])
				}
				if len(vaurien.Fit(new(Protocol), m, kind)) != 1 {
					t.Errorf("%.60q: does not fit", asked)
				}
				a, err := codec.Fail(m, f, nil)
				if err != nil || a.Pass || a.Close != closes {
					t.Fatalf("%.60q: %+v, %v", asked, a, err)
				}
				if got := told(t, codec, m, a); got != want {
					t.Errorf("%.60q: told %q, want %q", asked, got, want)
				}
			}
		})
	}
}

// failCases are requests, and which failures fit them.
var failCases = []struct{ request, fits string }{
	{"get a\r\n", "miss out-of-memory-writing out-of-memory-reading"},
	{"gat 0 a\r\n", "miss out-of-memory-writing out-of-memory-reading"},
	{"set a 0 0 1\r\nx\r\n", "out-of-memory too-large out-of-memory-reading"},
	{"add a 0 0 1\r\nx\r\n", "out-of-memory too-large not-stored out-of-memory-reading"},
	{"cas a 0 0 1 9\r\nx\r\n", "out-of-memory too-large exists not-found out-of-memory-reading"},
	{"delete a\r\n", "not-found out-of-memory-reading"},
	{"touch a 0\r\n", "not-found out-of-memory-reading"},
	{"incr a 1\r\n", "out-of-memory not-found non-numeric out-of-memory-reading"},
	{"stats\r\n", "out-of-memory-writing out-of-memory-reading"},
	{"version\r\n", "out-of-memory-reading"},
	{"foo\r\n", ""},
	{"quit\r\n", ""},
	{"mg a v\r\n", "miss out-of-memory-reading"},
	{"mg a v N30\r\n", "out-of-memory-reading"},
	{"ms a 1\r\nx\r\n", "out-of-memory too-large out-of-memory-reading"},
	{"ms a 1 ME\r\nx\r\n", "out-of-memory too-large not-stored out-of-memory-reading"},
	{"ms a 1 C9\r\nx\r\n", "out-of-memory too-large exists not-found out-of-memory-reading"},
	{"md a\r\n", "not-found out-of-memory-reading"},
	{"ma a\r\n", "out-of-memory not-found non-numeric out-of-memory-reading"},
	{"ma a N0\r\n", "out-of-memory non-numeric out-of-memory-reading"},
	{"mn\r\n", "out-of-memory-reading"},
	{req(0x00, 1, "", "a", ""), "miss"},
	{req(0x0d, 1, "", "a", ""), "miss"},
	{req(0x01, 1, eight, "a", "x"), "out-of-memory too-large"},
	{req(0x02, 1, eight, "a", "x"), "out-of-memory too-large exists"},
	{req(0x03, 1, eight, "a", "x"), "out-of-memory too-large not-found"},
	{req(0x0e, 1, "", "a", "x"), "out-of-memory too-large not-stored"},
	{req(0x04, 1, "", "a", ""), "not-found"},
	{req(0x05, 1, eight+eight+"\x00\x00\x00\x00", "a", ""), "out-of-memory non-numeric"},
	{req(0x05, 1, eight+eight+"\xff\xff\xff\xff", "a", ""), "out-of-memory not-found non-numeric"},
	{req(0x21, 1, "", "PLAIN", "x"), "authentication-failed"},
	{req(0x0a, 1, "", "", ""), ""},
}

func TestFits(t *testing.T) {
	p := new(Protocol)
	for _, tt := range failCases {
		m := read(t, p.NewCodec(), tt.request)
		var fits []string
		for _, k := range vaurien.Fit(p, m, "") {
			fits = append(fits, k.Name)
		}
		if got := strings.Join(fits, " "); got != tt.fits {
			t.Errorf("%q: %s\nwant: %s", tt.request, got, tt.fits)
		}
	}
	if k := vaurien.Fit(p, nil, ""); len(k) != 1 || k[0].Name != "too-many-connections" {
		t.Errorf("at Accept: %v", k)
	}
}

// Whatever the dice draw is one of those that fit, and where none fits the
// request passes.
func TestDrawn(t *testing.T) {
	p, rng := new(Protocol), rand.New(rand.NewPCG(1, 2))
	for _, tt := range failCases {
		seen := make(map[string]bool)
		for range 100 {
			c := p.NewCodec()
			m := read(t, c, tt.request)
			a, err := c.Fail(m, vaurien.Failure{}, rng)
			if err != nil || a.Pass != (tt.fits == "") {
				t.Fatalf("%q: %+v, %v", tt.request, a, err)
			}
			seen[string(a.Bytes)+string(a.Forward)+fmt.Sprint(a.Close)] = true
		}
		if want := max(1, len(strings.Fields(tt.fits))); len(seen) < want-1 { // two may share what is forwarded
			t.Errorf("%q: %d of %d failures drawn", tt.request, len(seen), want)
		}
	}
}

// A server that cannot store a value deletes the one before it; then what is
// forwarded is a command that deletes.
func TestFailedSetDeletes(t *testing.T) {
	for _, tt := range []struct{ kind, request, forward, answer, told string }{
		{"out-of-memory", "set a 0 0 1\r\nx\r\n", "delete a\r\n", "DELETED\r\n", "SERVER_ERROR out of memory storing object\r\n"},
		{"too-large", "set a 0 0 1\r\nx\r\n", "delete a\r\n", "NOT_FOUND\r\n", "SERVER_ERROR object too large for cache\r\n"},
		{"too-large", "set a 0 0 1 noreply\r\nx\r\n", "delete a noreply\r\n", "", ""},
		{"too-large", "ms a 1 q O7\r\nx\r\n", "md a " + ownMetaOpaque + "\r\n", "HD " + ownMetaOpaque + "\r\n", "SERVER_ERROR object too large for cache\r\n"},
		{"too-large", "ms YQ== 1 b\r\nx\r\n", "md YQ== b " + ownMetaOpaque + "\r\n", "NF " + ownMetaOpaque + "\r\n", "SERVER_ERROR object too large for cache\r\n"},
		{
			"out-of-memory", req(0x01, 5, eight, "a", "x"), req(0x04, ownOpaque, "", "a", ""),
			res(0x04, 1, ownOpaque, "", "", "Not found"), res(0x01, 0x82, 5, "", "", "Out of memory allocating item"),
		},
		{
			"too-large", req(0x11, 5, eight, "a", "x"), req(0x04, ownOpaque, "", "a", ""),
			res(0x04, 0, ownOpaque, "", "", ""), res(0x11, 3, 5, "", "", "Too large."),
		},
		{"too-large", "add a 0 0 1\r\nx\r\n", "", "", "SERVER_ERROR object too large for cache\r\n"},
		{"out-of-memory", req(0x02, 5, eight, "a", "x"), "", "", res(0x02, 0x82, 5, "", "", "Out of memory allocating item")},
	} {
		c := new(Protocol).NewCodec()
		m := read(t, c, tt.request)
		a, err := c.Fail(m, vaurien.Failure{Kind: tt.kind}, nil)
		// The engine asks a second time if the value is long.
		if a2, err2 := c.Fail(m, vaurien.Failure{Kind: tt.kind, Unread: true}, nil); err2 != nil || string(a2.Forward) != string(a.Forward) {
			t.Errorf("%q: the second time %+v, %v", tt.request, a2, err2)
		}
		if err != nil || string(a.Forward) != tt.forward || a.Rest || a.Close {
			t.Errorf("%q: %+v, %v; want %q forwarded", tt.request, a, err, tt.forward)
			continue
		}
		got := string(a.Bytes)
		if tt.answer != "" {
			r := reply(t, c, m, tt.answer+"trailing")
			got = string(r.Head)
			if r.Unasked != m.NoReply {
				t.Errorf("%q: unasked %v", tt.request, r.Unasked)
			}
		}
		if got != tt.told {
			t.Errorf("%q: told %q, want %q", tt.request, got, tt.told)
		}
		if n := c.(*codec).awaited.Load(); n != 0 {
			t.Errorf("%q: %d stand-ins left", tt.request, n)
		}
	}
}

// What is told to a command that quiet ones precede comes after what is told to
// these.
func TestFailAfterQuiet(t *testing.T) {
	c := new(Protocol).NewCodec()
	read(t, c, "mg a v q k\r\n")
	read(t, c, "mg b v q k\r\n")
	m := read(t, c, "mg c v k\r\n")
	a, err := c.Fail(m, vaurien.Failure{Kind: "miss"}, nil)
	if err != nil || string(a.Forward) != "mg c u "+ownMetaOpaque+"\r\n" {
		t.Fatalf("%+v, %v", a, err)
	}
	if r := reply(t, c, m, "VA 1 kb\r\nx\r\n"); !r.Unasked || string(r.Head) != "VA 1 kb\r\n" {
		t.Errorf("the quiet one: %+v", r)
	}
	if r := reply(t, c, m, "HD "+ownMetaOpaque+"\r\n"); r.Unasked || string(r.Head) != "EN kc\r\n" {
		t.Errorf("the failed one: %+v", r)
	}

	c = new(Protocol).NewCodec()
	read(t, c, req(0x0d, 1, "", "a", ""))
	m = read(t, c, req(0x04, 2, "", "b", ""))
	a, err = c.Fail(m, vaurien.Failure{Kind: "not-found"}, nil)
	if err != nil || string(a.Forward) != req(0x0a, ownOpaque, "", "", "") {
		t.Fatalf("%+v, %v", a, err)
	}
	if r := reply(t, c, m, res(0x0d, 0, 1, "\x00\x00\x00\x00", "a", "x")); !r.Unasked {
		t.Errorf("the quiet one: %+v", r)
	}
	if r := reply(t, c, m, res(0x0a, 0, ownOpaque, "", "", "")); r.Unasked || string(r.Head) != res(0x04, 1, 2, "", "", "Not found") {
		t.Errorf("the failed one: %+v", r)
	}
}

// What a quiet command is told and what not (memcached 1.6.18).
func TestFailQuiet(t *testing.T) {
	for _, tt := range []struct{ kind, request, told string }{
		{"miss", "mg a v q\r\n", ""},
		{"miss", req(0x0d, 1, "", "a", ""), ""},
		{"not-found", "delete a noreply\r\n", ""},
		{"exists", "cas a 0 0 1 9 noreply\r\nx\r\n", ""},
		{"unauthenticated", "delete a noreply\r\n", "CLIENT_ERROR unauthenticated\r\n"},
		{"not-found", "md a q O1\r\n", "NF O1\r\n"},
		{"not-found", req(0x14, 1, "", "a", ""), res(0x14, 1, 1, "", "", "Not found")},
		{"out-of-memory-reading", "delete a noreply\r\n", "SERVER_ERROR out of memory reading request\r\n"},
	} {
		c := new(Protocol).NewCodec()
		m := read(t, c, tt.request)
		a, err := c.Fail(m, vaurien.Failure{Kind: tt.kind}, nil)
		if err != nil || a.Pass {
			t.Errorf("%q: %+v, %v", tt.request, a, err)
		} else if got := told(t, c, m, a); got != tt.told {
			t.Errorf("%q: told %q, want %q", tt.request, got, tt.told)
		}
	}
}

// A value that is not read to its end leaves the connection open: it is read
// and forgotten, as memcached does (conn_swallow in memcached.c).
func TestUnreadValueLeavesItOpen(t *testing.T) {
	for _, request := range []string{"set a 0 0 5\r\n", req(0x01, 1, eight, "a", "hello")[:headerSize+9]} {
		c := new(Protocol).NewCodec()
		m := read(t, c, request)
		if a, err := c.Fail(m, vaurien.Failure{Kind: "too-large", Unread: true}, nil); err != nil || a.Close {
			t.Errorf("%+v, %v", a, err)
		}
	}
}

// The failures are complete, and what they cite exists.
func TestFailuresAreDescribed(t *testing.T) {
	var names []string
	for _, k := range new(Protocol).Failures() {
		if k.Name == "" || k.Phase == "" || k.Doc == "" || k.Effect == "" || k.Source == "" || k.Fits == nil {
			t.Errorf("%+v", k)
		}
		names = append(names, k.Name)
	}
	files, _ := filepath.Glob("testdata/captures/*.txt")
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".txt"), "-binary")
		if !slices.Contains(names, name) {
			t.Errorf("%s is the capture of no failure", file)
		}
	}
}
