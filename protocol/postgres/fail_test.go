package postgres

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// A room is a codec whose client and server speak in turn.
type room struct {
	t                 *testing.T
	codec             vaurien.Codec
	requests, replies bytes.Buffer
	up, down          *vaurien.Reader
}

func newRoom(t *testing.T) *room {
	r := &room{t: t, codec: new(Protocol).NewCodec()}
	r.up, r.down = vaurien.NewReader(&r.requests), vaurien.NewReader(&r.replies)
	return r
}

// opened is a room with a session in that state.
func opened(t *testing.T, s status) *room {
	r := newRoom(t)
	r.reply(r.ask(hello), authenticated+msg('K', "\x00\x00\x00\x07abcd")+ready(s))
	return r
}

// ask reads a request's head.
func (r *room) ask(request string) *vaurien.Message {
	r.t.Helper()
	r.requests.WriteString(request)
	m := new(vaurien.Message)
	if err := r.codec.ReadRequest(r.up, m); err != nil {
		r.t.Fatalf("%q: %v", request, err)
	}
	m.Head = bytes.Clone(m.Head)
	if err := protocoltest.Drain(r.up, m.Body); err != nil && err != io.ErrUnexpectedEOF {
		r.t.Fatalf("%q: %v", request, err)
	}
	return m
}

// reply reads a reply and returns it as the client gets it.
func (r *room) reply(req *vaurien.Message, reply string) string {
	r.t.Helper()
	r.replies.WriteString(reply)
	m := new(vaurien.Message)
	if err := r.codec.ReadReply(r.down, req, m); err != nil {
		r.t.Fatalf("%q: %v", reply, err)
	}
	got := string(m.Head)
	for m.Body != nil {
		n, err := m.Body.Next(r.down)
		if err != nil {
			break
		}
		got += string(r.down.Take(int(n)))
	}
	if m.Unasked {
		got += r.reply(req, "")
	}
	return got
}

