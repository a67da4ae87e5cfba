package http

import (
	"bufio"
	"bytes"
	"io"
	nethttp "net/http"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// agreeOnRequest checks that net/http, if it accepts the first request of
// input too, sees its end in the same place and the same method.
func agreeOnRequest(t *testing.T, input []byte, frames []protocoltest.Frame) {
	t.Helper()
	if len(frames) == 0 || !frames[0].Whole {
		return
	}
	src := bytes.NewReader(input)
	br := bufio.NewReader(src)
	req, err := nethttp.ReadRequest(br)
	if err != nil {
		return
	}
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return
	}
	theirs := len(input) - src.Len() - br.Buffered()
	if ours := len(frames[0].Head) + len(frames[0].Body); ours != theirs || req.Method != frames[0].Verb {
		t.Errorf("%q: a %s of %d bytes; to net/http a %s of %d", input, frames[0].Verb, ours, req.Method, theirs)
	}
}

// agreeOnReply checks the same of the first reply in input, to a request with
// this method.
func agreeOnReply(t *testing.T, method string, input []byte, frames []protocoltest.Frame) {
	t.Helper()
	if len(frames) == 0 || !frames[0].Whole || frames[0].Switch {
		return
	}
	src := bytes.NewReader(input)
	br := bufio.NewReader(src)
	res, err := nethttp.ReadResponse(br, &nethttp.Request{Method: method})
	if err != nil {
		return
	}
	if res.StatusCode == 101 {
		return
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return
	}
	theirs := len(input) - src.Len() - br.Buffered()
	if ours := len(frames[0].Head) + len(frames[0].Body); ours != theirs || res.Status[:3] != frames[0].Verb {
		t.Errorf("%q to %s: a %s of %d bytes; to net/http a %s of %d", input, method, frames[0].Verb, ours, res.Status, theirs)
	}
}

// What is valid net/http accepts too, and sees ending in the same place.
func TestNetHTTPAgrees(t *testing.T) {
	const next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, request := range realRequests {
		if strings.HasPrefix(request, "\r\n") {
			continue // net/http takes no empty line before a request
		}
		input := []byte(request + next)
		if _, err := nethttp.ReadRequest(bufio.NewReader(bytes.NewReader(input))); err != nil {
			t.Errorf("%q: net/http: %v", request, err)
		}
		got := protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: input})
		if len(got.Requests.Frames) == 0 {
			t.Errorf("%q: %v", request, got.Requests.Err)
		}
		agreeOnRequest(t, input, got.Requests.Frames)
	}
	for _, reply := range realReplies {
		for _, method := range []string{"GET", "HEAD"} {
			input := []byte(reply)
			if _, err := nethttp.ReadResponse(bufio.NewReader(bytes.NewReader(input)), nil); err != nil {
				t.Errorf("%q: net/http: %v", reply, err)
			}
			got := protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{
				Requests: []byte(method + " / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"), Replies: input,
			})
			if len(got.Replies.Frames) == 0 {
				t.Errorf("%q: %v", reply, got.Replies.Err)
			}
			agreeOnReply(t, method, input, got.Replies.Frames)
		}
	}
}

// One direction's goroutine reads requests while the other's reads replies.
func TestTwoGoroutines(t *testing.T) {
	const many = 3000
	c := new(Protocol).NewCodec()
	inFlight := make(chan *vaurien.Message, 1024)
	free := make(chan *vaurien.Message, 1024)
	go func() {
		defer close(inFlight)
		r := vaurien.NewReader(strings.NewReader(strings.Repeat(headReq+get, many)))
		for range 2 * many {
			m := new(vaurien.Message)
			select {
			case m = <-free:
				*m = vaurien.Message{Info: m.Info}
			default:
			}
			if err := c.ReadRequest(r, m); err != nil {
				t.Error(err)
				return
			}
			inFlight <- m
		}
	}()

	const toHead = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
	r := vaurien.NewReader(strings.NewReader(strings.Repeat(toHead+ok, many)))
	var m vaurien.Message
	replies := 0
	for req := range inFlight {
		m = vaurien.Message{Info: m.Info}
		if err := c.ReadReply(r, req, &m); err != nil {
			t.Fatal(err)
		}
		if head := req.Verb == "HEAD"; head != (m.Body == nil) {
			t.Fatalf("reply %d to %s has a body: %v", replies, req.Verb, m.Body)
		}
		if m.Body != nil {
			if n, _ := m.Body.Next(r); n != 2 {
				t.Fatalf("a body of %d", n)
			}
			r.Take(2)
		}
		replies++
		select {
		case free <- req:
		default:
		}
	}
	if replies != 2*many {
		t.Errorf("%d replies of %d", replies, 2*many)
	}
}
