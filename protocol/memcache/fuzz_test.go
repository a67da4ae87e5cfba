package memcache

import (
	"path/filepath"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// Talks longer than this teach nothing more and take long.
const longestFuzz = 8 << 10

// FuzzTalk asserts the laws, of what servers and clients say and of what is
// near to it.
func FuzzTalk(f *testing.F) {
	for _, talks := range [][]talkTest{textTalks, metaTalks, binaryTalks} {
		for _, tt := range talks {
			f.Add([]byte(tt.requests), []byte(tt.replies))
		}
	}
	for _, h := range hostile {
		f.Add([]byte(h.requests), []byte(h.replies))
	}
	files, err := filepath.Glob("testdata/captures/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		var asked, said []byte
		for _, l := range protocoltest.ReadCapture(f, file).Lines {
			if l.Server {
				said = append(said, l.Bytes...)
			} else {
				asked = append(asked, l.Bytes...)
			}
		}
		f.Add(asked, said)
	}
	f.Fuzz(func(t *testing.T, requests, replies []byte) {
		if len(requests)+len(replies) > longestFuzz {
			return
		}
		protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: requests, Replies: replies})
	})
}
