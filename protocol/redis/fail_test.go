package redis

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// A session is a codec that is asked as the engine does.
type session struct {
	t     *testing.T
	codec vaurien.Codec
}

func newSession(t *testing.T) *session {
	p := new(Protocol)
	p.SetBackend("127.0.0.1:6381")
	return &session{t, p.NewCodec()}
}

// ask reads a request.
func (s *session) ask(text string) *vaurien.Message {
	s.t.Helper()
	m := new(vaurien.Message)
	if err := s.codec.ReadRequest(vaurien.NewReader(strings.NewReader(text)), m); err != nil {
		s.t.Fatalf("%q: %v", text, err)
	}
	return m
}

// answer reads the reply to req and returns what of it goes to the client.
func (s *session) answer(req *vaurien.Message, text string) string {
	s.t.Helper()
	var m vaurien.Message
	r := vaurien.NewReader(strings.NewReader(text))
	if err := s.codec.ReadReply(r, req, &m); err != nil {
		s.t.Fatalf("%q: %v", text, err)
	}
	return string(m.Head)
}

// do is a request that is answered.
func (s *session) do(request, reply string) {
	s.t.Helper()
	s.answer(s.ask(request), reply)
}

// fail lets req fail, and returns what the client is told and what the server
// gets.
func (s *session) fail(req *vaurien.Message, f vaurien.Failure) (told, forwarded string, a vaurien.Answer) {
	s.t.Helper()
	a, err := s.codec.Fail(req, f, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		s.t.Fatal(err)
	}
	switch string(a.Forward) {
	case "":
		return string(a.Bytes), "", a
	case string(discardCommand):
		return s.answer(req, "+OK\r\n"), "DISCARD", a
	case string(refusedCommand):
		return s.answer(req, "-ERR wrong number of arguments for 'get' command\r\n"), "GET", a
	}
	s.t.Fatalf("forwarded: %q", a.Forward)
	return
}

func kindOf(t *testing.T, name string) vaurien.FailureKind {
	t.Helper()
	for _, k := range new(Protocol).Failures() {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("no failure %q", name)
	return vaurien.FailureKind{}
}

// Whenever the real server gave a failure's answer, the failure fits there and
// is that answer, byte by byte.
func TestFailuresAreTheServersOwn(t *testing.T) {
	compared := make(map[string]int)
	for _, k := range new(Protocol).Failures() {
		file := strings.TrimSuffix(filepath.Base(strings.TrimSuffix(k.Source, ")")), ".txt")
		compared[k.Name] += compare(t, k.Name, file)
	}
	compared["oom"] += compare(t, "oom", "exec-oom")
	for name, n := range compared {
		if n == 0 {
			t.Errorf("%s: the capture has no such answer", name)
		}
	}
}

func compare(t *testing.T, kind, file string) (compared int) {
	c := protocoltest.ReadCapture(t, filepath.Join("testdata", "captures", file+".txt"))
	f := failureOf(kind)
	for i, line := range c.Lines {
		said := string(line.Bytes)
		if !line.Server || !f.says(said) {
			continue
		}
		compared++
		s := newSession(t)
		req := s.replay(c.Lines[:i])
		if fits := kindOf(t, kind).Fits; fits != nil && !fits(req) {
			t.Errorf("%s: does not fit %q", kind, req.Head)
		}
		told, _, a := s.fail(req, vaurien.Failure{Kind: kind})
		if told != said {
			t.Errorf("%s: says %q, the server %q", kind, told, said)
		}
		closes := i+1 < len(c.Lines) && c.Lines[i+1].Server && c.Lines[i+1].End != ""
		if a.Close != closes {
			t.Errorf("%s: closes %v, the server %v", kind, a.Close, closes)
		}
	}
	return compared
}

// says reports whether an answer of the server's is this failure.
func (f *failure) says(said string) bool {
	if f.null != 0 {
		return said == "_\r\n" || said == string(f.null)+"-1\r\n"
	}
	return strings.HasPrefix(said, "-"+f.code+" ") || strings.HasPrefix(said, "-EXECABORT Transaction discarded because of: "+f.code+" ")
}

// replay lets s see what was said, and returns the request that is left; nil if
// the client has not spoken.
func (s *session) replay(lines []protocoltest.CaptureLine) (req *vaurien.Message) {
	for _, l := range lines {
		if l.Server {
			s.answer(req, string(l.Bytes))
		} else {
			req = s.ask(string(l.Bytes))
		}
	}
	return req
}

// Wherever the real server answered otherwise in one of its states, the failure
// of that state does not fit.
func TestFitsAsTheServerDoes(t *testing.T) {
	files, err := os.ReadDir("testdata/captures")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file.Name(), ".txt")
		f := failureOf(name)
		if f == nil || f.Fits == nil || f.OnRequest || f.null != 0 || name == "nopermission" {
			continue // the last is a matter of the user
		}
		c := protocoltest.ReadCapture(t, filepath.Join("testdata", "captures", file.Name()))
		for i, line := range c.Lines {
			if said := string(line.Bytes); line.Server && said != "" && !strings.Contains(said, f.code) {
				s := newSession(t)
				if req := s.replay(c.Lines[:i]); f.Fits(req) {
					t.Errorf("%s fits %q, to which the server says %q", name, req.Head, said)
				}
			}
		}
	}
}

