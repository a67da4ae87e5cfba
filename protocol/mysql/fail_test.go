package mysql

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// atServer returns a codec whose server has greeted, and been logged into
// unless the login itself is asked for.
func atServer(t testing.TB, greeting string) *codec {
	t.Helper()
	c := new(Protocol).NewCodec().(*codec)
	reply(t, c, ask(t, c, ""), greeting)
	return c
}

func reply(t testing.TB, c *codec, req *vaurien.Message, text string) vaurien.Message {
	t.Helper()
	var m vaurien.Message
	r := vaurien.NewReader(strings.NewReader(text))
	if err := c.ReadReply(r, req, &m); err != nil {
		t.Fatal(err)
	}
	if n := len(r.Buffered()); n > 0 && m.Body == nil {
		t.Fatalf("%d bytes are left", n)
	}
	return m
}

// client returns a codec of a session with MariaDB, or MySQL, after the login.
func client(t testing.TB, server capabilities) *codec {
	t.Helper()
	c := atServer(t, greet(server))
	reply(t, c, ask(t, c, logIn(oldClient)), okay(2, autocommit))
	return c
}

// told returns what the client of c gets for a request that fails, and whether
// the connection closes; sent are the statements that the server gets.
func told(t testing.TB, c *codec, req *vaurien.Message, f vaurien.Failure) (bytes string, closes bool, sent []string) {
	t.Helper()
	a, err := c.Fail(req, f, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	if a.Pass {
		t.Fatalf("%v: passed on", f)
	}
	if len(a.Forward) == 0 {
		return string(a.Bytes), a.Close, nil
	}
	replies := ""
	for p := a.Forward; len(p) > 0; p = p[headerSize+lengthOf(p):] {
		payload := string(p[headerSize+1 : headerSize+lengthOf(p)])
		if command(p[headerSize]) != comQuery {
			payload = byCode[p[headerSize]].name
		}
		sent = append(sent, payload)
		if strings.HasPrefix(payload, "SIGNAL") {
			replies += failed(1, 9999)
		} else if strings.HasPrefix(payload, "SELECT") {
			replies += resultSet(autocommit, "\x011", "\x012")
		} else {
			replies += okay(1, autocommit)
		}
	}
	m := reply(t, c, req, replies)
	return string(m.Head), false, sent
}

// errorIn returns the error in a capture, what the client said before it, what
// the server said first, and whether it closed the connection after the error.
func errorIn(t *testing.T, file string) (greeting, request, said string, closes bool) {
	t.Helper()
	lines := protocoltest.ReadCapture(t, file).Lines
	for i, l := range lines {
		text := string(l.Bytes)
		if i == 0 {
			greeting = text
		}
		for ; l.Server && len(text) > headerSize; text = text[headerSize+lengthOf([]byte(text)):] {
			if text[headerSize] != errPacket {
				continue
			}
			if i > 0 {
				request = string(lines[i-1].Bytes)
			}
			return greeting, request, text, i+1 < len(lines) && lines[i+1].End != ""
		}
	}
	for _, l := range lines {
		if closes = closes || l.Server && l.End != ""; !l.Server {
			request = string(l.Bytes)
		}
	}
	if closes {
		return greeting, request, "", true
	}
	t.Fatalf("%s: no error", file)
	return
}

// What the client gets in each failure is what the real server says.
func TestFailuresAreThoseOfTheCaptures(t *testing.T) {
	files, err := filepath.Glob("testdata/captures/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no captures")
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			kind := strings.TrimSuffix(strings.TrimSuffix(name, "-at-login"), "-idle")
			greeting, request, want, closes := errorIn(t, file)
			var c *codec
			var req *vaurien.Message
			switch {
			case request == "":
				c = new(Protocol).NewCodec().(*codec)
				c.protocol.mariadb.Store(true)
				req = ask(t, c, "")
			case request[3] == 1:
				c = atServer(t, greeting)
				req = ask(t, c, request)
			default:
				c = client(t, mariadbCaps)
				if kind == "read-only-at-commit" {
					begin := ask(t, c, query("BEGIN"))
					reply(t, c, begin, okay(1, autocommit|inTransaction))
				}
				req = ask(t, c, request)
			}
			if kind != "server-gone" && kind != "server-shutdown" && kind != "query-interrupted" && kind != "connection-killed" {
				if !fits(req, kind) {
					t.Errorf("does not fit %q", request)
				}
			}
			got, closed, _ := told(t, c, req, vaurien.Failure{Kind: kind})
			if kind == "query-timeout" || kind == "query-interrupted" {
				// The recorded client did without an EOF.
				columns := pkt(1, "\x01") + columns(2, 1) + eof(3, 2)
				if !strings.HasPrefix(got, columns) || want[3] != 3 {
					t.Errorf("%q, and the server %q", got, want)
				}
				got = strings.TrimPrefix(got, columns)
				want = want[:3] + "\x04" + want[4:]
			}
			want = strings.NewReplacer("127.0.0.2", "127.0.0.1", "(current value: 0)", "(current value: 16382)").Replace(want)
			if want != "" {
				want = pkt(want[3], want[headerSize:])
			}
			if got != want || closed != closes {
				t.Errorf("%q, closes %v\nthe server: %q, closes %v", got, closed, want, closes)
			}
		})
	}
}

