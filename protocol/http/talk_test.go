package http

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
	rest     string // what is not taken, of the side that the test is about
	err      string // why that side ended: part of an Opaque error, or empty for the stream's end
}

func (tt *talkTest) run(t *testing.T, side func(protocoltest.Transcript) protocoltest.Stream) {
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
	s := side(got)
	if string(s.Rest) != tt.rest {
		t.Errorf("not taken: %q, want %q", s.Rest, tt.rest)
	}
	switch {
	case tt.err == "" && s.Err != io.EOF:
		t.Errorf("ended by %v, want io.EOF", s.Err)
	case tt.err != "" && (s.Err == nil || !strings.Contains(s.Err.Error(), tt.err)):
		t.Errorf("ended by %v, want %s", s.Err, tt.err)
	}
}

func requestsOf(tr protocoltest.Transcript) protocoltest.Stream { return tr.Requests }
func repliesOf(tr protocoltest.Transcript) protocoltest.Stream  { return tr.Replies }

// summary writes the frames of a stream in one line.
func summary(s protocoltest.Stream) string {
	var out []string
	for _, f := range s.Frames {
		line := fmt.Sprintf("%s %d", f.Verb, len(f.Body))
		for _, flag := range []struct {
			set  bool
			name string
		}{
			{!f.Whole, "cut"}, {f.More, "more"}, {f.NoReply, "noreply"},
			{f.Barrier, "barrier"}, {f.Switch, "switch"}, {f.AsksFirst, "asks"},
		} {
			if flag.set {
				line += " " + flag.name
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}

func itoa(n int) string { return fmt.Sprint(n) }