func TestFits(t *testing.T) {
	for _, tt := range []struct {
		before, request string
		fit             string // those that the dice may choose
	}{
		{"", "GET k", "noauth nopermission loading busy masterdown"},
		{"AUTH secret", "GET k", "nopermission loading busy masterdown"},
		{"HELLO 3 AUTH bob secret", "GET k", "nopermission loading busy masterdown"},
		{"", "SET k v", "noauth nopermission loading busy readonly oom misconf noreplicas masterdown"},
		{"", "set k v", "noauth nopermission loading busy readonly oom misconf noreplicas masterdown"},
		{"", "DEL k", "noauth nopermission loading busy readonly misconf noreplicas masterdown"},
		{"", "JSON.SET k v", "noauth nopermission loading busy masterdown"},
		{"", "PING", "noauth nopermission loading busy misconf masterdown"},
		{"", "INFO", "noauth nopermission busy"},
		{"", "CONFIG SET a b", "noauth nopermission busy"},
		{"", "XGROUP CREATE k g $", "noauth nopermission loading busy readonly oom misconf noreplicas masterdown"},
		{"", "SCRIPT KILL", "noauth nopermission loading masterdown"},
		{"", "AUTH secret", "wrongpass"},
		{"", "HELLO 3", "noauth"},
		{"", "HELLO 3 AUTH bob secret", "wrongpass"},
		{"", "EVAL return 0", "noauth nopermission loading busy"},
		{"", "EVALSHA ff 0", "noauth nopermission loading busy noscript"},
		{"", "BLPOP k 0", "noauth nopermission loading busy readonly misconf noreplicas masterdown unblocked"},
		{"", "SUBSCRIBE a", "noauth nopermission busy"},
		{"", "QUIT", ""},
		{"", "RESET", ""},
		{"", "CLIENT REPLY OFF", ""},
		{"", "MULTI", "noauth nopermission"},
		{"MULTI", "GET k", "nopermission loading busy masterdown"},
		{"MULTI", "BLPOP k 0", "nopermission loading busy readonly misconf noreplicas masterdown"},
		{"MULTI", "DISCARD", "nopermission"},
		{"MULTI; GET k", "EXEC", "nopermission loading busy masterdown execabort"},
		{"MULTI; SET k v", "EXEC", "nopermission loading busy readonly oom misconf noreplicas masterdown execabort"},
		{"WATCH k; MULTI; INFO", "EXEC", "nopermission busy execabort watch-conflict"},
		{"WATCH k; UNWATCH; MULTI; INFO", "EXEC", "nopermission busy execabort"},
		{"WATCH k; MULTI; EXEC; MULTI; INFO", "EXEC", "nopermission busy execabort"},
		{"MULTI; EXEC", "EXEC", "noauth nopermission busy"},
		{"MULTI; DISCARD", "GET k", "noauth nopermission loading busy masterdown"},
		{"MULTI; DISCARD x", "GET k", "nopermission loading busy masterdown"},
		{"MULTI; RESET", "GET k", "noauth nopermission loading busy masterdown"},
	} {
		t.Run(tt.before+"; "+tt.request, func(t *testing.T) {
			s := newSession(t)
			for line := range strings.SplitSeq(tt.before, ";") {
				if line != "" {
					s.do(commandsOf(line), "+OK\r\n")
				}
			}
			req := s.ask(commandsOf(tt.request))
			var fit []string
			for _, k := range vaurien.Fit(new(Protocol), req, "") {
				fit = append(fit, k.Name)
			}
			if got := strings.Join(fit, " "); got != tt.fit {
				t.Errorf("fit: %s\nwant: %s", got, tt.fit)
			}
		})
	}
}

