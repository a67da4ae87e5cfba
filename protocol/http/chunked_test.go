package http

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

const inChunksHead = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"

func TestChunked(t *testing.T) {
	for _, tt := range []struct{ name, body string }{
		{"empty", "0\r\n\r\n"},
		{"many zeros", "0000\r\n\r\n"},
		{"two chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"},
		{"hexadecimal", "a\r\n0123456789\r\nA\r\n0123456789\r\n00F\r\n0123456789abcde\r\n0\r\n\r\n"},
		{"extensions", "1;a\r\nx\r\n1 ; a=b;c=\"d e\"\r\ny\r\n0;last\r\n\r\n"},
		{"blanks after the size", "1  \r\nx\r\n0 \t\r\n\r\n"},
		{"trailers", "1\r\nx\r\n0\r\nX-Sum: 1\r\nEmpty:\r\nContent-Length: 7\r\n\r\n"},
		{"data that looks like framing", "5\r\n0\r\n\r\n\r\n0\r\n\r\n"},
		{"large", "8000\r\n" + strings.Repeat("0\r\n\r\n...", 4096) + "\r\n0\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := &talkTest{requests: inChunksHead + tt.body + get, asked: "POST " + itoa(len(tt.body)) + ", GET 0"}
			tr.run(t, requestsOf)
		})
	}
}

func TestChunkedNotUnderstood(t *testing.T) {
	long := strings.Repeat("x", longestChunkLine)
	for _, tt := range []struct{ name, good, bad, err string }{
		{"no size", "", "\r\n", "0x0d in a chunk's size"},
		{"plus", "1\r\nx\r\n", "+1\r\n", "0x2b in a chunk's size"},
		{"minus", "1\r\nx\r\n", "-1\r\n", "0x2d in a chunk's size"},
		{"0x", "", "0x1\r\n", "0x78 in the line with a chunk's size"},
		{"blank before", "", " 1\r\n", "0x20 in a chunk's size"},
		{"junk", "", "1g\r\n", "0x67 in the line with a chunk's size"},
		{"junk after a blank", "", "1 1\r\n", "0x31 in the line with a chunk's size"},
		{"overflow", "", "FFFFFFFFFFFFFFFFF\r\n", "a chunk of more than"},
		{"2^64 + 5", "", "10000000000000005\r\n", "a chunk of more than"},
		{"LF", "", "1\nx\r\n", "some lines end in CRLF"},
		{"LF in an extension", "", "1;a\nb\r\n", "some lines end in CRLF"},
		{"CR in an extension", "", "1;a\rb\r\n", "a CR inside the line with a chunk's size"},
		{"NUL in an extension", "", "1;a\x00\r\n", "0x00 in the line with a chunk's size"},
		{"no CRLF after the data", "1\r\nx", "y\r\n", "0x79 in the end of a chunk"},
		{"LF after the data", "1\r\nx", "\n", "some lines end in CRLF"},
		{"CR after the data", "1\r\nx", "\r\r", "a CR inside the end of a chunk"},
		{"folded trailer", "0\r\nA: b\r\n", " c\r\n", "a folded line"},
		{"trailer without a colon", "0\r\n", "A\r\n", "0x0d in a field's name"},
		{"LF after the trailers", "0\r\nA: b\r\n", "\n", "some lines end in CRLF"},
		{"long line", "1\r\nx\r\n", "1;" + long, "more than 16384 bytes"},
		{"long line that ends", "1\r\nx\r\n", "1;" + long + "\r\nx\r\n", "more than 16384 bytes"},
		{"long trailer", "0\r\nA: b\r\n", "A:" + long, "more than 16384 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			(&talkTest{
				requests: inChunksHead + tt.good + tt.bad, rest: tt.bad, err: tt.err,
				asked: "POST " + itoa(len(tt.good)) + " cut",
			}).run(t, requestsOf)
		})
	}

	for _, cut := range []string{"", "5", "5\r", "5\r\n", "5\r\nhel", "5\r\nhello", "5\r\nhello\r", "5\r\nhello\r\n", "0\r\n", "0\r\nA: b\r\n", "0\r\n\r"} {
		c, r := chunked{}, vaurien.NewReader(strings.NewReader(cut))
		want := io.ErrUnexpectedEOF
		if cut == "5\r\n" || cut == "5\r\nhel" {
			want = io.EOF // inside a run that was promised: not the Body's to tell
		}
		if _, err := drain(&c, r); err != want {
			t.Errorf("%q: %v, want %v", cut, err, want)
		}
	}
}

// No run waits for bytes that it need not see.
func TestChunkedRuns(t *testing.T) {
	var c chunked
	in, out := io.Pipe()
	defer out.Close()
	r := vaurien.NewReader(in)
	for _, step := range []struct {
		send string
		run  int64
	}{
		{"5\r\nhello\r\n", 10},         // a whole chunk is one run
		{"1\r\na\r\n1\r\nb\r\n", 12},   // so are two
		{"5\r\nhe", 8},                 // data is counted ahead
		{"llo", 0},                     // and belongs to the run before
		{"\r\n", 2},                    // no next chunk is waited for
		{"1\r\na\r\n0\r\n\r\nGET", 11}, // the body's end is the run's
	} {
		go io.WriteString(out, step.send)
		if step.run == 0 {
			if err := r.More(); err != nil {
				t.Fatal(err)
			}
			r.Take(len(step.send))
			continue
		}
		n, err := c.Next(r)
		if n != step.run || err != nil {
			t.Fatalf("after %q: a run of %d, %v; want %d", step.send, n, err, step.run)
		}
		r.Take(int(min(n, int64(len(r.Buffered())))))
	}
	if n, err := c.Next(r); n != 0 || err != io.EOF {
		t.Errorf("after the end: %d, %v", n, err)
	}
	if got := string(r.Buffered()); got != "GET" {
		t.Errorf("left %q", got)
	}
}

// drain takes a body and returns how many bytes it had.
func drain(b vaurien.Body, r *vaurien.Reader) (total int64, err error) {
	for {
		n, err := b.Next(r)
		if err == io.EOF {
			return total, errors.New("the body has ended")
		}
		if err != nil {
			return total, err
		}
		for total += n; n > 0; {
			if len(r.Buffered()) == 0 {
				if err := r.More(); err != nil {
					return total - n, err
				}
			}
			k := min(n, int64(len(r.Buffered())))
			r.Take(int(k))
			n -= k
		}
	}
}
