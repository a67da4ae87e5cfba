package redis

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// resp writes a command as an array of bulk strings.
func resp(args ...string) string {
	s := fmt.Sprintf("*%d\r\n", len(args))
	for _, a := range args {
		s += bulk(a)
	}
	return s
}

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

// commandsOf writes lines of words as commands.
func commandsOf(lines ...string) string {
	var s string
	for _, line := range lines {
		s += resp(strings.Fields(line)...)
	}
	return s
}

// A talkTest is a talk and how it is to be framed: a message is written as its
// verb, if it has one, the lengths of its head and body, and its flags.
type talkTest struct {
	name     string
	requests string
	replies  string
	asked    string // the requests wanted; "-" for not looked at
	answered string // the replies wanted
	rest     string // the requests that are not taken
	err      string // why the requests ended: part of an Opaque error, or empty for the stream's end
	replyErr string // likewise of the replies
}

func (tt *talkTest) run(t *testing.T) protocoltest.Transcript {
	t.Helper()
	got := protocoltest.Laws(t, new(Protocol).NewCodec, protocoltest.Talk{
		Requests: []byte(tt.requests), Replies: []byte(tt.replies),
	})
	if s := summary(got.Requests); s != tt.asked && tt.asked != "-" {
		t.Errorf("requests: %s\nwant: %s", s, tt.asked)
	}
	if s := summary(got.Replies); s != tt.answered && tt.answered != "-" {
		t.Errorf("replies: %s\nwant: %s", s, tt.answered)
	}
	if string(got.Requests.Rest) != tt.rest {
		t.Errorf("requests not taken: %q, want %q", got.Requests.Rest, tt.rest)
	}
	ended(t, "requests", got.Requests.Err, tt.err)
	ended(t, "replies", got.Replies.Err, tt.replyErr)
	return got
}

func ended(t *testing.T, what string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != io.EOF && err != nil: // nil: never read
		t.Errorf("%s ended by %v, want io.EOF", what, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s ended by %v, want %s", what, err, want)
	}
}

// summary writes the frames of a stream in one line.
func summary(s protocoltest.Stream) string {
	var out []string
	for _, f := range s.Frames {
		line := fmt.Sprintf("%s %d", f.Verb, len(f.Head))
		if len(f.Body) > 0 {
			line += fmt.Sprintf("+%d", len(f.Body))
		}
		for _, flag := range []struct {
			set  bool
			name string
		}{
			{!f.Whole, "cut"}, {f.More, "more"}, {f.NoReply, "noreply"}, {f.Barrier, "barrier"},
			{f.Switch, "switch"}, {f.Unasked, "unasked"}, {f.Continues, "continues"}, {f.Invites, "invites"},
		} {
			if flag.set {
				line += " " + flag.name
			}
		}
		out = append(out, strings.TrimSpace(line))
	}
	return strings.Join(out, ", ")
}
