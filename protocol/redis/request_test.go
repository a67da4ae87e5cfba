package redis

import (
	"strings"
	"testing"
)

func TestRequests(t *testing.T) {
	long := strings.Repeat("x", whole)
	for _, tt := range []talkTest{
		{name: "one", requests: resp("PING"), asked: "PING 14"},
		{name: "lower case", requests: resp("ping"), asked: "PING 14"},
		{name: "pipeline", requests: commandsOf("SET k v", "GET k", "incr n"), asked: "SET 27, GET 20, INCR 21"},
		{name: "unknown", requests: commandsOf("json.get k", "JSON.GET k"), asked: "JSON.GET 25, JSON.GET 25"},
		{name: "not printable", requests: resp("\x01\r\n", "k"), asked: "? 20"},
		{name: "empty argument", requests: resp("SET", "k", ""), asked: "SET 26"},
		{name: "binary", requests: resp("SET", "\r\n$1\r\n", "*\x00\r\n"), asked: "SET 35"},
		{name: "empty arrays before", requests: "*0\r\n*-1\r\n" + resp("PING"), asked: "PING 23"},
		{name: "empty lines before", requests: "\r\n\n" + resp("PING"), asked: "PING 17"},
		{name: "long value", requests: resp("SET", "k", long) + resp("PING"), asked: "SET 28+16386, PING 14"},
		{name: "long name", requests: resp(long, "k"), asked: " 0"},
		{name: "long value first", requests: resp("SET", "k", long, "EX", "10"), asked: "SET 28+16402"},
		{name: "many arguments", requests: resp(append([]string{"MSET"}, strings.Split(strings.Repeat("key value ", 2000), " ")[:4000]...)...), asked: "-"},
		{name: "inline", requests: "PING\r\nset a b\nSET a \"b c\\x41\\n\" \r\n  get 'a\\'b'\r\n", asked: "PING 6, SET 8, SET 20, GET 14"},
		{name: "escapes", requests: "SET \"\\x41\\xfF\\n\\r\\t\\b\\a\\q\" '\\q' b\"c d\"\r\n", asked: "SET 40"},
		{name: "subcommands", requests: commandsOf("CONFIG GET a", "config nosuch", "CONFIG", "CONFIG "+strings.Repeat("x", 100)), asked: "CONFIG 32, CONFIG 28, CONFIG 16, CONFIG 124"},
		{name: "inline blanks", requests: "   \r\n\t\r\nPING\r\n", asked: "PING 14"},
		{name: "inline UTF-8", requests: "SET k \xc3\xa9\r\n", asked: "SET 10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "long name" {
				tt.asked = "? 12+16393"
			}
			got := tt.run(t)
			if tt.name == "many arguments" && (len(got.Requests.Frames) != 1 || len(got.Requests.Frames[0].Head) < whole-64) {
				t.Errorf("requests: %s", summary(got.Requests))
			}
		})
	}
}

// What Redis answers with a protocol error, and other protocols.
func TestRequestsNotUnderstood(t *testing.T) {
	for _, tt := range []struct{ name, bad, err string }{
		{"TLS", "\x16\x03\x01\x02\x00\x01", "byte 0x16 in an inline command"},
		{"NUL", "GET \x00\r\n", "byte 0x00 in an inline command"},
		{"high byte", "\x80abc\r\n", "byte 0x80 in an inline command"},
		{"quotes", "SET k \"v\r\n", "unbalanced quotes"},
		{"quotes inside", "SET k \"v\"w\r\n", "unbalanced quotes"},
		{"plus", "*+1\r\n", "0x2b in a length"},
		{"no digits", "*\r\n", "0x0d in a length"},
		{"zero in front", "*01\r\n", "begins with 0"},
		{"minus zero", "*-0\r\n", "-0"},
		{"LF", "*1\n$4\r\nPING\r\n", "0x0a in a length"},
		{"CR", "*1\r$4\r\nPING\r\n", "0x24 after a CR"},
		{"not a bulk", "*1\r\n+PING\r\n", "0x2b where an argument begins"},
		{"null argument", "*1\r\n$-1\r\n", "an argument of -1 bytes"},
		{"2^31 arguments", "*2147483648\r\n", "2147483648 arguments"},
		{"2^63 arguments", "*9223372036854775808\r\n", "a length of more than"},
		{"2^63 bytes", "*1\r\n$9223372036854775808\r\n", "a length of more than"},
		{"endless inline", strings.Repeat("x", longestLine+2), "an inline command of more than"},
		{"endless number", "*" + strings.Repeat("1", 100), "a length of more than"},
		{"replication", commandsOf("PSYNC ? -1"), "replication"},
		{"old replication", commandsOf("SYNC"), "replication"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			(&talkTest{requests: tt.bad + resp("PING"), rest: tt.bad + resp("PING"), err: tt.err}).run(t)
			(&talkTest{requests: resp("PING") + tt.bad, asked: "PING 14", rest: tt.bad, err: tt.err}).run(t)
		})
	}
}

