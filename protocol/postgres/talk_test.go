package postgres

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// msg is a message.
func msg(kind byte, content ...string) string { return string(appendMessage(nil, kind, content...)) }

// opening is a message without a type.
func opening(content string) string { return msg('x', content)[1:] }

// The messages that talks are made of.
var (
	hello    = opening("\x00\x03\x00\x00user\x00ann\x00database\x00shop\x00application_name\x00till\x00\x00")
	askSSL   = opening("\x04\xd2\x16\x2f")
	askGSS   = opening("\x04\xd2\x16\x30")
	cancel   = opening("\x04\xd2\x16\x2e\x00\x00\x00\x07abcd")
	sync     = msg('S')
	flush    = msg('H')
	describe = msg('D', "P\x00")
	execute  = msg('E', "\x00\x00\x00\x00\x00")
	bye      = msg('X')

	authenticated = msg('R', "\x00\x00\x00\x00")
	welcome       = authenticated + msg('S', "client_encoding\x00UTF8\x00") + msg('K', "\x00\x00\x00\x07abcd") + ready('I')
	parsed        = msg('1')
	bound         = msg('2')
	columns       = msg('T', "\x00\x01a\x00", strings.Repeat("\x00", 18))
	row           = msg('D', "\x00\x01\x00\x00\x00\x03abc")
	syntaxError   = msg('E', "SERROR\x00VERROR\x00C42601\x00Msyntax error\x00\x00")
	notice        = msg('N', "SNOTICE\x00VNOTICE\x00C00000\x00Mhello\x00\x00")
	notification  = msg('A', "\x00\x00\x00\x01c\x00p\x00")
	copyInOK      = msg('G', "\x00\x00\x01\x00\x00")
)

func query(sql string) string            { return msg('Q', sql, "\x00") }
func parse(name, sql string) string      { return msg('P', name, "\x00", sql, "\x00\x00\x00") }
func bind(name string) string            { return msg('B', "\x00", name, "\x00\x00\x00\x00\x00\x00\x00") }
func ready(s status) string              { return msg('Z', string(s)) }
func done(tag string) string             { return msg('C', tag, "\x00") }
func closing(name string) string         { return msg('C', "S", name, "\x00") }
func auth(code byte, more string) string { return msg('R', "\x00\x00\x00", string(code), more) }

// A talkTest is a talk, after the session's opening, and how it is to be
// framed: a message is written as its verb, the lengths of its head and body,
// and its flags.
type talkTest struct {
	name     string
	requests string
	replies  string
	asked    string
	answered string
	rest     string // what is not taken of the requests
	err      string // why they ended: part of an Opaque error, or empty for the stream's end
	raw      bool   // without an opening
}

func (tt *talkTest) run(t *testing.T) {
	t.Helper()
	talk := protocoltest.Talk{Requests: []byte(tt.requests), Replies: []byte(tt.replies)}
	if !tt.raw {
		talk.Requests = []byte(hello + tt.requests)
		talk.Replies = []byte(welcome + tt.replies)
	}
	got := protocoltest.Laws(t, new(Protocol).NewCodec, talk)
	if !tt.raw {
		if len(got.Requests.Frames) == 0 || len(got.Replies.Frames) == 0 {
			t.Fatalf("no opening: %v, %v", got.Requests.Err, got.Replies.Err)
		}
		got.Requests.Frames, got.Replies.Frames = got.Requests.Frames[1:], got.Replies.Frames[1:]
	}
	if s := summary(got.Requests); s != tt.asked {
		t.Errorf("requests: %s\nwant: %s", s, tt.asked)
	}
	if s := summary(got.Replies); s != tt.answered {
		t.Errorf("replies: %s (%v)\nwant: %s", s, got.Replies.Err, tt.answered)
	}
	s := got.Requests
	if string(s.Rest) != tt.rest {
		t.Errorf("not taken: %q, want %q", s.Rest, tt.rest)
	}
	switch {
	case tt.err == "" && s.Err != io.EOF && s.Err != protocoltest.ErrSwitched:
		t.Errorf("ended by %v, want io.EOF", s.Err)
	case tt.err != "" && (s.Err == nil || !strings.Contains(s.Err.Error(), tt.err)):
		t.Errorf("ended by %v, want %s", s.Err, tt.err)
	}
}

// summary writes the frames of a stream in one line.
func summary(s protocoltest.Stream) string {
	var out []string
	for _, f := range s.Frames {
		line := fmt.Sprintf("%s %d+%d", f.Verb, len(f.Head), len(f.Body))
		for _, flag := range []struct {
			set  bool
			name string
		}{
			{!f.Whole, "cut"}, {f.More, "more"}, {f.NoReply, "noreply"}, {f.Barrier, "barrier"}, {f.Switch, "switch"},
			{f.Continues, "continues"}, {f.Unasked, "unasked"},
		} {
			if flag.set {
				line += " " + flag.name
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}
