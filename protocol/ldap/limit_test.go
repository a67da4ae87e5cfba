package ldap

import (
	"math/rand/v2"
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"

	"github.com/vaurien-proxy/vaurien"
)

// A search is asked with another limit, and nothing else of it changes.
func TestLimited(t *testing.T) {
	wide := func(tag byte, content string) string {
		return string([]byte{tag, 0x84, 0, 0, byte(len(content) >> 8), byte(len(content))}) + content
	}
	for _, tt := range []struct{ name, search string }{
		{"none", searchFor(1, 2, 0, anything, "cn", "sn")},
		{"small", searchFor(70000, 1, 100, anything)},
		{"large", searchFor(1, 2, 2147483647, anything, "cn")},
		{"long", searchFor(1, 2, 1000, tagged(or, strings.Repeat(anything, 400)))},
		{"longer than a head", searchFor(1, 2, 1000, tagged(or, strings.Repeat(anything, 10000)))},
		{"lengths in more bytes than they need", wide(sequence, num(1)+wide(byte(search), text("dc=a")+which(2)+which(0)+
			num(1000)+num(0)+tagged(boolean, "\x00")+anything+seq(text("1.1")))+tagged(controls, seq(text("1.2"))))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSession(t)
			req := s.ask(tt.search)
			n := noteOf(req)
			got := string(limited(req.Head, n, 7)) + tt.search[len(req.Head):]
			was, err := ber.DecodePacketErr([]byte(tt.search))
			if err != nil {
				t.Fatal(err)
			}
			is, err := ber.DecodePacketErr([]byte(got))
			if err != nil {
				t.Fatalf("%v: %q", err, got)
			}
			if len(got) != len(tt.search)-(len(was.Children[1].Children[3].ByteValue)-1) {
				t.Errorf("%d bytes, was %d", len(got), len(tt.search))
			}
			if limit := is.Children[1].Children[3].Value; limit != int64(7) {
				t.Errorf("the limit is %v", limit)
			}
			for i, c := range was.Children[1].Children {
				if i != 3 && string(c.Bytes()) != string(is.Children[1].Children[i].Bytes()) {
					t.Errorf("part %d: %q, was %q", i, is.Children[1].Children[i].Bytes(), c.Bytes())
				}
			}
			if len(is.Children) != len(was.Children) {
				t.Errorf("%d parts, was %d", len(is.Children), len(was.Children))
			}
		})
	}
}

// The backend's own words end a search that exceeds its size; and the limit is
// never above the client's own.
func TestSizeLimit(t *testing.T) {
	rng := dice()
	for range 50 {
		s := newSession(t)
		req := s.ask(searchFor(9, 2, 3, anything))
		a := s.fail(req, vaurien.Failure{Kind: "size-limit-exceeded"}, rng)
		if a.Bytes != nil || a.Close || !a.Rest {
			t.Fatalf("%+v", a)
		}
		q, _ := readSearch(noteOf(s.ask(string(a.Forward))).content(&vaurien.Message{Head: a.Forward}))
		if limit, _ := number(q.size); limit < 1 || limit > 3 {
			t.Errorf("the limit is %d", limit)
		}
		for _, code := range []uint32{0, 4, 32} {
			if reply := s.answer(done(9, searchDone, code)); string(reply.Head) != done(9, searchDone, code) {
				t.Errorf("%q", reply.Head)
			}
		}
	}
}

// A search whose time is up has had entries, or none; what fails by itself
// fails as it does.
func TestTimeLimit(t *testing.T) {
	for _, tt := range []struct{ backend, want uint32 }{{0, 3}, {4, 3}, {32, 32}, {51, 51}} {
		forwarded, rng := 0, rand.New(rand.NewPCG(3, 4))
		for range 100 {
			s := newSession(t)
			req := s.ask(searchFor(9, 2, 0, anything))
			a := s.fail(req, vaurien.Failure{Kind: "time-limit-exceeded"}, rng)
			if a.Forward == nil {
				if string(a.Bytes) != done(9, searchDone, 3) {
					t.Fatalf("%q", a.Bytes)
				}
				continue
			}
			forwarded++
			if reply := s.answer(entryOf(9, alice)); string(reply.Head) != entryOf(9, alice) || !reply.More {
				t.Fatalf("an entry became %q", reply.Head)
			}
			if other := s.answer(done(8, searchDone, 0)); string(other.Head) != done(8, searchDone, 0) {
				t.Fatalf("the reply to another became %q", other.Head)
			}
			if reply := s.answer(done(9, searchDone, tt.backend)); string(reply.Head) != done(9, searchDone, tt.want) {
				t.Fatalf("%d became %q", tt.backend, reply.Head)
			}
			if again := s.answer(done(9, searchDone, 0)); string(again.Head) != done(9, searchDone, 0) {
				t.Fatalf("the ID's next use became %q", again.Head)
			}
		}
		if forwarded < 25 || forwarded > 75 {
			t.Errorf("forwarded %d of 100", forwarded)
		}
	}

	t.Run("abandoned", func(t *testing.T) {
		s, rng := newSession(t), dice()
		for {
			if a := s.fail(s.ask(searchFor(9, 2, 0, anything)), vaurien.Failure{Kind: "time-limit-exceeded"}, rng); a.Forward != nil {
				break
			}
		}
		s.ask(bytesOf(10, abandon, "\x09"))
		if reply := s.answer(done(9, searchDone, 0)); string(reply.Head) != done(9, searchDone, 0) {
			t.Errorf("the ID's next use became %q", reply.Head)
		}
	})
}
