package vaurien_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

// letsPass is a behavior that acts on every piece and lets it go on: what acting
// itself costs.
type letsPass struct{}

func (letsPass) Points() vaurien.Point                         { return vaurien.Request | vaurien.Reply }
func (letsPass) Act(_ *vaurien.Event, next vaurien.Next) error { return next() }

// carriers are those who carry a connection of plain tcp: a loop and goroutines
// where nothing is done to it, and goroutines where something is.
var carriers = []struct {
	name  string
	loops bool
	plan  *vaurien.Plan
}{
	{"loops", true, nil},
	{"goroutines", false, nil},
	{"behavior", false, vaurien.NewPlan(letsPass{})},
}

// relay runs a proxy on real sockets before backend, which is told each of its
// connections, and returns the proxy.
func relay(b *testing.B, loops bool, plan *vaurien.Plan, protocol vaurien.Protocol, backend func(net.Conn)) *vaurien.Proxy {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go serveEach(l, backend)
	settings, _ := vaurien.NewSettings()
	settings.Proxy, settings.Backend = "127.0.0.1:0", l.Addr().String()
	cfg := vaurien.Config{Settings: *settings, Protocol: protocol, Plan: plan, Seed: 1, Logger: slog.New(slog.DiscardHandler)}
	if loops {
		cfg.Loops, err = vaurien.NewLoops(2) // as many as this machine has cores, or fewer
		if errors.Is(err, errors.ErrUnsupported) {
			b.Skip("there are no loops on this system")
		}
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(cfg.Loops.Close)
	}
	return listening(b, cfg)
}

// listening starts a proxy that is closed when the benchmark ends.
func listening(b *testing.B, cfg vaurien.Config) *vaurien.Proxy {
	b.Helper()
	p, err := vaurien.Listen(cfg)
	if err != nil {
		b.Fatal(err)
	}
	p.Start()
	b.Cleanup(func() { p.Close() })
	return p
}

// serveEach lets backend serve each connection of l.
func serveEach(l net.Listener, backend func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			backend(c)
		}()
	}
}

// returned is a backend that sends back what it gets. (io.Copy would splice.)
func returned(c net.Conn) {
	p := make([]byte, 64<<10)
	for {
		n, err := c.Read(p)
		if err != nil {
			return
		}
		if _, err := c.Write(p[:n]); err != nil {
			return
		}
	}
}

func connected(b *testing.B, p *vaurien.Proxy) net.Conn {
	b.Helper()
	c, err := new(net.Dialer).DialContext(context.Background(), "tcp", p.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// BenchmarkRoundTrip is a message there and back on one connection: mostly what
// waking costs here, of client, proxy, backend and proxy again.
func BenchmarkRoundTrip(b *testing.B) {
	for _, by := range carriers {
		for _, size := range []int{64, 1 << 10} {
			b.Run(fmt.Sprintf("%s/%dB", by.name, size), func(b *testing.B) {
				c := connected(b, relay(b, by.loops, by.plan, nil, returned))
				defer c.Close()
				message := make([]byte, size)
				b.SetBytes(int64(2 * size))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.Write(message); err != nil {
						b.Fatal(err)
					}
					if _, err := io.ReadFull(c, message); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkBulk is 64 MiB to the client, written 256 KiB at a time.
func BenchmarkBulk(b *testing.B) {
	const size, piece = 64 << 20, 256 << 10
	for _, by := range carriers {
		b.Run(by.name, func(b *testing.B) {
			c := connected(b, relay(b, by.loops, by.plan, nil, func(c net.Conn) {
				p := make([]byte, piece)
				for {
					if _, err := c.Read(p[:1]); err != nil {
						return
					}
					for range size / piece {
						if _, err := c.Write(p); err != nil {
							return
						}
					}
				}
			}))
			defer c.Close()
			p := make([]byte, piece)
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(p[:1]); err != nil {
					b.Fatal(err)
				}
				for range size / piece {
					if _, err := io.ReadFull(c, p); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkConnection is a connection that is made, carries 64 B there and back
// and is closed. The allocations of client and backend are among those reported.
func BenchmarkConnection(b *testing.B) {
	for _, by := range carriers {
		b.Run(by.name, func(b *testing.B) {
			p := relay(b, by.loops, by.plan, nil, func(c net.Conn) {
				var message [64]byte
				if _, err := io.ReadFull(c, message[:]); err == nil {
					c.Write(message[:])
				}
			})
			var message [64]byte
			b.ReportAllocs()
			for b.Loop() {
				c := connected(b, p)
				if _, err := c.Write(message[:]); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, message[:]); err != nil {
					b.Fatal(err)
				}
				c.Close()
			}
		})
	}
}
