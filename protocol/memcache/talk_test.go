package memcache

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// A talkTest is a talk and how it is to be framed: a message is written as its
// verb, the length of its body and its flags.
type talkTest struct {
	name     string
	requests string
	replies  string
	asked    string // the requests wanted
	answered string // the replies wanted
	err      string // why either side ended: part of an Opaque error, or empty for the stream's end
}

func (tt *talkTest) run(t *testing.T) {
	t.Helper()
	got := protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{
		Requests: []byte(tt.requests), Replies: []byte(tt.replies),
	})
	if s := summary(got.Requests); s != tt.asked {
		t.Errorf("requests: %s\nwant: %s", s, tt.asked)
	}
	if s := summary(got.Replies); s != tt.answered {
		t.Errorf("replies: %s\nwant: %s", s, tt.answered)
	}
	ended := ""
	for _, s := range []protocoltest.Stream{got.Requests, got.Replies} {
		if s.Err != nil && s.Err != io.EOF {
			ended += s.Err.Error()
		}
	}
	if (ended == "") != (tt.err == "") || !strings.Contains(ended, tt.err) {
		t.Errorf("ended by %q, want %q", ended, tt.err)
	}
}

// summary writes the frames of a stream in one line.
func summary(s protocoltest.Stream) string {
	var out []string
	for _, f := range s.Frames {
		line := f.Verb
		if len(f.Body) > 0 {
			line += fmt.Sprintf(" %d", len(f.Body))
		}
		for _, flag := range []struct {
			set  bool
			name string
		}{
			{!f.Whole, "cut"}, {f.More, "more"}, {f.NoReply, "quiet"},
			{f.Barrier, "barrier"}, {f.Switch, "switch"}, {f.Unasked, "unasked"},
		} {
			if flag.set {
				line += " " + flag.name
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}

// bin writes a packet of the binary protocol.
func bin(magic, opcode byte, status int, opaque uint32, extras, key, value string) string {
	b := packet(magic, opcode, uint16(status), opaque, nil)
	n := len(extras) + len(key) + len(value)
	b[3], b[4] = byte(len(key)), byte(len(extras))
	b[8], b[9], b[10], b[11] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	return string(b) + extras + key + value
}

func req(opcode byte, opaque uint32, extras, key, value string) string {
	return bin(requestMagic, opcode, 0, opaque, extras, key, value)
}

func res(opcode byte, status int, opaque uint32, extras, key, value string) string {
	return bin(replyMagic, opcode, status, opaque, extras, key, value)
}

var key251 = strings.Repeat("k", 251)
