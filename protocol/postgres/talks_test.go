package postgres

import (
	"os"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

var talks = []talkTest{
	{
		name: "simple query", requests: query("select 1") + query("/* a */ begin; delete from t"),
		replies:  columns + row + row + done("SELECT 2") + ready('I') + done("BEGIN") + done("DELETE 0") + ready('T'),
		asked:    "SELECT 14+0, BEGIN 34+0",
		answered: "RowDescription 5+70, CommandComplete 5+26",
	},
	{
		name: "no word", requests: query("-- ping") + query("") + query("1") + msg('F', "abc"),
		replies:  msg('I') + ready('I') + msg('I') + ready('I') + syntaxError + ready('I') + msg('V', "\xff\xff\xff\xff") + ready('I'),
		asked:    "Query 13+0, Query 6+0, Query 7+0, FunctionCall 5+3",
		answered: "EmptyQueryResponse 5+6, EmptyQueryResponse 5+6, ErrorResponse 5+42, FunctionCallResponse 5+10",
	},
	{
		name:     "batch",
		requests: parse("", "update t set a = 1") + bind("") + describe + execute + sync,
		replies:  parsed + bound + msg('n') + done("UPDATE 1") + ready('I'),
		asked:    "UPDATE 27+35", answered: "ParseComplete 5+30",
	},
	{
		name: "prepared",
		requests: parse("s1", "select 1") + describe + sync +
			bind("s1") + execute + sync + bind("s1") + execute + sync + closing("s1") + sync + bind("s1") + execute + sync,
		replies: parsed + msg('t', "\x00\x00") + columns + ready('I') +
			bound + row + done("SELECT 1") + ready('I') + bound + row + done("SELECT 1") + ready('I') +
			msg('3') + ready('I') + syntaxError + ready('I'),
		asked:    "SELECT 19+12, SELECT 15+15, SELECT 15+15, Close 9+5, Bind 15+15",
		answered: "ParseComplete 5+40, BindComplete 5+34, BindComplete 5+34, CloseComplete 5+6, ErrorResponse 5+42",
	},
	{
		name:     "the unnamed statement of an earlier batch",
		requests: parse("", "select 1") + describe + flush + sync + bind("") + execute + sync,
		replies:  parsed + columns + ready('I') + bound + row + done("SELECT 1") + ready('I'),
		asked:    "SELECT 17+12, Sync 5+0, SELECT 13+15",
		answered: "ParseComplete 5+27, ReadyForQuery 6+0, BindComplete 5+34",
	},
	{
		name:     "prepared before a Flush and executed after it",
		requests: parse("s", "select 1") + msg('D', "Ss\x00") + flush + bind("s") + execute + sync + query("select 1"),
		replies: parsed + notice + msg('t', "\x00\x00") + columns + bound + row + done("SELECT 1") + ready('I') +
			row + done("SELECT 1") + ready('I'),
		asked:    "SELECT 18+13, SELECT 14+15, SELECT 14+0",
		answered: "ParseComplete 5+70, BindComplete 5+34, DataRow 5+29",
	},
	{
		name:     "a portal in parts",
		requests: parse("", "select 1") + bind("") + describe + execute + flush + execute + flush + closing("") + sync,
		replies:  parsed + bound + columns + row + msg('s') + row + done("SELECT 1") + msg('3') + ready('I'),
		asked:    "SELECT 17+35, Execute 10+5, Close 7+5",
		answered: "ParseComplete 5+51, DataRow 5+23, CloseComplete 5+6",
	},
	{
		name:     "an error before a Flush",
		requests: parse("s", "select 1") + describe + flush + sync + query("select 1"),
		replies:  syntaxError + ready('I') + row + done("SELECT 1") + ready('I'),
		asked:    "SELECT 18+12, Sync 5+0, SELECT 14+0",
		answered: "ErrorResponse 5+36, ReadyForQuery 6+0, DataRow 5+29",
	},
	{
		name:     "an error, and what the server skips",
		requests: parse("s", "select 1") + describe + flush + bind("s") + execute + sync + query("select 1"),
		replies:  syntaxError + ready('I') + row + done("SELECT 1") + ready('I'),
		asked:    "SELECT 18+12, SELECT 14+15, SELECT 14+0",
		answered: "ErrorResponse 5+36, ReadyForQuery 6+0, DataRow 5+29",
	},
	{
		name:     "copy in after a Flush",
		requests: parse("", "copy t from stdin") + bind("") + execute + flush + msg('d', "1\n") + msg('c') + sync + query("select 1"),
		replies:  parsed + bound + copyInOK + done("COPY 1") + ready('I') + row + done("SELECT 1") + ready('I'),
		asked:    "COPY 26+28, CopyData 5+12 continues, SELECT 14+0",
		answered: "ParseComplete 5+33, DataRow 5+29",
	},
	{
		name: "what pgjdbc puts first",
		requests: closing("a") + closing("b") + parse("", "BEGIN") + bind("") + execute +
			parse("s", "insert into t values (1)") + bind("s") + describe + execute + sync,
		replies: msg('3') + msg('3') + parsed + bound + done("BEGIN") + parsed + bound + msg('n') + done("INSERT 0 1") + ready('T'),
		asked:   "INSERT 87+36", answered: "CloseComplete 5+63",
	},
	{
		name:     "begin alone",
		requests: parse("", "BEGIN") + bind("") + execute + sync + parse("b", "begin") + sync + bind("b") + execute + bind("b") + execute + sync,
		replies:  parsed + bound + done("BEGIN") + ready('T') + parsed + ready('T') + bound + done("BEGIN") + bound + done("BEGIN") + ready('T'),
		asked:    "BEGIN 37+5, BEGIN 15+5, BEGIN 38+15", answered: "ParseComplete 5+22, ParseComplete 5+6, BindComplete 5+33",
	},
	{
		name: "what is in a batch is remembered", requests: flush + parse("s", "update t set a = 1") + sync + bind("s") + execute + sync,
		replies: parsed + ready('I') + bound + done("UPDATE 1") + ready('I'),
		asked:   "Flush 5+0 noreply, UPDATE 28+5, UPDATE 14+15", answered: "ParseComplete 5+6, BindComplete 5+20",
	},
	{
		name: "Sync alone, Terminate", requests: sync + bye, replies: ready('I'),
		asked: "Sync 5+0, Terminate 5+0 noreply", answered: "ReadyForQuery 6+0",
	},
	{
		name:     "copy in",
		requests: query("copy t from stdin") + msg('d', "1\n") + msg('d', "2\n") + msg('c') + query("select 1"),
		replies:  copyInOK + done("COPY 2") + ready('I') + row + done("SELECT 1") + ready('I'),
		asked:    "COPY 23+0, CopyData 5+14 continues, SELECT 14+0", answered: "CopyInResponse 5+23, DataRow 5+29",
	},
	{
		name:     "copy in that fails",
		requests: query("copy t from stdin") + msg('d', "1\n") + msg('f', "no\x00") + query("select 1"),
		replies:  copyInOK + syntaxError + ready('I') + row + done("SELECT 1") + ready('I'),
		asked:    "COPY 23+0, CopyData 5+10 continues, SELECT 14+0", answered: "CopyInResponse 5+52, DataRow 5+29",
	},
	{
		name:     "copy in that the client gives up",
		requests: query("copy t from stdin") + msg('d', "1\n") + query("select 1"),
		replies:  copyInOK + syntaxError + ready('I') + row + done("SELECT 1") + ready('I'),
		asked:    "COPY 23+0, CopyData 5+2 continues, SELECT 14+0", answered: "CopyInResponse 5+52, DataRow 5+29",
	},
	{
		name: "copy in in the extended protocol",
		requests: parse("", "copy t from stdin") + bind("") + execute + sync +
			msg('d', "1\n") + flush + msg('c') + sync + sync,
		replies: parsed + bound + copyInOK + done("COPY 1") + ready('I') + ready('I'),
		asked:   "COPY 26+28, CopyData 5+17 continues, Sync 5+0", answered: "ParseComplete 5+33, ReadyForQuery 6+0",
	},
	{
		name: "copy out", requests: query("copy t to stdout"),
		replies: msg('H', "\x00\x00\x01\x00\x00") + msg('d', "1\n") + msg('d', "2\n") + msg('c') + done("COPY 2") + ready('I'),
		asked:   "COPY 22+0", answered: "CopyOutResponse 5+42",
	},
	{
		name: "notifications", requests: query("select 1") + query("select 2"),
		replies: notification + notice + row + done("SELECT 1") + notification + ready('I') + notification + row + done("SELECT 1") + ready('I') + notification + notice + msg('S', "a\x00b\x00") + msg('E', "SFATAL\x00VFATAL\x00C57P01\x00\x00"),
		asked:   "SELECT 14+0, SELECT 14+0",
		answered: "NotificationResponse 5+8 unasked, NoticeResponse 5+78, NotificationResponse 5+8 unasked, DataRow 5+29, " +
			"NotificationResponse 5+8 unasked, NoticeResponse 5+31 unasked, ParameterStatus 5+4 unasked, ErrorResponse 5+22 unasked",
	},
	{
		name: "a simple query inside a batch", requests: parse("", "select 1") + query("select 2"), rest: query("select 2"),
		replies: parsed, asked: "SELECT 17+0 cut", answered: "ParseComplete 5+0 cut", err: "a Query before the Sync",
	},
	{
		name: "encryption refused", raw: true, requests: askGSS + askSSL + hello, replies: "NN" + welcome,
		asked:    "GSSENCRequest 8+0 barrier, SSLRequest 8+0 barrier, Startup 54+0 barrier",
		answered: "plain 1+0, plain 1+0, Authentication 9+45",
	},
	{
		name: "TLS", raw: true, requests: askSSL + "\x16\x03", replies: "S\x16\x03", rest: "\x16\x03",
		asked: "SSLRequest 8+0 barrier", answered: "encrypted 1+0 switch",
	},
	{
		name: "GSSAPI", raw: true, requests: askGSS + "abc", replies: "Gabc", rest: "abc",
		asked: "GSSENCRequest 8+0 barrier", answered: "encrypted 1+0 switch",
	},
	{
		name: "SSLRequest to a server without a process", raw: true, requests: askSSL, replies: msg('E', "SFATAL\x00\x00"),
		asked: "SSLRequest 8+0 barrier", answered: "ErrorResponse 5+8",
	},
	{
		name: "SASL", raw: true, requests: hello + msg('p', "SCRAM-SHA-256\x00") + msg('p', "c=biws") + query("select 1"),
		replies:  auth(authSASL, "SCRAM-SHA-256\x00\x00") + auth(authSASLContinue, "r=") + auth(authSASLFinal, "v=") + welcome + row + done("SELECT 1") + ready('I'),
		asked:    "Startup 54+0 barrier, SASLInitialResponse 5+14 barrier, SASLResponse 5+6 barrier, SELECT 14+0",
		answered: "Authentication 9+15, Authentication 9+2, Authentication 9+56, DataRow 5+29",
	},
	{
		name: "password", raw: true, requests: hello + msg('p', "secret\x00"), replies: auth(authCleartext, "") + msg('E', "SFATAL\x00VFATAL\x00C28P01\x00\x00"),
		asked: "Startup 54+0 barrier, PasswordMessage 5+7 barrier", answered: "Authentication 9+0, ErrorResponse 5+22",
	},
	{
		name: "GSS", raw: true, requests: hello + msg('p', "token"), replies: auth(authGSS, "") + auth(authGSSContinue, "x") + welcome,
		asked: "Startup 54+0 barrier, GSSResponse 5+5 barrier", answered: "Authentication 9+0, Authentication 9+1, Authentication 9+45 unasked",
	},
	{
		name: "a later version", raw: true, requests: opening("\x00\x03\x00\x02user\x00a\x00\x00"), replies: msg('v', "\x00\x03\x00\x00\x00\x00\x00\x00") + welcome,
		asked: "Startup 16+0 barrier", answered: "NegotiateProtocolVersion 5+62",
	},
	{name: "cancel", raw: true, requests: cancel, asked: "CancelRequest 16+0 noreply"},
	{name: "cancel without a key", raw: true, requests: opening("\x04\xd2\x16\x2e\x00\x00\x00\x00"), asked: "CancelRequest 12+0 noreply"},
}

func TestTalks(t *testing.T) {
	for _, tt := range talks {
		t.Run(tt.name, func(t *testing.T) { tt.run(t) })
	}
}

func TestNotUnderstood(t *testing.T) {
	for _, tt := range []talkTest{
		{name: "TLS from the first byte", raw: true, requests: "\x16\x03\x01\x00\x05", err: "TLS from the first byte"},
		{name: "HTTP", raw: true, requests: "GET / HTTP/1.1\r\n\r\n", err: "begins with byte 0x47"},
		{name: "a long startup", raw: true, requests: "\x00\x00\x27\x11\x00\x03\x00\x00", err: "10001 bytes"},
		{name: "a short startup", raw: true, requests: "\x00\x00\x00\x07\x00\x03\x00\x00", err: "7 bytes"},
		{name: "version 2", raw: true, requests: "\x00\x00\x00\x08\x00\x02\x00\x00", err: "version 2.0"},
		{name: "a long SSLRequest", raw: true, requests: opening("\x04\xd2\x16\x2fx"), err: "version 1234.5679 and 9 bytes"},
		{name: "a type", requests: "Y\x00\x00\x00\x04", err: `type 'Y'`},
		{name: "a length below 4", requests: "Q\x00\x00\x00\x03", err: "length of 3"},
		{name: "a length of 2^31", requests: "Q\x80\x00\x00\x00", err: "length of -2147483648"},
		{name: "a Sync with something in it", requests: "S\x00\x00\x00\x05x", err: "a Sync of 6 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.rest = tt.requests
			tt.run(t)
			tt.requests += query("select 1")
			tt.rest = tt.requests
			tt.run(t)
		})
	}
}

