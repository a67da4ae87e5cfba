package lab

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Cutter relays connections to a server. Of each connection made through it,
// what one side says, the server or the client, arrives in two pieces with a
// pause between them.
type Cutter struct {
	Addr string
	At   atomic.Int64 // how long the first piece is
	most atomic.Int64 // how much that side ever said
}

// NewCutter starts one that cuts what the server says, or the client.
func NewCutter(t testing.TB, server string, replies bool) *Cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Must(t, err)
	t.Cleanup(func() { l.Close() })
	c := &Cutter{Addr: l.Addr().String()}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			backend, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			var wg sync.WaitGroup
			wg.Go(func() { c.relay(client, backend, !replies) })
			wg.Go(func() { c.relay(backend, client, replies) })
			go func() {
				wg.Wait()
				client.Close()
				backend.Close()
			}()
		}
	}()
	return c
}

func (c *Cutter) relay(from, to net.Conn, cut bool) {
	b := make([]byte, 64<<10)
	said, at := int64(0), int64(-1)
	if cut {
		at = c.At.Load()
	}
	for {
		n, err := from.Read(b)
		p := b[:n]
		if k := at - said; k > 0 && k < int64(n) {
			to.Write(p[:k])
			p = p[k:]
			<-time.After(time.Millisecond)
		}
		to.Write(p)
		if said += int64(n); cut && said > c.most.Load() {
			c.most.Store(said)
		}
		if err != nil {
			to.(*net.TCPConn).CloseWrite()
			return
		}
	}
}

// CutAnywhere lets talk be held through a proxy, which start starts before a
// server, with the requests and then the replies cut at each of their bytes, or
// at some of many. It must always hear the same.
func CutAnywhere(t *testing.T, server string, start func(backend string) (addr string), talk func(addr string) string) {
	t.Helper()
	behind := NewCutter(t, server, true)
	before := NewCutter(t, start(behind.Addr), false)
	want := talk(before.Addr)
	for _, c := range []*Cutter{before, behind} {
		const often = 100
		step := 1 + c.most.Load()/often
		for at := rand.Int64N(step); at < c.most.Load(); at += step {
			c.At.Store(at)
			if got := talk(before.Addr); got != want {
				t.Fatalf("cut at byte %d of %d: %q\nwant %q", at, c.most.Load(), got, want)
			}
		}
		c.At.Store(0)
	}
}