func fits(req *vaurien.Message, kind string) bool {
	return len(vaurien.Fit(new(Protocol), req, kind)) > 0
}

// Each failure that names a capture has it.
func TestSources(t *testing.T) {
	names := make(map[string]bool)
	for _, k := range new(Protocol).Failures() {
		if names[k.Name] {
			t.Errorf("%s: twice", k.Name)
		}
		names[k.Name] = true
		if _, file, ok := strings.Cut(k.Source, "(testdata/captures/"); ok {
			file, _, _ = strings.Cut(file, ")")
			if _, err := os.Stat("testdata/captures/" + file); err != nil {
				t.Error(err)
			}
		}
		if k.Doc == "" || k.Effect == "" || k.Source == "" || k.Phase == "" || k.Fits == nil {
			t.Errorf("%s says too little", k.Name)
		}
	}
}

// What the server gets in a request's place leaves it where the real error
// would have.
func TestServerFailsToo(t *testing.T) {
	signal := func(number int, state, text string) string {
		return fmt.Sprintf("SIGNAL SQLSTATE '%s' SET MYSQL_ERRNO=%d,MESSAGE_TEXT=_utf8 x'%x'", state, number, text)
	}
	deadlock := signal(1213, "40001", "Deadlock found when trying to get lock; try restarting transaction")
	prepared := func(c *codec) {
		req := ask(t, c, pkt(0, "\x16UPDATE t SET a=? WHERE id=?"))
		reply(t, c, req, pkt(1, "\x00", le(5, 4), le(0, 2), le(2, 2), "\x00", le(0, 2))+columns(2, 2)+eof(4, 2))
	}
	for _, tt := range []struct {
		name, request string
		failure       vaurien.Failure
		before        func(*codec)
		sent          []string
	}{
		{"deadlock", query("UPDATE t SET a=1"), vaurien.Failure{Kind: "deadlock"}, nil, []string{"ROLLBACK AND NO CHAIN NO RELEASE", deadlock}},
		{"lock wait", query("UPDATE t SET a=1"), vaurien.Failure{Kind: "lock-wait-timeout", Message: "it's late\\"}, nil, []string{signal(1205, "HY000", "it's late\\")}},
		{"deadlock of a prepared statement", pkt(0, "\x17", le(5, 4), "\x00", le(1, 4), "\x00\x01\x03\x00\x03\x00", le(1, 8)), vaurien.Failure{Kind: "deadlock"}, prepared,
			[]string{"COM_STMT_RESET", "ROLLBACK AND NO CHAIN NO RELEASE", deadlock}},
		{"code", query("SELECT 1"), vaurien.Failure{Code: "1064", Message: "no"}, nil, []string{signal(1064, "42000", "no")}},
		{"code of a deadlock", query("SELECT 1"), vaurien.Failure{Code: "1213"}, nil, []string{"ROLLBACK AND NO CHAIN NO RELEASE", deadlock}},
		{"code of MySQL's at MariaDB", query("INSERT INTO t VALUES (1)"), vaurien.Failure{Code: "3024"}, nil, []string{signal(3024, "HY000", "Query execution was interrupted, maximum statement execution time exceeded")}},
		{"code of both", query("INSERT INTO t VALUES (1)"), vaurien.Failure{Code: "1290"}, nil, []string{signal(1290, "HY000", "The MariaDB server is running with the --read-only option so it cannot execute this statement")}},
		{"code with a name in it", query("INSERT INTO a.t VALUES (1)"), vaurien.Failure{Code: "1114"}, nil, []string{signal(1114, "HY000", "The table 't' is full")}},
		{"code that nobody knows", query("SELECT 1"), vaurien.Failure{Code: "4242"}, nil, []string{signal(4242, "HY000", "Unknown error")}},
		{"code at COMMIT", query("COMMIT"), vaurien.Failure{Code: "1180/HY000", Message: "no"}, nil, []string{"ROLLBACK AND NO CHAIN NO RELEASE", signal(1180, "HY000", "no")}},
		{"a long message", query("SELECT 1"), vaurien.Failure{Code: "1064", Message: strings.Repeat("é", 200)}, nil, []string{signal(1064, "42000", strings.Repeat("é", 128))}},
		{"a state that cannot be signalled", query("SELECT 1"), vaurien.Failure{Code: "1/01000", Message: "x"}, nil, []string{signal(1, "HY000", "x")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := client(t, mariadbCaps)
			if tt.before != nil {
				tt.before(c)
			}
			bytes, closes, sent := told(t, c, ask(t, c, tt.request), tt.failure)
			if strings.Join(sent, "\n") != strings.Join(tt.sent, "\n") || closes {
				t.Errorf("sent:\n%s\nwant:\n%s", strings.Join(sent, "\n"), strings.Join(tt.sent, "\n"))
			}
			if tt.failure.Message != "" && !strings.HasSuffix(bytes, tt.failure.Message) {
				t.Errorf("told %q", bytes)
			}
		})
	}
}

