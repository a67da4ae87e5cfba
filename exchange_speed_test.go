package vaurien_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
	"github.com/vaurien-proxy/vaurien/protocol/redis"
)

// The exchange that is timed: a request of Redis and its reply.
const (
	oneGet = "GET foo:17\r\n"
	oneOK  = "+OK\r\n"
)

// answersLines is a backend that answers each line. It allocates nothing
// meanwhile.
func answersLines(c net.Conn) {
	p := make([]byte, 16<<10)
	replies := bytes.Repeat([]byte(oneOK), len(p))
	for {
		n, err := c.Read(p)
		if err != nil {
			return
		}
		if _, err := c.Write(replies[:len(oneOK)*bytes.Count(p[:n], []byte("\n"))]); err != nil {
			return
		}
	}
}

// BenchmarkExchange is an exchange of a framed session, on a network in memory,
// which costs little beside what the proxy does: with no behavior, with one that
// is drawn of a plan of several, and with several that all act. They come 64 at
// a time, but for those one by one, whose cost is mostly that of waking.
func BenchmarkExchange(b *testing.B) {
	type plan struct {
		name string
		of   *vaurien.Plan
	}
	plans := []plan{{"none", nil}}
	for _, n := range []int{1, 10, 50} {
		choices, links := make([]vaurien.Choice, n), make([]vaurien.Behavior, n)
		for i := range n {
			choices[i] = vaurien.Choice{Weight: 100 / float64(n), Name: fmt.Sprint("b", i), Behavior: letsPass{}}
			links[i] = letsPass{}
		}
		plans = append(plans,
			plan{fmt.Sprint("one of ", n), vaurien.NewPlan(vaurien.OneOf(choices...))},
			plan{fmt.Sprint("all of ", n), vaurien.NewPlan(vaurien.Chain(links...))})
	}
	b.Run("one by one", func(b *testing.B) { benchmarkExchange(b, nil, 1) })
	for _, p := range plans {
		b.Run(p.name, func(b *testing.B) { benchmarkExchange(b, p.of, 64) })
	}
}

// benchmarkExchange makes exchanges, so many at a time.
func benchmarkExchange(b *testing.B, plan *vaurien.Plan, together int) {
	front, back := memnet.Listen("front"), memnet.Listen("back")
	defer back.Close()
	go serveEach(back, answersLines)
	settings, _ := vaurien.NewSettings()
	listening(b, vaurien.Config{
		Settings: *settings, Protocol: new(redis.Protocol), Plan: plan, Seed: 1, Listener: front,
		Dial:   func(context.Context, string) (net.Conn, error) { return back.Dial() },
		Logger: slog.New(slog.DiscardHandler),
	})
	c, err := front.Dial()
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	requests, replies := bytes.Repeat([]byte(oneGet), together), make([]byte, together*len(oneOK))
	b.SetBytes(int64(len(oneGet) + len(oneOK)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%together > 0 {
			continue // it was among those that were made together
		}
		if _, err := c.Write(requests); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, replies); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReader frames requests as they come from a client that sends more
// than it awaits replies to: the last of each read is cut wherever the read ends.
func BenchmarkReader(b *testing.B) {
	r := vaurien.NewReader(&endlessly{text: oneGet})
	codec, m := new(redis.Protocol).NewCodec(), new(vaurien.Message)
	b.SetBytes(int64(len(oneGet)))
	b.ReportAllocs()
	for b.Loop() {
		*m = vaurien.Message{Info: m.Info}
		if err := codec.ReadRequest(r, m); err != nil {
			b.Fatal(err)
		}
	}
}

// endlessly is a stream of a text over and over, as much as is asked for.
type endlessly struct {
	text string
	at   int // what of the text is next
}

func (s *endlessly) Read(p []byte) (n int, err error) {
	for n < len(p) {
		k := copy(p[n:], s.text[s.at:])
		n, s.at = n+k, (s.at+k)%len(s.text)
	}
	return n, nil
}
