package postgres

import (
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// Talks longer than this teach nothing more and take long.
const longestFuzz = 8 << 10

// FuzzTalk asserts the laws.
func FuzzTalk(f *testing.F) {
	for _, tt := range talks {
		if !tt.raw {
			tt.requests, tt.replies = hello+tt.requests, welcome+tt.replies
		}
		f.Add([]byte(tt.requests), []byte(tt.replies))
	}
	for _, talk := range captures(f) {
		f.Add(talk.Requests, talk.Replies)
	}
	f.Fuzz(func(t *testing.T, requests, replies []byte) {
		if len(requests)+len(replies) > longestFuzz {
			return
		}
		protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: requests, Replies: replies})
	})
}