// In a transaction the server is made to fail too.
func TestFailInTransaction(t *testing.T) {
	const aborted = "-EXECABORT Transaction discarded because of: "
	for _, tt := range []struct {
		before, request, kind string
		told, forwarded       string
	}{
		{"MULTI", "SET k v", "readonly", "-READONLY You can't write against a read only replica.\r\n", "GET"},
		{"MULTI", "MULTI", "nopermission", "-NOPERM this user has no permissions to run the 'multi' command\r\n", "GET"},
		{"MULTI; SET k v", "EXEC", "execabort", "-EXECABORT Transaction discarded because of previous errors.\r\n", "DISCARD"},
		{"MULTI; SET k v", "EXEC", "readonly", aborted + "READONLY You can't write against a read only replica.\r\n", "DISCARD"},
		{"MULTI; SET {c} v", "EXEC", "moved", "-MOVED 7365 127.0.0.1:6381\r\n", "DISCARD"},
		{"WATCH k; MULTI; SET k v", "EXEC", "watch-conflict", "*-1\r\n", "DISCARD"},
		{"HELLO 3; WATCH k; MULTI; SET k v", "EXEC", "watch-conflict", "_\r\n", "DISCARD"},
		{"", "SET k v", "readonly", "-READONLY You can't write against a read only replica.\r\n", ""},
		{"", "GET {c}", "ask", "-ASK 7365 127.0.0.1:6381\r\n", ""},
	} {
		s := newSession(t)
		for line := range strings.SplitSeq(tt.before, ";") {
			if line != "" {
				s.do(commandsOf(line), "+OK\r\n")
			}
		}
		told, forwarded, _ := s.fail(s.ask(commandsOf(tt.request)), vaurien.Failure{Kind: tt.kind})
		if told != tt.told || forwarded != tt.forwarded {
			t.Errorf("%s; %s: told %q and forwarded %q, want %q and %q", tt.before, tt.request, told, forwarded, tt.told, tt.forwarded)
		}
	}
}

// What stands between the replies passes before the one that is replaced.
func TestFailAmongNotifications(t *testing.T) {
	s := newSession(t)
	s.do(commandsOf("HELLO 3"), "%0\r\n")
	s.do(commandsOf("MULTI"), "+OK\r\n")
	req := s.ask(commandsOf("SET k v"))
	if _, err := s.codec.Fail(req, vaurien.Failure{Kind: "oom"}, nil); err != nil {
		t.Fatal(err)
	}
	const push = ">2\r\n$10\r\ninvalidate\r\n"
	r := vaurien.NewReader(strings.NewReader(push + "*1\r\n$1\r\nk\r\n-ERR wrong\r\n+PONG\r\n"))
	var got []string
	for range 2 {
		var m vaurien.Message
		if err := s.codec.ReadReply(r, req, &m); err != nil {
			t.Fatal(err)
		}
		got = append(got, string(m.Head))
		for m.Body != nil {
			n, err := m.Body.Next(r)
			if err != nil {
				break
			}
			r.Take(int(n))
		}
	}
	if got[0] != ">2\r\n" || got[1] != "-OOM command not allowed when used memory > 'maxmemory'.\r\n" || string(r.Buffered()) != "+PONG\r\n" {
		t.Errorf("got %q, left %q", got, r.Buffered())
	}
}

