package redis

import (
	"strings"
	"testing"
)

// Replies to GET, and to nothing once that is answered.
func TestReplies(t *testing.T) {
	long := strings.Repeat("x", whole)
	for _, tt := range []struct{ name, replies, answered, err string }{
		{"status", "+OK\r\n", "5", ""},
		{"empty status", "+\r\n", "3", ""},
		{"error", "-ERR no\r\n", "9", ""},
		{"number", ":-12\r\n", "6", ""},
		{"bulk", "$3\r\nabc\r\n", "9", ""},
		{"empty bulk", "$0\r\n\r\n", "6", ""},
		{"null bulk", "$-1\r\n", "5", ""},
		{"long bulk", bulk(long), "8+16386", ""},
		{"empty array", "*0\r\n", "4", ""},
		{"null array", "*-1\r\n", "5", ""},
		{"array", "*4\r\n$1\r\na\r\n:1\r\n+s\r\n$-1\r\n", "4+20", ""},
		{"nested", "*2\r\n*1\r\n*-1\r\n*2\r\n:1\r\n*0\r\n", "4+21", ""},
		{"message in RESP2, unsubscribed", "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n", "4+27", ""},
		{"RESP3 null", "_\r\n", "3", ""},
		{"boolean", "#t\r\n", "4", ""},
		{"double", ",-1.5e10\r\n", "10", ""},
		{"big number", "(3492890328409238509324850943850943825024385\r\n", "46", ""},
		{"bulk error", "!7\r\nERR\r\nno\r\n", "13", ""},
		{"verbatim", "=8\r\ntxt:text\r\n", "14", ""},
		{"map", "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n", "4+20", ""},
		{"set", "~2\r\n:1\r\n:2\r\n", "4+8", ""},
		{"attribute", "|1\r\n+ttl\r\n:3600\r\n$3\r\nabc\r\n", "4+22", ""},
		{"attribute inside", "*2\r\n|1\r\n+ttl\r\n:3600\r\n:1\r\n%1\r\n_\r\n#f\r\n", "4+32", ""},
		{"push before", ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n$3\r\nabc\r\n", "4+28 unasked, 9", ""},
		{"message before", ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n+OK\r\n", "17+14 unasked, 5", ""},
		{"empty push", ">0\r\n+OK\r\n", "4 unasked, 5", ""},
		{"push of others", ">3\r\n+server-cpu-usage\r\n:42\r\n:43\r\n+OK\r\n", "4+29 unasked, 5", ""},
		{"push inside", "*2\r\n:1\r\n>2\r\n+invalidate\r\n*1\r\n+k\r\n:2\r\n", "4+33", ""},
		{"two, one unasked", "+OK\r\n-ERR max number of clients reached\r\n", "5, 36 unasked", ""},

		{"not a type", "x\r\n", "", "byte 0x78 where a reply begins"},
		{"streamed bulk", "$?\r\n;4\r\nHell\r\n;0\r\n", "", "0x3f in a length"},
		{"streamed array", "*?\r\n:1\r\n.\r\n", "", "0x3f in a length"},
		{"LF alone", "+OK\n", "", "LF alone"},
		{"null map", "%-1\r\n", "", "a length of -1"},
		{"null verbatim", "=-1\r\n", "", "a length of -1"},
		{"bulk of -2", "$-2\r\n", "", "a length of -2"},
		{"endless line", "+" + strings.Repeat("x", longestLine+2), "", "a line of more than"},
		{"not a type inside", "*2\r\n:1\r\nx\r\n", "4+4 cut", "0x78 where an element begins"},
		{"endless line inside", "*1\r\n+" + strings.Repeat("x", longestLine+2), "4+65539 cut", "unexpected EOF"},
		{"RDB", "$1000\r\nREDIS0010", "", ""},
		{"cut array", "*2\r\n:1\r\n:", "4+5 cut", "unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			(&talkTest{
				requests: resp("GET", "k"), replies: tt.replies,
				asked: "GET 20", answered: tt.answered, replyErr: tt.err,
			}).run(t)
		})
	}
}

