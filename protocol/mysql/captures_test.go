package mysql

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// realTalks are all that real clients and a real server have said to each
// other, by file.
func realTalks(t testing.TB) map[string]protocoltest.Talk {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no captures")
	}
	talks := make(map[string]protocoltest.Talk)
	for _, file := range files {
		var talk protocoltest.Talk
		for _, l := range protocoltest.ReadCapture(t, file).Lines {
			if l.Server {
				talk.Replies = append(talk.Replies, l.Bytes...)
			} else {
				talk.Requests = append(talk.Requests, l.Bytes...)
			}
		}
		talks[filepath.Base(file)] = talk
	}
	return talks
}

// They are understood to their ends.
func TestRealTalks(t *testing.T) {
	for file, talk := range realTalks(t) {
		t.Run(file, func(t *testing.T) {
			got := protocoltest.Laws(t, new(Protocol).NewCodec, talk)
			for _, s := range []protocoltest.Stream{got.Requests, got.Replies} {
				if vaurien.IsOpaque(s.Err) || len(s.Rest) > 0 || s.Err != nil && s.Err != io.EOF {
					t.Errorf("ended by %v, left %.100q", s.Err, s.Rest)
				}
			}
		})
	}
}