func TestFailOverrides(t *testing.T) {
	for _, tt := range []struct {
		f    vaurien.Failure
		told string
	}{
		{vaurien.Failure{Code: "ERR", Message: "no"}, "-ERR no\r\n"},
		{vaurien.Failure{Code: "ERR"}, "-ERR\r\n"},
		{vaurien.Failure{Kind: "oom", Message: "no memory"}, "-OOM no memory\r\n"},
		{vaurien.Failure{Kind: "oom", Code: "ERR", Message: "no memory"}, "-ERR no memory\r\n"},
		{vaurien.Failure{Kind: "moved", Message: "1 10.0.0.1:7000"}, "-MOVED 1 10.0.0.1:7000\r\n"},
	} {
		s := newSession(t)
		if told, _, _ := s.fail(s.ask(resp("GET", "k")), tt.f); told != tt.told {
			t.Errorf("%+v: %q, want %q", tt.f, told, tt.told)
		}
	}

	p := new(Protocol)
	for _, tt := range []struct {
		f    vaurien.Failure
		want string
	}{
		{vaurien.Failure{Code: "err"}, "use one word in capitals"},
		{vaurien.Failure{Code: "TWO WORDS"}, "use one word in capitals"},
		{vaurien.Failure{Code: "ERR\r\n+OK"}, "use one word in capitals"},
		{vaurien.Failure{Code: "ERR", Message: "no\r\n+OK"}, "use one line of text"},
		{vaurien.Failure{Kind: "oom", Message: "\n"}, "use one line of text"},
		{vaurien.Failure{Kind: "evicted", Message: "gone"}, "is no error"},
		{vaurien.Failure{Kind: "moved", Message: "elsewhere"}, "use a slot and a node"},
		{vaurien.Failure{Kind: "ask", Message: "16384 127.0.0.1:1"}, "use a slot and a node"},
		{vaurien.Failure{Kind: "moved", Message: "16383 :70000"}, "use a slot and a node"},
	} {
		if err := p.CheckFailure(tt.f); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %s", tt.f, err, tt.want)
		}
	}
}

// Without a name the dice choose one that fits.
func TestFailDraws(t *testing.T) {
	s, rng, seen := newSession(t), rand.New(rand.NewPCG(1, 2)), make(map[string]int)
	for range 500 {
		a, err := s.codec.Fail(s.ask(resp("GET", "k")), vaurien.Failure{}, rng)
		if err != nil {
			t.Fatal(err)
		}
		code, _, _ := strings.Cut(string(a.Bytes), " ")
		seen[code]++
	}
	for _, code := range []string{"-NOAUTH", "-NOPERM", "-LOADING", "-BUSY", "-MASTERDOWN"} {
		if seen[code] < 50 {
			t.Errorf("%s was drawn %d times of 500", code, seen[code])
		}
	}
	if len(seen) != 5 {
		t.Errorf("drawn: %v", seen)
	}
	if a, err := s.codec.Fail(s.ask(resp("QUIT")), vaurien.Failure{}, rng); err != nil || !a.Pass {
		t.Errorf("QUIT: %+v, %v", a, err)
	}
	a, err := s.codec.Fail(nil, vaurien.Failure{Kind: "max-clients"}, rng)
	if err != nil || !a.Close || string(a.Bytes) != "-ERR max number of clients reached\r\n" {
		t.Errorf("at accept: %+v, %v", a, err)
	}
}

