package protocoltest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"runtime/metrics"
	"slices"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// Laws tests that the codecs which newCodec makes obey the laws on this talk,
// and returns how they framed it:
//
//   - Nothing is lost: heads, bodies and what was not taken are, in their
//     order, the bytes that came in; a call that fails has taken nothing.
//   - Nothing is cut by chance: the frames are the same however the bytes come
//     in, and whether requests wait for replies or not.
//   - Nothing is final: a read that was interrupted can be made again and
//     gives the same frame.
//   - Nothing is awaited in vain: a message is framed once its last byte is
//     there, also when nothing comes after it.
//   - Nothing is hoarded: no more than vaurien.MaxHead bytes wait for a frame,
//     and memory grows with what has come in, not with what a length promises.
//   - Nothing panics.
//
// Its time grows with the length of the talk; some kilobytes are a good size.
func Laws(t testing.TB, newCodec func() vaurien.Codec, talk Talk) Transcript {
	t.Helper()
	play := func(what string, talk Talk, pace Pace) Transcript {
		t.Helper()
		got, err := Play(newCodec(), talk, pace)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return got
	}

	before := allocated()
	want := play("in large reads", talk, Pace{})
	if grown, most := allocated()-before, memory(talk); grown > most {
		t.Fatalf("%d bytes allocated for a talk of %d", grown, len(talk.Requests)+len(talk.Replies))
	}
	if !talk.Rewrites {
		nothingLost(t, "requests", talk.Requests, want.Requests)
		nothingLost(t, "replies", talk.Replies, want.Replies)
	}

	for _, pace := range paces(talk) {
		what := fmt.Sprintf("reads of %v bytes, interrupted %v", pace.Reads, pace.Interrupted)
		got := play(what, talk, pace)
		same(t, what+": requests", got.Requests, want.Requests)
		same(t, what+": replies", got.Replies, want.Replies)
	}

	got := play("pipelined", talk, Pace{Pipelined: true})
	agree(t, "pipelined: requests", got.Requests.Frames, want.Requests.Frames)
	agree(t, "pipelined: replies", got.Replies.Frames, want.Replies.Frames)

	if talk.Rewrites {
		return want
	}
	for _, end := range ends(want.Requests) {
		cut := talk
		cut.Requests = talk.Requests[:end.at]
		got := play("requests cut", cut, Pace{}).Requests.Frames
		if len(got) != end.frames {
			t.Fatalf("requests cut at byte %d, the end of message %d: %d messages framed", end.at, end.frames, len(got))
		}
		agree(t, "requests cut at an end", got, want.Requests.Frames)
	}
	for _, end := range ends(want.Replies) {
		cut := talk
		cut.Replies = talk.Replies[:end.at]
		got := play("replies cut", cut, Pace{}).Replies.Frames
		if len(got) != end.frames {
			t.Fatalf("replies cut at byte %d, the end of message %d: %d messages framed", end.at, end.frames, len(got))
		}
		agree(t, "replies cut at an end", got, want.Replies.Frames)
	}
	return want
}

// nothingLost checks that the frames and the rest are the input.
func nothingLost(t testing.TB, what string, input []byte, s Stream) {
	t.Helper()
	var all []byte
	for _, f := range s.Frames {
		all = append(append(all, f.Head...), f.Body...)
	}
	if all = append(all, s.Rest...); !bytes.Equal(all, input) {
		t.Fatalf("%s: came in as\n%q\nand framed as\n%q", what, input, all)
	}
}

// same checks that two streams were framed alike.
func same(t testing.TB, what string, got, want Stream) {
	t.Helper()
	agree(t, what, got.Frames, want.Frames)
	if len(got.Frames) != len(want.Frames) {
		t.Fatalf("%s: %d messages, want %d", what, len(got.Frames), len(want.Frames))
	}
	if !bytes.Equal(got.Rest, want.Rest) {
		t.Fatalf("%s: not taken: %q, want %q", what, got.Rest, want.Rest)
	}
	if got.Err != want.Err && !(vaurien.IsOpaque(got.Err) && vaurien.IsOpaque(want.Err)) {
		t.Fatalf("%s: ended by: %v, want %v", what, got.Err, want.Err)
	}
}

// agree checks that one of two lists of frames begins with the other.
func agree(t testing.TB, what string, got, want []Frame) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if !got[i].equal(want[i]) {
			t.Fatalf("%s: message %d is\n%s\nwant\n%s", what, i+1, got[i], want[i])
		}
	}
}

func (f Frame) equal(g Frame) bool {
	heads, bodies := bytes.Equal(f.Head, g.Head), bytes.Equal(f.Body, g.Body)
	f.Head, f.Body, g.Head, g.Body = nil, nil, nil, nil
	return heads && bodies && reflect.DeepEqual(f, g)
}

// An end is where in its stream a message ends, and how many are framed then.
type end struct{ at, frames int }

// ends returns the ends of the first whole messages of s, eight at most. One
// whose body ends with the stream has none of its own.
func ends(s Stream) []end {
	var out []end
	at := 0
	for i, f := range s.Frames {
		at += len(f.Head) + len(f.Body)
		last := i == len(s.Frames)-1
		if !f.Whole || last && s.Err == io.EOF && len(s.Rest) == 0 || len(out) == 8 {
			break
		}
		out = append(out, end{at, i + 1})
	}
	return out
}

// paces returns the ways in which a talk comes in: by single bytes, in two
// reads, in reads of lengths drawn from the talk's own bytes, so that a talk
// that fails fails again, and all that with interruptions.
func paces(talk Talk) []Pace {
	longest := max(len(talk.Requests), len(talk.Replies))
	single, pairs, mixed := 1, 24, 4
	if longest > 64<<10 { // less thoroughly, so as not to take minutes
		single, pairs, mixed = longest/1024, 3, 1
	}
	out := []Pace{{Reads: []int{single}}, {Reads: []int{single}, Interrupted: true}}
	for at := 1; at < longest; at += 1 + longest/pairs {
		out = append(out, Pace{Reads: []int{at, longest}})
	}

	seed := uint64(len(talk.Requests))
	for _, c := range talk.Requests[:min(len(talk.Requests), 64)] {
		seed = seed*31 + uint64(c)
	}
	rng := rand.New(rand.NewPCG(seed, uint64(len(talk.Replies))))
	for range mixed {
		reads := make([]int, 7)
		for i := range reads {
			reads[i] = 1 + rng.IntN(1+longest/3)
		}
		out = append(out, Pace{Reads: reads}, Pace{Reads: slices.Clone(reads), Interrupted: true})
	}
	return out
}

// memory is how many bytes framing a talk may allocate: a fixed share, and a
// multiple of what comes in, which the frames' copies are part of.
func memory(talk Talk) uint64 {
	return 16*vaurien.MaxHead + 512*uint64(len(talk.Requests)+len(talk.Replies))
}

// allocated is how many bytes the program has allocated since it began.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
