package http

import (
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

const (
	get        = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	headReq    = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
	connectReq = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"
	upgradeReq = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
	ok         = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	switching  = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
)

func TestReplies(t *testing.T) {
	for _, tt := range []talkTest{
		{name: "content-length", requests: get, replies: ok, asked: "GET 0", answered: "200 2"},
		{name: "content-length 0", requests: get, replies: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", asked: "GET 0", answered: "200 0"},
		{name: "no reason", requests: get, replies: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", asked: "GET 0", answered: "200 0"},
		{name: "no reason, no blank", requests: get, replies: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", asked: "GET 0", answered: "200 0"},
		{name: "latin-1 reason", requests: get, replies: "HTTP/1.1 404 Pas trouv\xe9\r\nContent-Length: 0\r\n\r\n", asked: "GET 0", answered: "404 0"},
		{name: "LF alone", requests: get, replies: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", asked: "GET 0", answered: "200 2"},
		{name: "chunked", requests: get, replies: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", asked: "GET 0", answered: "200 12"},
		{name: "to the end", requests: get, replies: "HTTP/1.1 200 OK\r\n\r\nall of it", asked: "GET 0", answered: "200 9"},
		{name: "to the end, empty", requests: get, replies: "HTTP/1.0 200 OK\r\n\r\n", asked: "GET 0", answered: "200 0"},
		{name: "not chunked: to the end", requests: get, replies: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nall", asked: "GET 0", answered: "200 3"},
		{name: "head", requests: headReq + get, replies: "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + ok, asked: "HEAD 0, GET 0", answered: "200 0, 200 2"},
		{name: "head, chunked", requests: headReq + get, replies: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + ok, asked: "HEAD 0, GET 0", answered: "200 0, 200 2"},
		{name: "204", requests: get + get, replies: "HTTP/1.1 204 No Content\r\n\r\n" + ok, asked: "GET 0, GET 0", answered: "204 0, 200 2"},
		{name: "204 with a length", requests: get + get, replies: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n" + ok, asked: "GET 0, GET 0", answered: "204 0, 200 2"},
		{name: "304", requests: get + get, replies: "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n" + ok, asked: "GET 0, GET 0", answered: "304 0, 200 2"},
		{name: "205 has a length", requests: get, replies: "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", asked: "GET 0", answered: "205 0"},
		{name: "pipelined", requests: get + headReq + get, replies: ok + "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + ok, asked: "GET 0, HEAD 0, GET 0", answered: "200 2, 200 0, 200 2"},
		{name: "100", requests: get + get, replies: "HTTP/1.1 100 Continue\r\n\r\n" + ok + ok, asked: "GET 0, GET 0", answered: "100 0 more, 200 2, 200 2"},
		{name: "103 to head", requests: headReq, replies: "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", asked: "HEAD 0", answered: "103 0 more, 102 0 more, 200 0"},
		{name: "100 with a length", requests: get, replies: "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\n" + ok, asked: "GET 0", answered: "100 0 more, 200 2"},
		{name: "unasked 408", replies: "HTTP/1.1 408 Request Timeout\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", answered: "408 2"},
		{name: "unasked 408 after a reply", requests: get, replies: ok + "HTTP/1.0 408 Request Time-out\r\n\r\n<html>", asked: "GET 0", answered: "200 2, 408 6"},
		{name: "connect refused", requests: connectReq + get, replies: "HTTP/1.1 407 Proxy\r\nContent-Length: 2\r\n\r\nno" + ok, asked: "CONNECT 0 barrier, GET 0", answered: "407 2, 200 2"},
		{name: "upgrade refused", requests: upgradeReq + get, replies: ok + ok, asked: "GET 0 barrier, GET 0", answered: "200 2, 200 2"},
		{name: "head cut", requests: get, replies: "HTTP/1.1 200 OK\r\nX", asked: "GET 0", rest: "HTTP/1.1 200 OK\r\nX"},
		{name: "body cut", requests: get, replies: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", asked: "GET 0", answered: "200 2 cut", err: "unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, repliesOf) })
	}
}

func TestSwitches(t *testing.T) {
	for _, tt := range []talkTest{
		{
			name: "upgrade", requests: upgradeReq + "\x81\x05hello", replies: switching + "\x81\x02hi",
			asked: "GET 0 barrier", answered: "101 0 switch", rest: "\x81\x02hi", err: "switched",
		}, {
			name: "connect", requests: connectReq + "\x16\x03\x01", replies: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\x16\x03\x03",
			asked: "CONNECT 0 barrier", answered: "200 0 switch", rest: "\x16\x03\x03", err: "switched",
		}, {
			name: "connect in 1.0", requests: "CONNECT a:443 HTTP/1.0\r\n\r\n", replies: "HTTP/1.0 200 Connection established\r\n\r\n",
			asked: "CONNECT 0 barrier", answered: "200 0 switch", err: "switched",
		}, {
			name:     "100 before 101",
			requests: "POST / HTTP/1.1\r\nUpgrade: x\r\nConnection: upgrade\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n.",
			replies:  "HTTP/1.1 100 Continue\r\n\r\n" + switching,
			asked:    "POST 1 barrier asks", answered: "100 0 more, 101 0 switch", err: "switched",
		},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, repliesOf) })
	}

	t.Run("what follows a barrier waits", func(t *testing.T) {
		(&talkTest{requests: upgradeReq + get, asked: "GET 0 barrier", rest: get, err: "got no reply"}).run(t, requestsOf)
	})
}

func TestRepliesNotUnderstood(t *testing.T) {
	for _, tt := range []struct{ name, in, err string }{
		{"http/0.9", "<", "0x3c in the protocol's name"},
		{"http/2", "\x00\x00\x12\x04", "0x00 in the protocol's name"},
		{"http/2 by name", "HTTP/2", "0x32 in the protocol's name"},
		{"icy", "ICY 200 OK\r\n\r\n", "0x49 in the protocol's name"},
		{"tls alert", "\x15\x03\x01", "0x15 in the protocol's name"},
		{"empty line", "\r\n", "0x0d in the protocol's name"},
		{"no status", "HTTP/1.1\r\n", "0x0d in the status line"},
		{"two blanks", "HTTP/1.1  ", "0x20 in the status"},
		{"two digits", "HTTP/1.1 20 ", "0x20 in the status"},
		{"four digits", "HTTP/1.1 2000", "0x30 in the status line"},
		{"no digits", "HTTP/1.1 abc", "0x61 in the status"},
		{"below 100", "HTTP/1.1 099", "0x30 in the status"},
		{"NUL in the reason", "HTTP/1.1 200 O\x00", "0x00 in the status line"},
		{"CR in the reason", "HTTP/1.1 200 O\rK", "a CR inside the status line"},
		{"mixed line ends", "HTTP/1.1 200 OK\r\nA: b\n", "some lines end in CRLF"},
		{"blank before the colon", "HTTP/1.1 200 OK\r\nA :", "a blank before a field's colon"},
		{"folded line", "HTTP/1.1 200 OK\r\nA: b\r\n c", "a folded line"},
		{"length and coding", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "both"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "two Content-Lengths"},
		{"coding in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding in HTTP/1.0"},
		{"chunked not last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", "after chunked"},
		{"101 not asked for", switching, "that asks for no upgrade"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			(&talkTest{
				requests: get + get, replies: ok + tt.in, rest: tt.in, err: tt.err,
				asked: "GET 0, GET 0", answered: "200 2",
			}).run(t, repliesOf)
		})
	}

	fits := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: "
	fits += strings.Repeat("x", vaurien.MaxHead-len(fits)-4) + "\r\n\r\n"
	long := strings.Replace(fits, "x", "xx", 1)
	(&talkTest{
		requests: get + get, replies: fits + long, rest: long, err: "a head of more than",
		asked: "GET 0, GET 0", answered: "200 0",
	}).run(t, repliesOf)

	for _, in := range []string{"HTTP/1.1 100 Continue\r\n\r\n", switching} {
		(&talkTest{replies: in, rest: in, err: "to no request"}).run(t, repliesOf)
	}
	old := strings.Replace(upgradeReq, "1.1", "1.0", 1)
	(&talkTest{requests: old, replies: switching, asked: "GET 0", rest: switching, err: "that asks for no upgrade"}).run(t, repliesOf)
}
