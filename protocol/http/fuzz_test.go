package http

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// Talks longer than this teach nothing more and take long.
const longestFuzz = 16 << 10

// FuzzRequests asserts the laws, and that net/http agrees where it accepts.
func FuzzRequests(f *testing.F) {
	for _, r := range realRequests {
		f.Add([]byte(r))
		f.Add([]byte(r + r))
	}
	f.Add([]byte(strings.Join(realRequests, "")))
	for _, r := range hostileRequests {
		f.Add([]byte(r))
	}
	f.Fuzz(func(t *testing.T, requests []byte) {
		if len(requests) > longestFuzz {
			return
		}
		got := protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: requests})
		agreeOnRequest(t, requests, got.Requests.Frames)
		describe(t, requests)
	})
}

// describe asks for all that can be known of the first of the requests, and
// lets it fail in every way that fits.
func describe(t *testing.T, requests []byte) {
	p := new(Protocol)
	c, m := p.NewCodec(), new(vaurien.Message)
	if c.ReadRequest(vaurien.NewReader(bytes.NewReader(requests)), m) != nil {
		return
	}
	for _, a := range p.Attributes() {
		if v := c.(vaurien.Describer).Attribute(m, a.Name); reflect.TypeOf(v) != reflect.TypeOf(a.Zero) {
			t.Errorf("%q: %s is a %T", requests, a.Name, v)
		}
	}
	for _, k := range p.Failures() {
		if k.Fits != nil && !k.Fits(m) {
			continue
		}
		a, err := c.Fail(m, vaurien.Failure{Kind: k.Name}, rand.New(rand.NewPCG(1, 2)))
		if err != nil || len(a.Bytes) == 0 && !a.Close {
			t.Errorf("%q: %s: %q, %v", requests, k.Name, a.Bytes, err)
		}
	}
}

// FuzzReplies asserts the same of replies, to whatever requests.
func FuzzReplies(f *testing.F) {
	for _, r := range realReplies {
		f.Add([]byte(get), []byte(r))
		f.Add([]byte(headReq+get), []byte(r+r))
	}
	f.Add([]byte(upgradeReq+"\x81"), []byte(switching+"\x81"))
	f.Add([]byte(connectReq+"\x16"), []byte(ok+"\x16"))
	f.Add([]byte(strings.Repeat(get, len(realReplies))), []byte(strings.Join(realReplies, "")))
	for _, r := range hostileReplies {
		f.Add([]byte(get), []byte(r))
	}
	f.Fuzz(func(t *testing.T, requests, replies []byte) {
		if len(requests)+len(replies) > longestFuzz {
			return
		}
		got := protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: requests, Replies: replies})
		if len(got.Requests.Frames) > 0 {
			agreeOnReply(t, got.Requests.Frames[0].Verb, replies, got.Replies.Frames)
		}
	})
}

// FuzzHost asserts the laws of a codec that rewrites heads, and that it leaves
// their number and their bodies alone.
func FuzzHost(f *testing.F) {
	for _, r := range realRequests {
		f.Add([]byte(r))
	}
	f.Fuzz(func(t *testing.T, requests []byte) {
		if len(requests) > longestFuzz {
			return
		}
		rewriting := &Protocol{OverwriteHostHeader: true}
		rewriting.SetBackend("backend.example:8080")
		talk := protocoltest.Talk{Requests: requests}
		want := protocoltest.Laws(t, new(Protocol).NewCodec, talk).Requests
		talk.Rewrites = true
		got := protocoltest.Laws(t, rewriting.NewCodec, talk).Requests
		if len(got.Frames) != len(want.Frames) {
			t.Fatalf("%d messages, want %d", len(got.Frames), len(want.Frames))
		}
		for i, g := range got.Frames {
			w := want.Frames[i]
			if string(g.Body) != string(w.Body) || g.Verb != w.Verb || strings.Count(string(g.Head), "\n") != strings.Count(string(w.Head), "\n") {
				t.Fatalf("message %d is %v, want %v", i+1, g, w)
			}
		}
	})
}
