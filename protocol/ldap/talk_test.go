package ldap

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// Requests and replies, for tests to be made of.

func bytesOf(id uint32, op operation, content ...string) string {
	return string(message(id, appendElement(nil, byte(op), []byte(strings.Join(content, "")))))
}

func text(s string) string  { return string(appendElement(nil, octetString, []byte(s))) }
func num(n uint32) string   { return string(appendNumber(nil, integer, n)) }
func which(n uint32) string { return string(appendNumber(nil, enumerated, n)) }
func seq(s ...string) string {
	return string(appendElement(nil, sequence, []byte(strings.Join(s, ""))))
}
func tagged(tag byte, s ...string) string {
	return string(appendElement(nil, tag, []byte(strings.Join(s, ""))))
}

const alice = "uid=alice,ou=people,dc=example,dc=com"

func simpleBind(id uint32, dn, password string) string {
	return bytesOf(id, bind, num(3), text(dn), tagged(simpleChoice, password))
}

func saslBind(id uint32, mechanism string) string {
	return bytesOf(id, bind, num(3), text(""), tagged(saslChoice, text(mechanism)))
}

// searchFor is a search below dc=example,dc=com.
func searchFor(id, scope, limit uint32, filter string, attributes ...string) string {
	for i, a := range attributes {
		attributes[i] = text(a)
	}
	return bytesOf(id, search, text("dc=example,dc=com"), which(scope), which(0), num(limit), num(0),
		tagged(boolean, "\x00"), filter, seq(attributes...))
}

func extension(id uint32, oid string) string { return bytesOf(id, extended, tagged(0x80, oid)) }

func done(id uint32, op operation, code uint32) string {
	return bytesOf(id, op, which(code), text(""), text(""))
}

func entryOf(id uint32, dn string) string { return bytesOf(id, entry, text(dn), seq()) }

var anything = tagged(present, "objectClass")

// A talkTest is a talk and how it is to be framed: a message is written as its
// verb, its ID, the length of its body and its flags.
type talkTest struct {
	name     string
	requests string
	replies  string
	asked    string // the requests wanted
	answered string // the replies wanted
	err      string // why the requests ended: part of an Opaque error, or empty for the stream's end
	replyErr string // and the replies; not looked at if the requests ended otherwise
}

func (tt *talkTest) run(t *testing.T) {
	t.Helper()
	got := protocoltest.Laws(t, new(Protocol).NewCodec, talkOf(tt.requests, tt.replies))
	if s := summary(got.Requests); s != tt.asked {
		t.Errorf("requests: %s\nwant: %s", s, tt.asked)
	}
	if s := summary(got.Replies); s != tt.answered {
		t.Errorf("replies: %s\nwant: %s", s, tt.answered)
	}
	ended := func(what string, err error, want string) {
		switch {
		case want == "" && err != io.EOF && err != nil:
			t.Errorf("%s ended by %v, want io.EOF", what, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s ended by %v, want %s", what, err, want)
		}
	}
	ended("requests", got.Requests.Err, tt.err)
	ended("replies", got.Replies.Err, tt.replyErr)
}

func talkOf(requests, replies string) protocoltest.Talk {
	return protocoltest.Talk{Requests: []byte(requests), Replies: []byte(replies), Multiplexed: true}
}

// summary writes the frames of a stream in one line.
func summary(s protocoltest.Stream) string {
	var out []string
	for _, f := range s.Frames {
		line := fmt.Sprintf("%s %d", f.Verb, f.ID)
		if len(f.Body) > 0 {
			line += fmt.Sprintf(" +%d", len(f.Body))
		}
		for _, flag := range []struct {
			set  bool
			name string
		}{
			{!f.Whole, "cut"}, {f.More, "more"}, {f.NoReply, "noreply"}, {f.Unasked, "unasked"},
			{f.Barrier, "barrier"}, {f.Switch, "switch"},
		} {
			if flag.set {
				line += " " + flag.name
			}
		}
		if f.Abandons != 0 {
			line += fmt.Sprintf(" abandons %d", f.Abandons)
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}

// A captured talk is what a real client and slapd said to each other.
type captured struct {
	name              string
	requests, replies string
	closed            bool
}

func captures(t testing.TB) (all []captured) {
	t.Helper()
	files, err := filepath.Glob("testdata/captures/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, file := range files {
		c := captured{name: strings.TrimSuffix(filepath.Base(file), ".txt")}
		capture := protocoltest.ReadCapture(t, file)
		for _, l := range capture.Lines {
			if !l.Server {
				c.requests += string(l.Bytes)
			}
		}
		said, closed := capture.Said()
		c.replies, c.closed = string(said), closed
		all = append(all, c)
	}
	return all
}