// A bad argument after a long one ends the body, not the head.
func TestRequestBodyNotUnderstood(t *testing.T) {
	long := strings.Repeat("x", whole)
	text := "*4\r\n$3\r\nSET\r\n$1\r\nk\r\n" + bulk(long) + "+x\r\n"
	(&talkTest{requests: text, asked: "SET 28+16386 cut", rest: "+x\r\n", err: "0x2b where an argument begins"}).run(t)
	text = "*4\r\n$3\r\nSET\r\n$1\r\nk\r\n" + bulk(long) + "$-1\r\n"
	(&talkTest{requests: text, asked: "SET 28+16387 cut", rest: "-1\r\n", err: "0x2d in a length"}).run(t)
}

// CLIENT REPLY says which commands get none.
func TestClientReply(t *testing.T) {
	for _, tt := range []talkTest{
		{
			name: "off and on", replies: "+OK\r\n+OK\r\n+PONG\r\n",
			requests: commandsOf("SET a b", "client reply off", "SET a b", "GET a", "CLIENT REPLY SKIP", "CLIENT REPLY x", "CLIENT REPLY ON", "PING"),
			asked:    "SET 27, CLIENT 36 noreply, SET 27 noreply, GET 20 noreply, CLIENT 37 noreply, CLIENT 34 noreply, CLIENT 35, PING 14",
			answered: "5, 5, 7",
		},
		{
			name: "skip", replies: "+PONG\r\n",
			requests: commandsOf("CLIENT REPLY SKIP", "SET a b", "PING"),
			asked:    "CLIENT 37 noreply, SET 27 noreply, PING 14", answered: "7",
		},
		{
			name: "skip twice", replies: "+PONG\r\n",
			requests: commandsOf("CLIENT REPLY SKIP", "CLIENT REPLY SKIP", "SET a b", "PING"),
			asked:    "CLIENT 37 noreply, CLIENT 37 noreply, SET 27 noreply, PING 14", answered: "7",
		},
		{
			name: "reset", replies: "+RESET\r\n+PONG\r\n",
			requests: commandsOf("CLIENT REPLY OFF", "RESET", "PING"),
			asked:    "CLIENT 36 noreply, RESET 15, PING 14", answered: "8, 7",
		},
		{
			name: "subscribing unheard", requests: commandsOf("CLIENT REPLY OFF", "SUBSCRIBE a"),
			asked: "CLIENT 36 noreply", rest: commandsOf("SUBSCRIBE a"), err: "while nothing is replied to",
		},
		{
			name: "beside subscriptions", requests: commandsOf("SUBSCRIBE a", "CLIENT REPLY OFF"),
			replies: "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n",
			asked:   "SUBSCRIBE 26", answered: "30", rest: commandsOf("CLIENT REPLY OFF"), err: "beside subscriptions",
		},
		{
			name: "that is refused", requests: commandsOf("CLIENT REPLY OFF", "SET a 1"),
			replies: "-NOPERM\r\n+OK\r\n",
			asked:   "CLIENT 36 noreply, SET 27 noreply", replyErr: "was to get none",
		},
		{
			name: "HELLO in a transaction", requests: commandsOf("MULTI", "HELLO 3"), replies: "+OK\r\n",
			asked: "MULTI 15", answered: "5", rest: commandsOf("HELLO 3"), err: "HELLO in a transaction",
		},
		{
			name: "a second MONITOR", requests: commandsOf("MONITOR", "MONITOR"), replies: "+OK\r\n",
			asked: "MONITOR 17", answered: "5", rest: commandsOf("MONITOR"), err: "a second MONITOR",
		},
		{
			name: "in a transaction", replies: "+OK\r\n",
			requests: commandsOf("MULTI", "CLIENT REPLY OFF"), asked: "MULTI 15", answered: "5",
			rest: commandsOf("CLIENT REPLY OFF"), err: "CLIENT in a transaction",
		},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t) })
	}
}

// The words of an inline command are those that Redis sees.
func TestInlineWords(t *testing.T) {
	s := newSession(t)
	req := s.ask("SET \"\\x41\\xfF\\n\\r\\t\\b\\a\\q\" 'a\\q\\'b' b\"c d\"\r\n")
	want := []string{"SET", "A\xff\n\r\t\b\aq", `a\q'b`, "bc d"}
	for i, w := range want {
		if got := noteOf(req).argument(req.Head, i); string(got) != w {
			t.Errorf("word %d is %q, want %q", i, got, w)
		}
	}
}
