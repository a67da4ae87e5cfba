package http

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/vaurien-proxy/vaurien"
)

func TestRequests(t *testing.T) {
	for _, tt := range []talkTest{
		{name: "nothing"},
		{name: "get", requests: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", asked: "GET 0"},
		{name: "no fields", requests: "GET / HTTP/1.1\r\n\r\n", asked: "GET 0"},
		{name: "content-length", requests: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", asked: "POST 5"},
		{name: "content-length 0", requests: "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n", asked: "POST 0, GET 0"},
		{name: "content-length, odd spelling", requests: "POST / HTTP/1.1\r\ncOnTeNt-LeNgTh:\t 005 \t\r\n\r\nhello", asked: "POST 5"},
		{name: "content-length twice, equal", requests: "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", asked: "POST 5"},
		{name: "chunked", requests: "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", asked: "PUT 15"},
		{name: "chunked after gzip", requests: "PUT / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n0\r\n\r\n", asked: "PUT 5"},
		{name: "chunked after gzip in two fields", requests: "PUT / HTTP/1.1\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", asked: "PUT 5"},
		{name: "pipelined", requests: "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nabHEAD /3 HTTP/1.1\r\n\r\n", asked: "GET 0, POST 2, HEAD 0"},
		{name: "unknown method", requests: "BREW-COFFEE /pot HTTP/1.1\r\n\r\n", asked: "BREW-COFFEE 0"},
		{name: "method in lower case", requests: "get / HTTP/1.1\r\n\r\n", asked: "get 0"},
		{name: "http/1.0", requests: "GET / HTTP/1.0\r\n\r\n", asked: "GET 0"},
		{name: "http/1.2 is read as 1.1", requests: "GET / HTTP/1.2\r\n\r\n", asked: "GET 0"},
		{name: "asterisk", requests: "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", asked: "OPTIONS 0"},
		{name: "absolute form", requests: "GET http://a.example/?q#f HTTP/1.1\r\n\r\n", asked: "GET 0"},
		{name: "raw UTF-8", requests: "GET /é HTTP/1.1\r\nX: é\x01\x7f\r\n\r\n", asked: "GET 0"},
		{name: "empty lines before", requests: "\r\n\r\nGET / HTTP/1.1\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", asked: "GET 0, GET 0"},
		{name: "empty line after", requests: "GET / HTTP/1.1\r\n\r\n\r\n", asked: "GET 0", rest: "\r\n"},
		{name: "LF alone", requests: "\nPOST / HTTP/1.1\nContent-Length: 2\nX: y\n\nhi", asked: "POST 2"},
		{name: "expect", requests: "PUT / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi", asked: "PUT 2 asks"},
		{name: "expect, chunked", requests: "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", asked: "PUT 5 asks"},
		{name: "expect without a body", requests: "PUT / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n", asked: "PUT 0"},
		{name: "expect in 1.0", requests: "PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi", asked: "PUT 2"},
		{name: "upgrade without connection", requests: "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", asked: "GET 0"},
		{name: "upgrade in 1.0", requests: "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", asked: "GET 0"},
		{name: "head cut", requests: "GET / HTTP/1.1\r\nHost: a\r\n", rest: "GET / HTTP/1.1\r\nHost: a\r\n"},
		{name: "body cut", requests: "PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhello", asked: "PUT 5 cut", err: "unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, requestsOf) })
	}
}

func TestRequestsNotUnderstood(t *testing.T) {
	const line = "POST / HTTP/1.1\r\n"
	for _, tt := range []struct{ name, in, err string }{
		{"http/2 preface", "PRI * HTTP/2", "0x32 in the protocol's name"},
		{"tls", "\x16", "0x16 in the method"},
		{"tls with a length", "\x16\x03\x01\x02\x00\x01", "0x16 in the method"},
		{"http/0.9", "GET /\r", "0x0d in the request's target"},
		{"http/2.0", "GET / HTTP/2", "0x32 in the protocol's name"},
		{"http/1.", "GET / HTTP/1.x", "0x78 in the protocol's version"},
		{"http/1.10", "GET / HTTP/1.10", "0x30 in the request line"},
		{"http in lower case", "GET / h", "0x68 in the protocol's name"},
		{"ssh", "SSH-2.0-OpenSSH_9.6\r", "0x0d in the method"},
		{"redis", "*1\r", "0x0d in the method"},
		{"a blank first", " ", "0x20 in the method"},
		{"NUL first", "\x00", "0x00 in the method"},
		{"two blanks", "GET  ", "0x20 in the request's target"},
		{"tab", "GET\t", "0x09 in the method"},
		{"blank in target", "GET /a b", "0x62 in the protocol's name"},
		{"NUL in target", "GET /\x00", "0x00 in the request's target"},
		{"blank after version", "GET / HTTP/1.1 ", "0x20 in the request line"},
		{"long method", strings.Repeat("A", 33), "a method of more than 32 bytes"},
		{"CR in the request line", "GET / HTTP/1.1\rX", "a CR inside the request line"},
		{"CR in an empty line", "\r\r", "a CR inside an empty line"},
		{"LF after CRLF", "GET / HTTP/1.1\r\nA: b\n", "some lines end in CRLF and some in LF"},
		{"CRLF after LF", "GET / HTTP/1.1\nA: b\r\n", "some lines end in CRLF and some in LF"},
		{"LF for an end", "GET / HTTP/1.1\r\nA: b\r\n\n", "some lines end in CRLF and some in LF"},
		{"LF before CRLF", "\nGET / HTTP/1.1\r\n", "some lines end in CRLF and some in LF"},

		{"NUL in a value", line + "A: b\x00", "0x00 in a field's value"},
		{"CR in a value", line + "A: b\rContent-Length: 5\r\n\r\n", "a CR inside a field's value"},
		{"no colon", line + "Foo\r", "0x0d in a field's name"},
		{"no name", line + ":", "a field without a name"},
		{"blank before the colon", line + "Content-Length :", "a blank before a field's colon"},
		{"tab before the colon", line + "Content-Length\t:", "a blank before a field's colon"},
		{"NUL in a name", line + "Content-Length\x00", "0x00 in a field's name"},
		{"vertical tab in a name", line + "Transfer-Encoding\x0b:", "0x0b in a field's name"},
		{"folded line", line + "A: b\r\n ", "a folded line"},
		{"folded first line", line + "\tA: b\r\n", "a folded line"},

		{"length and coding", line + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "both Transfer-Encoding and Content-Length"},
		{"coding and length", line + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", "both Transfer-Encoding and Content-Length"},
		{"two lengths", line + "Content-Length: 5\r\nContent-Length: 6\r\n", "two Content-Lengths: 5 and 6"},
		{"list of lengths", line + "Content-Length: 5, 5\r\n", `Content-Length: "5, 5"`},
		{"plus", line + "Content-Length: +5\r\n", `Content-Length: "+5"`},
		{"minus", line + "Content-Length: -5\r\n", `Content-Length: "-5"`},
		{"hexadecimal", line + "Content-Length: 0x5\r\n", `Content-Length: "0x5"`},
		{"blank inside", line + "Content-Length: 5 5\r\n", `Content-Length: "5 5"`},
		{"empty", line + "Content-Length:\r\n", "an empty Content-Length"},
		{"overflow", line + "Content-Length: 18446744073709551621\r\n", "too large"},
		{"overflow by far", line + "Content-Length: " + strings.Repeat("9", 100) + "\r\n", "too large"},
		{"2^62", line + "Content-Length: 4611686018427387904\r\n", "too large"},

		{"not chunked", line + "Transfer-Encoding: gzip\r\n\r\n", "that is not chunked"},
		{"identity", line + "Transfer-Encoding: identity\r\n\r\n", "that is not chunked"},
		{"xchunked", line + "Transfer-Encoding: xchunked\r\n\r\n", "that is not chunked"},
		{"chunked not last", line + "Transfer-Encoding: chunked, gzip\r\n", `"gzip" after chunked`},
		{"chunked not last, two fields", line + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", `"identity" after chunked`},
		{"chunked twice", line + "Transfer-Encoding: chunked, chunked\r\n", `"chunked" after chunked`},
		{"chunked with parameters", line + "Transfer-Encoding: chunked;q=1\r\n", "chunked with parameters"},
		{"chunked in quotes", line + "Transfer-Encoding: \"chunked\"\r\n", "is no coding"},
		{"control character", line + "Transfer-Encoding: \x0bchunked\r\n", "is no coding"},
		{"empty coding", line + "Transfer-Encoding:\r\n", "is no coding"},
		{"empty element", line + "Transfer-Encoding: ,chunked\r\n", "is no coding"},
		{"empty element last", line + "Transfer-Encoding: chunked,\r\n", "is no coding"},
		{"coding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding in HTTP/1.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// Before it and after it something that is understood.
			const good = "GET / HTTP/1.1\r\n\r\n"
			(&talkTest{requests: good + tt.in, asked: "GET 0", rest: tt.in, err: tt.err}).run(t, requestsOf)
			(&talkTest{requests: tt.in + good, rest: tt.in + good, err: tt.err}).run(t, requestsOf)
		})
	}
}

// Opaque reasons go to the log; they must be one line of text.
func TestReasonsAreText(t *testing.T) {
	tt := talkTest{requests: "POST / HTTP/1.1\r\nContent-Length: \x1b[2J\xff5" + strings.Repeat("5", 1000) + "\r\n\r\n"}
	_, err := vaurienRequest(tt.requests)
	if err == nil || len(err.Error()) > 200 || !utf8.ValidString(err.Error()) || strings.ContainsFunc(err.Error(), unicode.IsControl) {
		t.Errorf("reason: %v", err)
	}
}

// A head may have vaurien.MaxHead bytes and no more, however it is filled.
func TestLongHeads(t *testing.T) {
	head := func(n int) string {
		const start, end = "GET / HTTP/1.1\r\nX: ", "\r\n\r\n"
		return start + strings.Repeat("x", n-len(start)-len(end)) + end
	}
	if m, err := vaurienRequest(head(vaurien.MaxHead)); err != nil || len(m.Head) != vaurien.MaxHead {
		t.Errorf("the longest head: %d bytes, %v", len(m.Head), err)
	}
	for what, text := range map[string]string{
		"one byte more": head(vaurien.MaxHead + 1),
		"empty lines":   strings.Repeat("\r\n", vaurien.MaxHead),
	} {
		if m, err := vaurienRequest(text); !vaurien.IsOpaque(err) || len(m.Head) != 0 {
			t.Errorf("%s: %d bytes, %v", what, len(m.Head), err)
		}
	}
}

// vaurienRequest reads one request from text.
func vaurienRequest(text string) (*vaurien.Message, error) {
	m := new(vaurien.Message)
	err := new(Protocol).NewCodec().ReadRequest(vaurien.NewReader(strings.NewReader(text)), m)
	return m, err
}