// The types of parameters that a failed execution had are in the next one.
func TestTypesAreNotLost(t *testing.T) {
	const types = "\x03\x00\x0f\x00"
	for _, tt := range []struct{ name, failed, next, want string }{
		{"execute", "\x00" + le(1, 4) + "\x00\x01" + types + "values", "\x00" + le(1, 4) + "\x02\x00more", "\x00" + le(1, 4) + "\x02\x01" + types + "more"},
		{"with its own", "\x00" + le(1, 4) + "\x00\x01" + types + "values", "\x00" + le(1, 4) + "\x00\x01zzzzmore", "\x00" + le(1, 4) + "\x00\x01zzzzmore"},
		{"without any", "\x00" + le(1, 4) + "\x00\x00values", "\x00" + le(1, 4) + "\x00\x00more", "\x00" + le(1, 4) + "\x00\x00more"},
		{"bulk", "\x80\x00" + types + "values", "\x00\x00more", "\x80\x00" + types + "more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := "\x17"
			if tt.name == "bulk" {
				cmd = "\xfa"
			}
			c := client(t, mariadbCaps)
			req := ask(t, c, pkt(0, "\x16INSERT INTO t VALUES (?,?)"))
			reply(t, c, req, pkt(1, "\x00", le(5, 4), le(0, 2), le(2, 2), "\x00", le(0, 2))+columns(2, 2)+eof(4, 2))
			for range 2 { // the second one gets them from the first
				told(t, c, ask(t, c, pkt(0, cmd, le(5, 4), tt.failed)), vaurien.Failure{Kind: "deadlock"})
				tt.failed = tt.next
			}
			m := ask(t, c, pkt(0, cmd, le(5, 4), tt.next))
			if want := pkt(0, cmd, le(5, 4), tt.want); string(m.Head) != want {
				t.Errorf("%q\nwant %q", m.Head, want)
			}
			if m = ask(t, c, pkt(0, cmd, le(5, 4), tt.next)); string(m.Head) != pkt(0, cmd, le(5, 4), tt.next) {
				t.Errorf("the next again: %q", m.Head)
			}
		})
	}
}

// A transaction that the server does not roll back is not said to be.
func TestRollbackRefused(t *testing.T) {
	c := client(t, mariadbCaps)
	req := ask(t, c, query("UPDATE t SET a=1"))
	if _, err := c.Fail(req, vaurien.Failure{Kind: "deadlock"}, nil); err != nil {
		t.Fatal(err)
	}
	m := reply(t, c, req, failed(1, 1399)+failed(1, 1213))
	if string(m.Head) != failed(1, 1399) {
		t.Errorf("%q", m.Head)
	}
}

// An error to a statement of several packets has the number after theirs.
func TestNumberOfTheError(t *testing.T) {
	c := client(t, mariadbCaps)
	m := new(vaurien.Message)
	r := vaurien.NewReader(strings.NewReader(string(appendHeader(nil, fullPacket, 0)) + "\x03UPDATE t SET a='" + strings.Repeat("x", fullPacket-17) + pkt(1, "'")))
	if err := c.ReadRequest(r, m); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Fail(m, vaurien.Failure{Kind: "lock-wait-timeout"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := drain(r, m.Body); err != nil {
		t.Fatal(err)
	}
	if got := reply(t, c, m, failed(1, 1205)); got.Head[3] != 2 {
		t.Errorf("number %d", got.Head[3])
	}
}

func TestCheckFailure(t *testing.T) {
	for _, tt := range []struct{ code, message, want string }{
		{"1205", "", ""}, {"1205/HY000", "", ""}, {"65534", "x", ""}, {"", "any text; ' \r\n", ""},
		{"40001", "", "give the error's number too"}, {"42000", "", "give the error's number too"}, {"70100", "", "give the error's number too"}, {"HY000", "", "give the error's number too"}, {"0", "", "use one of 1 to 65535"},
		{"65535", "", "a report of progress"}, {"65536", "", "no error number"}, {"99999999999999999999", "", "no error number"}, {"-1", "", "no error number"},
		{"x", "", "no error number"}, {"1205/", "", "no SQLSTATE"}, {"1205/hy000", "", "no SQLSTATE"}, {"1205/00000", "", "of success"},
		{"1205", "a\x00b", "a NUL"}, {"1205", "\xff", "not UTF-8"}, {"1205", strings.Repeat("x", 513), "at most 512"},
	} {
		err := new(Protocol).CheckFailure(vaurien.Failure{Code: tt.code, Message: tt.message})
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q %.20q: %v, want %s", tt.code, tt.message, err, tt.want)
		}
	}
}