func TestReplyNotUnderstood(t *testing.T) {
	for _, tt := range []struct{ name, good, bad, err string }{
		{"a type", row, "Y\x00\x00\x00\x04", "type 'Y'"},
		{"a length", row, "D\xff\xff\xff\xff", "length of -1"},
		{"ready for what", row, "Z\x00\x00\x00\x06II", "a ReadyForQuery of 2 bytes"},
		{"Kerberos 5", "", auth(2, ""), "authentication by method 2"},
		{"replication", "", msg('W', "\x00\x00\x00"), "a replication stream"},
		{"replication after a notice", notice, msg('W', "\x00\x00\x00"), "a replication stream"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{
				Requests: []byte(hello + query("select 1")), Replies: []byte(welcome + tt.good + tt.bad),
			}).Replies
			if got.Err == nil || !strings.Contains(got.Err.Error(), tt.err) || string(got.Rest) != tt.bad {
				t.Errorf("ended by %v, not taken %q", got.Err, got.Rest)
			}
		})
	}
	got := protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: []byte(hello), Replies: []byte(welcome + row)})
	if got.Replies.Err == nil || string(got.Replies.Rest) != row {
		t.Errorf("a row that nobody asked for: %v", got.Replies.Err)
	}
	got = protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{
		Requests: []byte(hello + parse("s", "x") + flush + bind("s") + flush + sync), Replies: []byte(welcome + syntaxError + ready('I')),
	})
	if got.Replies.Err == nil || string(got.Replies.Rest) != ready('I') {
		t.Errorf("a Flush to which nothing is said: %v, not taken %q", got.Replies.Err, got.Replies.Rest)
	}
	got = protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: []byte(askSSL), Replies: []byte("HTTP")})
	if got.Replies.Err == nil || string(got.Replies.Rest) != "HTTP" {
		t.Errorf("a server of another kind: %v", got.Replies.Err)
	}
}

