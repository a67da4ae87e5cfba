package http

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// The pieces that mixtures are made of: what is common, what is rare and what
// is wrong, so that each meets the others.
var (
	mixedRequestLines = []string{
		"GET / HTTP/1.1", "POST /a HTTP/1.1", "HEAD / HTTP/1.1", "PUT /b HTTP/1.0", "CONNECT a:1 HTTP/1.1",
		"GET / HTTP/1.9", "BREW / HTTP/1.1", "GET / HTTP/2.0", "GET /", "",
	}
	mixedStatusLines = []string{
		"HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.0 200 OK", "HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified",
		"HTTP/1.1 100 Continue", "HTTP/1.1 101 Switching Protocols", "HTTP/1.1 103 Early Hints", "HTTP/1.1 503 ", "HTTP/1.1 99 x", "<html>",
	}
	mixedFields = []string{
		"Host: a", "Content-Length: 0", "Content-Length: 5", "content-length:5", "Content-Length: 05\t", "Content-Length: 5, 5", "Content-Length: +5",
		"Transfer-Encoding: chunked", "transfer-encoding:\tChunked ", "Transfer-Encoding: gzip", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: xchunked",
		"Connection: close", "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Expect: 100-continue", "Trailer: X", "Empty:",
		"Bad : x", " folded", "no colon", "X: a\x00b", "X: a\rb", "X: \xff\x7f",
	}
	mixedBodies = []string{
		"", "", "hello", "hello, world", "5\r\nhello\r\n0\r\n\r\n", "5;x=y\r\nhello\r\n00\r\nX: y\r\n\r\n", "5\r\nhello\r\n",
		"5\r\nhelloX0\r\n\r\n", "5\nhello\n0\n\n", "fffffffffffffffff\r\n", "0\r\n bad\r\n\r\n", "\r\n",
	}
)

// mixture makes a stream of a few messages, half of them with few fields, and
// most of them with the same line ends.
func mixture(rng *rand.Rand, firstLines []string) string {
	pick := func(from []string) string { return from[rng.IntN(len(from))] }
	var s strings.Builder
	for range 1 + rng.IntN(3) {
		end := "\r\n"
		if rng.IntN(5) == 0 {
			end = "\n"
		}
		line := func(text string) {
			s.WriteString(text)
			if rng.IntN(60) == 0 {
				s.WriteString("\n")
			} else {
				s.WriteString(end)
			}
		}
		line(pick(firstLines[:1+rng.IntN(len(firstLines))])) // the first ones most
		for range rng.IntN(4) {
			line(pick(mixedFields[:1+rng.IntN(len(mixedFields))]))
		}
		line("")
		s.WriteString(pick(mixedBodies))
	}
	text := s.String()
	if rng.IntN(6) == 0 {
		text = text[:rng.IntN(len(text)+1)]
	}
	return text
}

// Mixtures obey the laws, and what net/http accepts too ends where it says.
func TestMixtures(t *testing.T) {
	many := uint64(3000)
	if testing.Short() {
		many = 300
	}
	framed := 0
	for seed := range many {
		rng := rand.New(rand.NewPCG(seed, 0))
		requests := []byte(mixture(rng, mixedRequestLines))
		replies := []byte(mixture(rng, mixedStatusLines))
		got := protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: requests, Replies: replies})
		agreeOnRequest(t, requests, got.Requests.Frames)
		if len(got.Requests.Frames) > 0 {
			framed++
			agreeOnReply(t, got.Requests.Frames[0].Verb, replies, got.Replies.Frames)
		}
		if t.Failed() {
			t.Fatalf("seed %d: requests %q, replies %q", seed, requests, replies)
		}
	}
	if framed < int(many)/3 {
		t.Errorf("only %d of %d mixtures had a request", framed, many)
	}
}