func TestPubSub(t *testing.T) {
	confirm := func(kind byte, word, channel, count string) string {
		if channel == "" && kind == '*' {
			return "*3\r\n" + bulk(word) + "$-1\r\n:" + count + "\r\n"
		}
		if channel == "" {
			return ">3\r\n" + bulk(word) + "_\r\n:" + count + "\r\n"
		}
		return string(kind) + "3\r\n" + bulk(word) + bulk(channel) + ":" + count + "\r\n"
	}
	for _, tt := range []talkTest{
		{
			name: "RESP2", requests: commandsOf("SUBSCRIBE a b", "PSUBSCRIBE c*", "PING", "UNSUBSCRIBE", "PUNSUBSCRIBE c*", "LRANGE l 0 2"),
			replies: confirm('*', "subscribe", "a", "1") + "*3\r\n" + bulk("message") + bulk("a") + bulk("x") +
				confirm('*', "subscribe", "b", "2") + confirm('*', "psubscribe", "c*", "3") +
				"*4\r\n" + bulk("pmessage") + bulk("c*") + bulk("c1") + bulk("x") + "*2\r\n$4\r\npong\r\n$0\r\n\r\n" +
				confirm('*', "unsubscribe", "b", "2") + confirm('*', "unsubscribe", "a", "1") +
				confirm('*', "punsubscribe", "c*", "0") +
				"*3\r\n" + bulk("message") + bulk("a") + bulk("x"),
			asked:    "-",
			answered: "30 more, 17+14 unasked, 30, 33, 18+23 unasked, 4+16, 33 more, 33, 35, 4+27",
		},
		{
			name: "RESP3", requests: commandsOf("HELLO 3", "SUBSCRIBE a b", "GET k", "LRANGE l 0 2", "UNSUBSCRIBE"),
			replies: "%0\r\n" + confirm('>', "subscribe", "a", "1") + ">3\r\n" + bulk("message") + bulk("a") + bulk("x") +
				confirm('>', "subscribe", "b", "2") + ">3\r\n" + bulk("message") + bulk("a") + bulk("x") + "$1\r\nv\r\n" +
				"*3\r\n" + bulk("message") + bulk("a") + bulk("x") +
				confirm('>', "unsubscribe", "b", "1") + confirm('>', "unsubscribe", "a", "0"),
			asked:    "-",
			answered: "4, 30 more, 17+14 unasked, 30, 17+14 unasked, 7, 4+27, 33 more, 33",
		},
		{
			name: "nothing to leave", requests: commandsOf("UNSUBSCRIBE", "HELLO 3", "PUNSUBSCRIBE"),
			replies: confirm('*', "unsubscribe", "", "0") + "%0\r\n" + confirm('>', "punsubscribe", "", "0"),
			asked:   "-", answered: "31, 4, 30",
		},
		{
			name: "shards", requests: commandsOf("SSUBSCRIBE a b", "SUNSUBSCRIBE"),
			replies: confirm('*', "ssubscribe", "a", "1") + confirm('*', "ssubscribe", "b", "2") +
				"*3\r\n" + bulk("smessage") + bulk("a") + bulk("x") +
				confirm('*', "sunsubscribe", "a", "1") + confirm('*', "sunsubscribe", "b", "0"),
			asked: "-", answered: "32 more, 32, 18+14 unasked, 34 more, 34",
		},
		{
			name: "slot moved away", requests: commandsOf("SSUBSCRIBE a", "PING"),
			replies: confirm('*', "ssubscribe", "a", "1") + confirm('*', "sunsubscribe", "a", "0") + "+PONG\r\n",
			asked:   "-", answered: "32, 34 unasked, 7",
		},
		{
			name: "refused", requests: commandsOf("SUBSCRIBE a b", "PING"),
			replies: "-NOPERM this user has no permissions to access one of the channels used as arguments\r\n+PONG\r\n",
			asked:   "-", answered: "86, 7",
		},
		{
			name: "reset", requests: commandsOf("SUBSCRIBE a", "RESET", "LRANGE l 0 2"),
			replies: confirm('*', "subscribe", "a", "1") + "+RESET\r\n*3\r\n" + bulk("message") + bulk("a") + bulk("x"),
			asked:   "-", answered: "30, 8, 4+27",
		},
		{
			name: "in a transaction", requests: commandsOf("MULTI", "SUBSCRIBE a"), replies: "+OK\r\n",
			asked: "MULTI 15", answered: "5", rest: commandsOf("SUBSCRIBE a"), err: "SUBSCRIBE in a transaction",
		},
		{
			name: "long channel", requests: commandsOf("SUBSCRIBE a"), replies: "*3\r\n$9\r\nsubscribe\r\n$2000000\r\n",
			asked: "-", replyErr: "a channel's name of 2000000 bytes",
		},
		{
			name: "odd confirmation", requests: commandsOf("SUBSCRIBE a"), replies: "*3\r\n$9\r\nsubscribe\r\n:1\r\n:1\r\n",
			asked: "-", replyErr: "a confirmation with a ':'",
		},
		{
			name: "invalidation in RESP2", requests: commandsOf("SUBSCRIBE __redis__:invalidate"),
			replies: confirm('*', "subscribe", "__redis__:invalidate", "1") + "*3\r\n" + bulk("message") + bulk("__redis__:invalidate") + "*1\r\n" + bulk("k"),
			asked:   "-", answered: "50, 17+38 unasked",
		},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t) })
	}
}

func TestMonitor(t *testing.T) {
	const line = "+1700000000.123456 [0 127.0.0.1:50000] \"PING\"\r\n"
	(&talkTest{
		requests: commandsOf("MONITOR", "PING", "INCR n", "RESET", "ECHO a"),
		replies:  "+OK\r\n" + line + line + "+PONG\r\n" + line + ":1\r\n" + "+RESET\r\n" + line + line,
		asked:    "-", answered: "5, 47 unasked, 47 unasked, 7, 47 unasked, 4, 8, 47, 47 unasked",
	}).run(t)
	(&talkTest{ // not in that mode
		requests: commandsOf("ECHO a", "MONITOR", "ECHO a"), replies: line + "-NOPERM\r\n" + line,
		asked: "-", answered: "47, 9, 47",
	}).run(t)
}