// What the real server and its clients said to each other obeys the laws and is
// understood to its end.
func TestCaptures(t *testing.T) {
	for name, talk := range captures(t) {
		t.Run(name, func(t *testing.T) {
			got := protocoltest.Laws(t, new(Protocol).NewCodec, talk)
			if name == "cannot-fork" {
				return // it answers in another version of the protocol
			}
			if len(got.Requests.Rest) > 0 || len(got.Replies.Rest) > 0 {
				t.Errorf("not taken: %q (%v) and %q (%v)", got.Requests.Rest, got.Requests.Err, got.Replies.Rest, got.Replies.Err)
			}
		})
	}
}

// captures are all talks that were captured.
func captures(t testing.TB) map[string]protocoltest.Talk {
	t.Helper()
	files, err := os.ReadDir("testdata/captures")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]protocoltest.Talk)
	for _, f := range files {
		var talk protocoltest.Talk
		for _, l := range protocoltest.ReadCapture(t, "testdata/captures/"+f.Name()).Lines {
			if l.Server {
				talk.Replies = append(talk.Replies, l.Bytes...)
			} else {
				talk.Requests = append(talk.Requests, l.Bytes...)
			}
		}
		all[strings.TrimSuffix(f.Name(), ".txt")] = talk
	}
	return all
}