// fail lets a request fail.
func (r *room) fail(req *vaurien.Message, f vaurien.Failure) vaurien.Answer {
	r.t.Helper()
	a, err := r.codec.Fail(req, f, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

// told is what the client is told by a failure.
func told(req *vaurien.Message, a vaurien.Answer) []byte {
	if a.Forward != nil {
		return noteOf(req).raised
	}
	return a.Bytes
}

// responses returns the error or notice in some replies, field by field, with
// what varies made the same.
func responses(t *testing.T, b []byte) (fields []string) {
	t.Helper()
	for len(b) > 0 {
		kind, length, err := header(b, &replyNames)
		if err != nil || int(length) > len(b)-headerSize {
			t.Fatalf("%q is no message: %v", b, err)
		}
		content := b[headerSize : headerSize+length]
		b = b[headerSize+length:]
		if kind != 'E' && kind != 'N' {
			continue
		}
		for _, f := range strings.Split(string(content), "\x00") {
			for _, re := range varying {
				f = re.ReplaceAllString(f, "${1}1")
			}
			if f != "" {
				fields = append(fields, f)
			}
		}
	}
	return fields
}

var varying = []*regexp.Regexp{
	regexp.MustCompile(`((?:[Pp]rocess|transaction) )\d+`),
	regexp.MustCompile(`(tuple \(0,)\d+`),
	regexp.MustCompile(`(file ")[^"]+`),
}

// Each failure is told in the words of the real server: a request that made it
// fail so is made to fail so here.
func TestFailuresAreAsCaptured(t *testing.T) {
	names := map[string]string{
		"serialization-delete": "serialization", "serialization-dependencies": "serialization",
		"lock-timeout": "lock-not-available", "lock-not-available-relation": "lock-not-available",
	}
	for name, talk := range captures(t) {
		t.Run(name, func(t *testing.T) {
			kind := name
			if strings.HasPrefix(kind, "in-failed-transaction") {
				t.Skip("not to be chosen: see TestRaiseAhead")
			}
			if kind == "cannot-fork" {
				if a := newRoom(t).fail(nil, vaurien.Failure{Kind: kind}); string(a.Bytes) != string(talk.Replies) {
					t.Errorf("told %q, captured %q", a.Bytes, talk.Replies)
				}
				return
			}
			if other := names[name]; other != "" {
				kind = other
			}
			want := responses(t, talk.Replies)
			req, r := failing(t, talk)
			a := r.fail(req, vaurien.Failure{Kind: kind})
			if got := responses(t, told(req, a)); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("told:\n%q\ncaptured:\n%q", got, want)
			}
			_, closed := protocoltest.ReadCapture(t, "testdata/captures/"+name+".txt").Said()
			if a.Close && !closed {
				t.Error("the server does not close")
			}
			switch said := string(talk.Replies); {
			case !a.Close && strings.HasSuffix(said, "\x00\x00\x00\x05I") && strings.HasPrefix(string(a.Bytes), "E"):
				if !strings.HasSuffix(string(a.Bytes), ready(idle)) {
					t.Errorf("ends in %q", a.Bytes)
				}
			case a.Close && strings.HasPrefix(said, "R") && noteOf(req).opening != 0:
				if string(a.Bytes) != said {
					t.Errorf("said %q, captured %q", a.Bytes, said)
				}
			}
		})
	}
}

// failing plays a captured talk up to the request that failed.
func failing(t *testing.T, talk protocoltest.Talk) (*vaurien.Message, *room) {
	t.Helper()
	r := newRoom(t)
	r.requests.Write(talk.Requests)
	r.replies.Write(talk.Replies)
	for {
		req := new(vaurien.Message)
		if err := r.codec.ReadRequest(r.up, req); err == io.EOF {
			return r.ask(query("select 1")), r // the server said it before anything was asked
		} else if err != nil {
			t.Fatal(err)
		}
		req.Head = bytes.Clone(req.Head)
		before := len(r.down.Buffered()) + r.replies.Len()
		copied := append(bytes.Clone(r.down.Buffered()), r.replies.Bytes()...)
		was := r.codec.(*codec).state.Load()
		reply := r.reply(req, "")
		if bytes.Contains([]byte(reply), []byte("VERROR")) || bytes.Contains([]byte(reply), []byte("VFATAL")) || bytes.Contains([]byte(reply), []byte("VWARNING")) {
			r.codec.(*codec).state.Store(was)
			return req, r
		}
		if before == 0 {
			t.Fatalf("no failure in %q", copied)
		}
	}
}

// Every Source that is a capture is there, and every kind can happen to some
// request.
func TestFailureKinds(t *testing.T) {
	seen := make(map[string]bool)
	for _, k := range new(Protocol).Failures() {
		if seen[k.Name] {
			t.Errorf("%s twice", k.Name)
		}
		seen[k.Name] = true
		if _, file, ok := strings.Cut(k.Source, "("); ok {
			if _, err := os.Stat(strings.TrimSuffix(file, ")")); err != nil {
				t.Errorf("%s: %v", k.Name, err)
			}
		}
		if k.Doc == "" || k.Effect == "" || k.Phase == "" || k.Source == "" {
			t.Errorf("%s is not described", k.Name)
		}
		if k.AtAccept != (k.Fits == nil) {
			t.Errorf("%s fits anything", k.Name)
		}
	}
}

func TestFits(t *testing.T) {
	for _, tt := range []struct {
		request string
		status  status
		fit     string
	}{
		{query("begin"), idle, "admin crash idle-session"},
		{query("select 1"), idle, "serialization deadlock statement query lock out too-many-locks admin crash idle-session"},
		{query("select 1"), open, "serialization deadlock statement query lock out too-many-locks admin crash idle-in"},
		{query("insert into t values (1)"), open, "serialization deadlock statement query lock read disk out too-many-locks admin crash idle-in"},
		{query("select 1"), failed, "admin crash idle-in"},
		{query("commit"), open, "admin crash idle-in serialization-at-commit"},
		{query("END;"), open, "admin crash idle-in serialization-at-commit"},
		{query("prepare transaction 'a'"), open, "admin crash idle-in serialization-at-commit"},
		{query("commit"), failed, "admin crash idle-in"},
		{query("commit"), idle, "admin crash idle-session"},
		{query("commit prepared 'a'"), open, "admin crash idle-in"},
		{query("rollback"), open, "admin crash idle-in"},
		{query("-- ping"), idle, "admin crash idle-session"},
		{parse("", "commit") + bind("") + execute + sync, open, "admin crash idle-in serialization-at-commit"},
		{parse("", "BEGIN") + bind("") + execute + parse("", "commit") + bind("") + execute + sync, idle, "admin crash idle-session"},
		{parse("s", "commit") + describe + sync, open, "admin crash idle-in"},
		{parse("s", "update t set a = 1") + flush, idle, "admin crash idle-session"},
		{execute + sync, idle, "serialization deadlock statement query lock out too-many-locks admin crash idle-session"},
		{sync, open, ""},
		{closing("a") + sync, open, ""},
		{msg('X'), idle, ""},
	} {
		r := opened(t, tt.status)
		req := r.ask(tt.request)
		var got []string
		for _, k := range vaurien.Fit(new(Protocol), req, "") {
			got = append(got, k.Name)
		}
		want := strings.Fields(tt.fit)
		ok := len(got) == len(want)
		for i := range min(len(got), len(want)) {
			ok = ok && strings.HasPrefix(got[i], want[i])
		}
		if !ok {
			t.Errorf("%q, %v: %v, want %s", tt.request, tt.status, got, tt.fit)
		}
	}
	r := newRoom(t)
	for request, want := range map[string]string{
		askSSL: "[ssl-refused]",
		hello:  "[too-many-connections slots-reserved starting-up shutting-down in-recovery database-missing role-missing]",
	} {
		var got []string
		for _, k := range vaurien.Fit(new(Protocol), r.ask(request), "") {
			got = append(got, k.Name)
		}
		if request == hello {
			r = newRoom(t)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%q: %v, want %s", request, got, want)
		}
	}
}

func TestCheckFailure(t *testing.T) {
	for _, tt := range []struct {
		f    vaurien.Failure
		want string
	}{
		{vaurien.Failure{Code: "40001"}, ""},
		{vaurien.Failure{Kind: "deadlock", Code: "XX000", Message: "no"}, ""},
		{vaurien.Failure{Code: "4000"}, "no SQLSTATE"},
		{vaurien.Failure{Code: "4000a"}, "no SQLSTATE"},
		{vaurien.Failure{Code: "40\n01"}, "no SQLSTATE"},
		{vaurien.Failure{Code: "00000"}, "is no error"},
		{vaurien.Failure{Code: "01000"}, "is no error"},
		{vaurien.Failure{Kind: "ssl-refused", Message: "no"}, "without a code and a message"},
		{vaurien.Failure{Kind: "deadlock", Message: "a\x00b"}, "a NUL"},
		{vaurien.Failure{Kind: "deadlock", Message: strings.Repeat("x", 8193)}, "8193 bytes"},
	} {
		err := new(Protocol).CheckFailure(tt.f)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.f, err, tt.want)
		}
	}
}