// MOVED names the backend, if that has an address to go to.
func TestRedirection(t *testing.T) {
	for backend, node := range map[string]string{
		"localhost:6379": "localhost:6379", "[::1]:6379": "::1:6379",
		"/run/redis.sock": nowhere, ":6379": nowhere, "": nowhere,
	} {
		p := new(Protocol)
		if backend != "" {
			p.SetBackend(backend)
		}
		s := &session{t, p.NewCodec()}
		if told, _, _ := s.fail(s.ask(resp("GET", "{c}")), vaurien.Failure{Kind: "moved"}); told != "-MOVED 7365 "+node+"\r\n" {
			t.Errorf("backend %q: %q", backend, told)
		}
	}
}

// A command that gets no reply gets no error; one of any length leaves the
// connection open; one that cannot fail is passed on.
func TestFailWithoutWords(t *testing.T) {
	s := newSession(t)
	off := s.ask(commandsOf("CLIENT REPLY OFF"))
	if a, err := s.codec.Fail(off, vaurien.Failure{Code: "ERR"}, nil); err != nil || !a.Pass {
		t.Errorf("CLIENT REPLY OFF: %+v, %v", a, err)
	}
	if told, forwarded, _ := s.fail(s.ask(commandsOf("SET k v")), vaurien.Failure{Kind: "oom"}); told+forwarded != "" {
		t.Errorf("silenced: %q, %q", told, forwarded)
	}
	for _, before := range []string{"PING", "MULTI"} {
		s = newSession(t)
		s.do(commandsOf(before), "+OK\r\n")
		if told, forwarded, a := s.fail(s.ask(commandsOf("SET k v")), vaurien.Failure{Kind: "oom", Unread: true}); a.Close || told+forwarded == "" {
			t.Errorf("unread after %s: %q, %+v", before, told, a)
		}
	}
}

// What a refused request would have changed is not taken for changed.
func TestRefusedChanges(t *testing.T) {
	for _, tt := range []struct{ request, attribute, was, granted string }{
		{"SELECT 3", "database", "0", "3"},
		{"AUTH bob secret", "user", "", "bob"},
		{"AUTH secret", "user", "", "default"},
		{"HELLO 3 SETNAME x AUTH bob secret", "user", "", "bob"},
		{"MULTI", "in_transaction", "false", "true"},
	} {
		for what, refuse := range map[string]func(*session, *vaurien.Message){
			"granted": func(s *session, req *vaurien.Message) { s.answer(req, "+OK\r\n") },
			"refused": func(s *session, req *vaurien.Message) { s.answer(req, "-ERR no\r\n") },
			"failed":  func(s *session, req *vaurien.Message) { s.fail(req, vaurien.Failure{Code: "ERR"}) },
		} {
			s := newSession(t)
			req := s.ask(commandsOf(tt.request))
			refuse(s, req)
			want := tt.was
			if what == "granted" {
				want = tt.granted
			}
			if got := attribute(s, s.ask(resp("PING")), tt.attribute); got != want {
				t.Errorf("%s %s: %s is %s, want %s", tt.request, what, tt.attribute, got, want)
			}
		}
	}

	// A transaction that is not executed leaves the database as it was.
	for _, end := range []string{"*-1\r\n", "-EXECABORT no\r\n", "_\r\n", "*1\r\n"} {
		s := newSession(t)
		s.do(commandsOf("MULTI"), "+OK\r\n")
		s.do(commandsOf("SELECT 3"), "+QUEUED\r\n")
		s.do(commandsOf("EXEC"), end)
		want := "0"
		if end == "*1\r\n" {
			want = "3"
		}
		if got := attribute(s, s.ask(resp("PING")), "database"); got != want {
			t.Errorf("after EXEC gave %q: database %s, want %s", end, got, want)
		}
	}
}
