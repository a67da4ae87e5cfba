package behavior_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/behavior"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/protocol/redis"
)

// behaving makes a behavior of a kind with options "name=value name=value".
func behaving(b *testing.B, k vaurien.Kind, options string) vaurien.Behavior {
	b.Helper()
	values := option.Values{}
	for _, o := range strings.Fields(options) {
		name, value, _ := strings.Cut(o, "=")
		values[name] = option.Value{Text: value}
	}
	made, err := vaurien.NewRegistry([]vaurien.Kind{k}, nil).Behavior(k.Name, values, "", vaurien.TCP{})
	if err != nil {
		b.Fatal(err)
	}
	return made
}

// between runs a proxy between a client, whose connection is returned, and
// backend, on a network in memory. p is nil for plain tcp.
func between(b *testing.B, p vaurien.Protocol, plan *vaurien.Plan, backend func(net.Conn)) (*vaurien.Proxy, net.Conn) {
	b.Helper()
	front, back := memnet.Listen("front"), memnet.Listen("back")
	b.Cleanup(func() { back.Close() })
	go func() {
		for {
			c, err := back.Accept()
			if err != nil {
				return
			}
			go backend(c)
		}
	}()
	settings, _ := vaurien.NewSettings()
	proxy, err := vaurien.Listen(vaurien.Config{
		Settings: *settings, Protocol: p, Plan: plan, Seed: 1, Listener: front,
		Dial:   func(context.Context, string) (net.Conn, error) { return back.Dial() },
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	proxy.Start()
	b.Cleanup(func() { proxy.Close() })
	c, err := front.Dial()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return proxy, c
}

// nowhere lets what passes after it go nowhere.
type nowhere struct{}

func (nowhere) Points() vaurien.Point { return vaurien.Request }

func (nowhere) Act(e *vaurien.Event, next vaurien.Next) error {
	e.Out = io.Discard
	return next()
}

// passing lets pieces pass what acted before it, over and over, in place of the
// first message.
type passing struct {
	b    *testing.B
	size int
	done chan struct{}
}

func (*passing) Points() vaurien.Point { return vaurien.Request }

func (p *passing) Act(e *vaurien.Event, _ vaurien.Next) error {
	defer close(p.done)
	piece := make([]byte, p.size)
	p.b.SetBytes(int64(p.size))
	p.b.ReportAllocs()
	for p.b.Loop() {
		if _, err := e.Out.Write(piece); err != nil {
			p.b.Error(err)
			break
		}
	}
	return e.Close() // there is nothing for the backend
}

// BenchmarkPiece is what the behaviors of the stream cost a piece that passes
// them. Their options let none of it wait: bandwidth's rate is far above what
// passes here, and its quantum as large as the piece.
func BenchmarkPiece(b *testing.B) {
	for _, of := range []struct {
		kind    vaurien.Kind
		options string
	}{
		{behavior.Dummy(), ""},
		{behavior.Bandwidth(), "rate=1000GB"},
		{behavior.Latency(), "latency=1us"},
		{behavior.Latency(), "latency=1us jitter=1us"},
		{behavior.Slicer(), "average-size=256 size-variation=128"},
		{behavior.Corrupt(), "rate=0.001"},
		{behavior.PacketLoss(), "loss-rate=0"},
		{behavior.LimitData(), "bytes=1000000GB"},
	} {
		for _, size := range []int{64, 16 << 10} {
			b.Run(fmt.Sprintf("%s/%dB", strings.TrimSpace(of.kind.Name+" "+of.options), size), func(b *testing.B) {
				p := &passing{b, size, make(chan struct{})}
				plan := vaurien.NewPlan(vaurien.Chain(nowhere{}, behaving(b, of.kind, of.options), p))
				_, c := between(b, nil, plan, func(c net.Conn) { io.Copy(io.Discard, c) })
				io.WriteString(c, "-")
				<-p.done
			})
		}
	}
}

// BenchmarkDelayLine is a request of Redis through a line that is so much
// longer, with thousands in flight: the client sends without waiting for the
// replies, which are thrown away. The line lets 4 million a second pass at 1 ms,
// so that it is not what is waited for.
func BenchmarkDelayLine(b *testing.B) {
	const (
		request  = "SET foo:17 0123456789012345678901234567890123456789\r\n"
		together = 64   // requests in a write
		inFlight = 4096 // requests that have not come out again, about
	)
	for _, latency := range []string{"none", "1us", "1ms"} {
		b.Run(latency, func(b *testing.B) {
			var plan *vaurien.Plan
			if latency != "none" {
				plan = vaurien.NewPlan(behaving(b, behavior.Latency(), "direction=to_backend latency="+latency))
			}
			room := make(chan struct{}, inFlight/together)
			_, c := between(b, new(redis.Protocol), plan, func(c net.Conn) {
				p := make([]byte, 16<<10)
				replies := bytes.Repeat([]byte("+OK\r\n"), len(p)/len(request)+1)
				for came := 0; ; {
					n, err := c.Read(p)
					if err != nil {
						return
					}
					for came += n; came >= together*len(request); came -= together * len(request) {
						<-room
					}
					c.Write(replies[:len("+OK\r\n")*bytes.Count(p[:n], []byte("\n"))])
				}
			})
			go io.Copy(io.Discard, c)
			requests := bytes.Repeat([]byte(request), together)
			b.SetBytes(int64(len(request)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%together > 0 {
					continue // it was among those that were sent together
				}
				room <- struct{}{}
				if _, err := c.Write(requests); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHeld is the memory that 64 MiB take which are in flight on a line of
// an hour: the time is that of reading them, and held/B how many bytes of the
// heap are held for each of them.
func BenchmarkHeld(b *testing.B) {
	const size = 64 << 20
	for _, message := range []int{1 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("%dB", message), func(b *testing.B) {
			b.SetBytes(size)
			plan := vaurien.NewPlan(behaving(b, behavior.Latency(), "latency=1h"))
			piece := make([]byte, message)
			var held uint64
			for b.Loop() {
				b.StopTimer()
				before := heap()
				b.StartTimer()
				p, c := onSockets(b, plan)
				for range size / message {
					if _, err := c.Write(piece); err != nil {
						b.Fatal(err)
					}
				}
				for p.Stats().FromClient < size {
					runtime.Gosched()
				}
				b.StopTimer()
				held += heap() - before
				c.Close()
				p.Close()
				b.StartTimer()
			}
			b.ReportMetric(float64(held)/float64(b.N)/size, "held/B")
		})
	}
}

// onSockets is between on the loopback, where a read has as much as the kernel
// has gathered. The backend says nothing.
func onSockets(b *testing.B, plan *vaurien.Plan) (*vaurien.Proxy, net.Conn) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	settings, _ := vaurien.NewSettings()
	settings.Proxy, settings.Backend = "127.0.0.1:0", l.Addr().String()
	proxy, err := vaurien.Listen(vaurien.Config{Settings: *settings, Plan: plan, Seed: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	proxy.Start()
	c, err := net.Dial("tcp", proxy.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	return proxy, c
}

// heap returns how many bytes of the heap are in use. What sync.Pools keep is
// gone after a few collections.
func heap() uint64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
