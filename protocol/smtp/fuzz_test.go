package smtp

import (
	"path/filepath"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// Talks longer than this teach nothing more and take long.
const longestFuzz = 16 << 10

// The captures, talk by talk, obey the laws.
func TestCapturedTalks(t *testing.T) {
	files, err := filepath.Glob("testdata/captures/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d captures, %v", len(files), err)
	}
	for _, file := range files {
		requests, replies := said(t, file)
		got, _, _ := laws(t, requests, replies)
		if n := len(got.Requests.Rest) + len(got.Replies.Rest); n > 0 {
			t.Errorf("%s: %d bytes are not framed: %v, %v", file, n, got.Requests.Err, got.Replies.Err)
		}
	}
}

// said returns what the two sides of a capture said.
func said(t testing.TB, file string) (requests, replies string) {
	for _, l := range protocoltest.ReadCapture(t, file).Lines {
		if l.Server {
			replies += string(l.Bytes)
		} else {
			requests += string(l.Bytes)
		}
	}
	return requests, replies
}

func FuzzTalk(f *testing.F) {
	files, _ := filepath.Glob("testdata/captures/*.txt")
	for _, file := range files {
		requests, replies := said(f, file)
		f.Add([]byte(requests), []byte(replies))
	}
	f.Add([]byte("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 3\r\nabcBDAT 0 LAST\r\nNOOP\r\n"),
		[]byte(greeting+ehloOK+ok+ok+ok+ok+ok))
	f.Add([]byte("LHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n..\r\n.\r\nQUIT\r\n"),
		[]byte(greeting+ehloOK+ok+ok+ok+goAhead+ok+ok+bye))
	f.Add([]byte("EHLO a\r\nSTARTTLS\r\n\x16\x03"), []byte(greeting+ehloOK+"220 go\r\n\x16\x03"))
	f.Add([]byte("DATA\r\n\n.\r\n.\r\nAUTH LOGIN\r\n*\r\nGURK\r\n"), []byte("554-no\r\n554\r\n354\r\n250\r\n334 a\r\n501 b\r\n354 ?\r\n"))
	f.Fuzz(func(t *testing.T, requests, replies []byte) {
		if len(requests)+len(replies) > longestFuzz {
			return
		}
		protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{Requests: requests, Replies: replies})
	})
}
