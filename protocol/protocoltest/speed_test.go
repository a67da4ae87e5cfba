package protocoltest

import (
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// A wheel gives whole texts as long as there is room for them, and what is left
// of one by itself.
func TestWheel(t *testing.T) {
	for _, tt := range []struct {
		times, room int
		want        []string
	}{
		{1, 100, []string{"abc", "abc"}},
		{3, 100, []string{"abcabcabc", "abcabcabc"}},
		{3, 8, []string{"abcabc", "abcabc"}},
		{3, 2, []string{"ab", "c", "ab"}},
	} {
		w := &wheel{text: "abc", times: tt.times}
		for i, want := range tt.want {
			p := make([]byte, tt.room)
			if n, err := w.Read(p); string(p[:n]) != want || err != nil {
				t.Errorf("%d times, room for %d: read %d is %q, %v; want %q", tt.times, tt.room, i+1, p[:n], err, want)
			}
		}
	}
}

// lineProtocol is that of lines, of which the codec last made is kept.
type lineProtocol struct{ last *lines }

func (p *lineProtocol) NewCodec() vaurien.Codec {
	p.last = new(lines)
	return p.last
}

// Each way frames what it says, after what is before it.
func TestMill(t *testing.T) {
	p := new(lineProtocol)
	s := Speed{
		Name: "two", Before: Talk{Requests: []byte("hello\n"), Replies: []byte("welcome\n")},
		Request: "one\ntwo\n", Reply: "eins\nzwei\n", Requests: 2,
	}
	for _, w := range s.ways() {
		turn := newMill(t, p, s, w)
		for range 3 {
			if err := turn(); err != nil {
				t.Fatal(err)
			}
		}
		want := map[string]int{"exchange": 1 + 3*2, "request": 1, "reply": 1 + 3}[w.name]
		if p.last.replies != want {
			t.Errorf("%s: %d replies framed, want %d", w.name, p.last.replies, want)
		}
	}
	NoAllocations(t, p, []Speed{s, {Name: "unanswered", Request: "one\n"}})
}
