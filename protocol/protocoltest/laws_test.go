package protocoltest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// lines is a codec of lines that end in LF; each is answered by one line. Its
// fields break one law each.
type lines struct {
	takesEarly  bool // takes bytes before it has seen the end
	looksAhead  bool // waits for a byte after the end
	byPiece     bool // takes what is there for a message
	forgets     bool // drops the LF
	ownError    bool // returns an error that is nobody's
	swallows    bool // turns an interruption into the stream's end
	emptyRun    bool // has a run of no bytes
	emptyFrame  bool // has a message of no bytes
	takesInBody bool // takes bytes in Body.Next
	believes    bool // allocates what a length promises
	byReplies   bool // reads requests by the replies before, without a barrier

	replies int
	promise []byte
}

func (c *lines) Fail(*vaurien.Message, vaurien.Failure, *rand.Rand) (vaurien.Answer, error) {
	return vaurien.Answer{}, nil
}

func (c *lines) ReadReply(r *vaurien.Reader, req, m *vaurien.Message) error {
	err := c.line(r, m)
	if err == nil {
		c.replies++
	}
	return err
}

func (c *lines) ReadRequest(r *vaurien.Reader, m *vaurien.Message) error {
	if c.byReplies && c.replies > 1 {
		m.Verb = "late"
	}
	return c.line(r, m)
}

func (c *lines) line(r *vaurien.Reader, m *vaurien.Message) error {
	if c.believes {
		c.promise = make([]byte, 64*vaurien.MaxHead)
	}
	if c.emptyFrame && len(r.Buffered()) > 0 {
		return nil
	}
	for {
		b := r.Buffered()
		if line, _, _ := bytes.Cut(b, []byte{'\n'}); bytes.IndexByte(line, 0) >= 0 {
			if c.ownError {
				return errors.New("a fault of mine")
			}
			return vaurien.Opaque("NUL")
		}
		if c.byPiece && len(b) > 0 {
			m.Head = r.Take(len(b))
			return nil
		}
		n := bytes.IndexByte(b, '\n') + 1
		if n > 0 && !(c.looksAhead && n == len(b)) {
			m.Head = r.Take(n)
			if c.forgets {
				m.Head = m.Head[:n-1]
			}
			if c.emptyRun || c.takesInBody {
				m.Body = (*badBody)(c)
			}
			return nil
		}
		if c.takesEarly {
			r.Take(len(b))
		}
		if err := r.More(); err != nil {
			if c.swallows {
				return io.EOF
			}
			return err
		}
	}
}

type badBody lines

func (b *badBody) Next(r *vaurien.Reader) (int64, error) {
	if b.takesInBody && len(r.Buffered()) > 0 {
		r.Take(1)
		return 1, nil
	}
	if b.emptyRun {
		return 0, nil
	}
	return 0, io.EOF
}

// judge is a testing.TB that keeps the first failure and goes no further.
type judge struct {
	testing.TB
	failure string
}

func (j *judge) Helper() {}

func (j *judge) Fatalf(format string, args ...any) {
	j.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// verdict returns by what message the laws condemn a codec; empty for not.
func verdict(t *testing.T, codec lines, talk Talk) string {
	j := &judge{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		Laws(j, func() vaurien.Codec { c := codec; return &c }, talk)
	}()
	<-done
	return j.failure
}

func TestLaws(t *testing.T) {
	const replies = "eins\nzwei\ndrei\nvier\nmore\nto co"
	cut := Talk{Requests: []byte("one\ntwo\n\nthree\nfo"), Replies: []byte(replies)}
	opaque := Talk{Requests: []byte("one\ntwo\n\nthree\nfo\x00ur\n"), Replies: []byte(replies)}
	for _, tt := range []struct {
		name  string
		talk  Talk
		codec lines
		want  string // part of the verdict
	}{
		{"good", cut, lines{}, ""},
		{"good, not understood", opaque, lines{}, ""},
		{"takes early", cut, lines{takesEarly: true}, "and then failed"},
		{"looks ahead", cut, lines{looksAhead: true}, "cut at byte"},
		{"by piece", cut, lines{byPiece: true}, "message 1 is"},
		{"forgets", cut, lines{forgets: true}, "was taken"},
		{"own error", opaque, lines{ownError: true}, "neither the Reader's nor Opaque's"},
		{"swallows", cut, lines{swallows: true}, "interrupted true"},
		{"empty run", cut, lines{emptyRun: true}, "a run of 0 bytes"},
		{"empty frame", cut, lines{emptyFrame: true}, "a message of no bytes"},
		{"takes in body", cut, lines{takesInBody: true}, "Body.Next took 1 bytes"},
		{"believes", cut, lines{believes: true}, "bytes allocated"},
		{"by replies", cut, lines{byReplies: true}, "pipelined: requests"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := verdict(t, tt.codec, tt.talk)
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("verdict: %s\nwant: %s", got, tt.want)
			}
		})
	}

	endless := Talk{Requests: bytes.Repeat([]byte("x"), 2*vaurien.MaxHead)}
	got, err := Play(new(lines), endless, Pace{})
	if err != nil || !vaurien.IsOpaque(got.Requests.Err) {
		t.Errorf("a line without end: %v, %v", got.Requests.Err, err)
	}
}

func TestPlay(t *testing.T) {
	got, err := Play(new(lines), Talk{Requests: []byte("a\nb\nc"), Replies: []byte("A\nB\nC\n")}, Pace{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.Requests.Frames); n != 2 || string(got.Requests.Rest) != "c" || got.Requests.Err != io.EOF {
		t.Errorf("requests: %d, left %q, %v", n, got.Requests.Rest, got.Requests.Err)
	}
	if n := len(got.Replies.Frames); n != 3 || got.Replies.Err != io.EOF {
		t.Errorf("replies: %d, %v", n, got.Replies.Err)
	}
}
