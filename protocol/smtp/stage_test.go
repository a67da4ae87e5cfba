package smtp

import (
	"io"
	"math/rand/v2"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// A stage is a codec with a client on one side and a server on the other, both
// of which say what a test tells them to.
type stage struct {
	t                testing.TB
	codec            *codec
	fromClient, back *vaurien.Reader
	client, server   *io.PipeWriter
}

// newStage returns one after the greeting and EHLO.
func newStage(t testing.TB) *stage {
	t.Helper()
	s := &stage{t: t, codec: new(Protocol).NewCodec().(*codec)}
	var c, b *io.PipeReader
	c, s.client = io.Pipe()
	b, s.server = io.Pipe()
	s.fromClient, s.back = vaurien.NewReader(c), vaurien.NewReader(b)
	return s
}

// greeted lets the session begin.
func (s *stage) greeted() *stage {
	s.t.Helper()
	s.reply(s.request(""), "220 mx.example.com ESMTP Postfix\r\n")
	s.reply(s.request("EHLO a\r\n"), ehloOK)
	return s
}

// request lets the client send bytes and returns the message that they are.
func (s *stage) request(bytes string) *vaurien.Message {
	s.t.Helper()
	m := new(vaurien.Message)
	if bytes != "" {
		go io.WriteString(s.client, bytes)
	}
	if err := s.codec.ReadRequest(s.fromClient, m); err != nil {
		s.t.Fatalf("%q: %v", bytes, err)
	}
	m.Head = append([]byte(nil), m.Head...)
	for m.Body != nil {
		n, err := m.Body.Next(s.fromClient)
		if err != nil {
			break
		}
		for ; n > 0; n -= int64(len(s.fromClient.Take(int(min(n, int64(len(s.fromClient.Buffered()))))))) {
			if len(s.fromClient.Buffered()) == 0 {
				s.fromClient.More()
			}
		}
	}
	return m
}

// reply lets the server answer req and returns what the client is to get.
func (s *stage) reply(req *vaurien.Message, bytes string) *vaurien.Message {
	s.t.Helper()
	m := new(vaurien.Message)
	go io.WriteString(s.server, bytes)
	if err := s.codec.ReadReply(s.back, req, m); err != nil {
		s.t.Fatalf("%q: %v", bytes, err)
	}
	return m
}

func (s *stage) fail(req *vaurien.Message, f vaurien.Failure) vaurien.Answer {
	s.t.Helper()
	a, err := s.codec.Fail(req, f, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// say checks what a message or an answer is.
func say(t testing.TB, what string, got []byte, want string) {
	t.Helper()
	if string(got) != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}
