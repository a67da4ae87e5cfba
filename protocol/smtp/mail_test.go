package smtp

import (
	"io"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// Where mails end, and where nobody can tell.
func TestMailEnds(t *testing.T) {
	const next = "NOOP\r\n"
	for _, tt := range []struct {
		mail string
		len  int // of what is framed; less than the mail's: it is not understood
	}{
		{".\r\n", 3},
		{"\r\n.\r\n", 5},
		{"a\r\n.\r\n", 6},
		{"..\r\n.\r\n", 7},
		{".a\r\n.\r\n", 7},
		{"...\r\n.\r\n", 8},
		{"a.\r\n.b\r\n.\r\n", 11},
		{"a\nb\r\n.\r\n", 8},
		{"a\rb\r\n.\r\n", 8},
		{"\r\r\n.\r\n", 6},
		{"a\n..\r\n.\r\n", 9},
		{"a\r\n. \r\n.\r\n", 10},
		{"\x00\xff\r\n.\r\n", 7},

		{".\n", 0},
		{".\r.", 0},
		{"a\n.\n", 2},
		{"a\n.\r\n", 2},
		{"a\r.\r\n", 2},
		{"a\r.\r", 2},
		{"a\r\n.\n", 3},
		{"a\r\n.\rb", 3},
		{"a\r\n.\r\r\n", 3},
		{"a\n\n.\r\n", 3},
		{"a\r\n\n.\r\n", 4},
	} {
		got, asked, _ := laws(t, "DATA\r\n"+tt.mail+next, greeting+goAhead+ok+ok)
		frames := got.Requests.Frames
		framed := 0
		if len(frames) > 2 {
			framed = len(frames[2].Head) + len(frames[2].Body)
		}
		if framed != tt.len {
			t.Errorf("%q: %d bytes framed, want %d", tt.mail, framed, tt.len)
		}
		if whole := tt.len == len(tt.mail); whole != strings.HasSuffix(asked, " NOOP") || whole == vaurien.IsOpaque(got.Requests.Err) {
			t.Errorf("%q: framed as %s, %v", tt.mail, asked, got.Requests.Err)
		}
	}
}

// No run waits for bytes that it need not see.
func TestMailRuns(t *testing.T) {
	m := mail{prev: atLineStart}
	in, out := io.Pipe()
	defer out.Close()
	r := vaurien.NewReader(in)
	for _, step := range []struct {
		send string
		run  int64
	}{
		{"hello", 5},
		{"\r", 1},
		{"\n..\r\n", 5},
		{"a.b\r\n.c\r\nd", 10},
		{"\r\n.", 2},
		{".\r\n", 4}, // with the dot before
		{".\r", 0},
		{"\nQUIT", 3},
	} {
		go io.WriteString(out, step.send)
		if step.run == 0 {
			if err := r.More(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		n, err := m.Next(r)
		if n != step.run || err != nil {
			t.Fatalf("after %q: a run of %d, %v; want %d", step.send, n, err, step.run)
		}
		r.Take(int(n))
	}
	if n, err := m.Next(r); n != 0 || err != io.EOF {
		t.Errorf("after the end: %d, %v", n, err)
	}
	if got := string(r.Buffered()); got != "QUIT" {
		t.Errorf("left %q", got)
	}
}
