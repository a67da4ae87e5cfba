package mysql

import (
	"bytes"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// Talks longer than this teach nothing more and take long.
const longestFuzz = 4 << 10

// FuzzTalk asserts the laws of whatever is said after a login, and of whole
// talks.
func FuzzTalk(f *testing.F) {
	add := func(tt talkTest) {
		talk := tt.talk()
		f.Add(uint64(0), talk.Requests, talk.Replies)
		f.Add(uint64(max(tt.caps, 1)), []byte(tt.requests), []byte(tt.replies))
	}
	for _, tt := range commandTests() {
		add(tt)
	}
	for _, tt := range notUnderstood() {
		add(tt)
	}
	for _, tt := range loginTests() {
		f.Add(uint64(0), []byte(tt.requests), []byte(tt.replies))
	}
	for _, talk := range realTalks(f) {
		f.Add(uint64(0), talk.Requests, talk.Replies)
	}
	f.Fuzz(func(t *testing.T, caps uint64, requests, replies []byte) {
		if len(requests)+len(replies) > longestFuzz {
			return
		}
		if caps != 0 { // else the talk begins with the greeting
			both := capabilities(caps)&^(clientCompress|clientZstd) | oldClient
			requests = append([]byte(logIn(both)), requests...)
			replies = append([]byte(greet(mysqlCaps)+okay(2, autocommit)), replies...)
		}
		protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: requests, Replies: replies})
		failAll(t, requests, replies)
	})
}

// failAll asks of each request of a talk what can be known of it, and lets it
// fail in every way; what the server would get, and the client, are packets.
func failAll(t *testing.T, requests, replies []byte) {
	p := new(Protocol)
	c := p.NewCodec().(*codec)
	asked, answered := vaurien.NewReader(bytes.NewReader(requests)), vaurien.NewReader(bytes.NewReader(replies))
	for {
		var req, reply vaurien.Message
		if c.ReadRequest(asked, &req) != nil {
			return
		}
		for _, a := range p.Attributes() {
			c.Attribute(&req, a.Name)
		}
		n := noteOf(&req)
		for _, k := range p.Failures() {
			before := *n
			a, err := c.Fail(&req, vaurien.Failure{Kind: k.Name}, nil)
			if err != nil {
				t.Fatalf("%s: %v", k.Name, err)
			}
			k.Fits(&req)
			if !packetsOnly(a.Bytes) || !packetsOnly(a.Forward) && req.Body == nil {
				t.Fatalf("%s: to the client %q, to the server %q", k.Name, a.Bytes, a.Forward)
			}
			*n = before
		}
		if _, err := drain(asked, req.Body); err != nil {
			return
		}
		if req.NoReply || req.Continues {
			continue
		}
		for more := true; more; more = reply.More || reply.Unasked {
			reply = vaurien.Message{}
			if c.ReadReply(answered, &req, &reply) != nil {
				return
			}
			if _, err := drain(answered, reply.Body); err != nil {
				return
			}
		}
	}
}

func packetsOnly(b []byte) bool {
	for len(b) >= headerSize && len(b) >= headerSize+lengthOf(b) {
		b = b[headerSize+lengthOf(b):]
	}
	return len(b) == 0
}
