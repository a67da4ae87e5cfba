//go:build unix

package vaurien_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
)

// A client that is swallowed, its end too, and then resets the connection is
// noticed.
func TestStreamTimeoutNoticesAReset(t *testing.T) {
	for _, swallowing := range []string{"timeout", "timeout timeout=24h direction=to_backend"} {
		for _, said := range []string{"lost", ""} {
			l := listen(t)
			p := start(t, l.Addr().String(), nil)
			c, b := connect(t, p, l)
			crosses(t, c, b, "x")
			crosses(t, b, c, "x")
			p.SetPlan(toxics(t, swallowing))
			send(t, c, said)
			c.CloseWrite()
			c.SetLinger(0)
			c.Close()
			wantReset(t, b)
		}
	}
}

// A narrowConn remembers what the system was told to hold of it.
type narrowConn struct {
	*memnet.Conn
	held []int
}

func (c *narrowConn) SetReadBuffer(bytes int) error {
	c.held = append(c.held, bytes)
	return nil
}

// The system is told once to hold little of what a slow reader is sent.
func TestStreamSlowReadHoldsLittle(t *testing.T) {
	for rate, want := range map[string]int{"1": 4 << 10, "10000": 10_000, "1GB": 64 << 10} {
		synctest.Test(t, func(t *testing.T) {
			var narrow *narrowConn
			w := newWorldWith(t, toxics(t, "slow_read direction=to_client rate="+rate), func(w *world, c *vaurien.Config) {
				c.Dial = func(context.Context, string) (net.Conn, error) {
					conn, err := w.back.Dial()
					narrow = &narrowConn{Conn: conn}
					return narrow, err
				}
			})
			defer w.close()
			c, b := w.dial(), w.accept()
			defer c.Close()
			defer b.Close()
			for range 3 {
				crosses(t, b, c, "x")
				crosses(t, c, b, "x")
			}
			if len(narrow.held) != 1 || narrow.held[0] != want {
				t.Errorf("at %s a second the system is told %v, want %d", rate, narrow.held, want)
			}
		})
	}
}

// Bulk that is spliced, copied, paced and cut as plans come and go is whole, both
// ways, to its end.
func TestStreamBulkThroughChanges(t *testing.T) {
	const size = 8 << 20
	l := listen(t)
	p := start(t, l.Addr().String(), nil)
	plans := []*vaurien.Plan{
		nil, nil, toxics(t, "latency latency=1ms jitter=1ms"), toxics(t, "bandwidth rate=1GB"), toxics(t, "slicer average-size=100000"),
		toxics(t, "slow_read rate=1GB direction=to_client", "latency latency=2ms"), toxics(t, "limit_data bytes=1GiB direction=to_backend"),
	}
	text := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(text)
	var wg sync.WaitGroup
	for range 3 {
		c, b := connect(t, p, l)
		for _, way := range [][2]*net.TCPConn{{c, b}, {b, c}} {
			wg.Go(func() {
				way[0].Write(text)
				way[0].CloseWrite()
			})
			wg.Go(func() {
				if got, err := io.ReadAll(way[1]); !bytes.Equal(got, text) || err != nil {
					t.Errorf("%d bytes came, %v, or they differ", len(got), err)
				}
			})
		}
	}
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	rng := rand.New(rand.NewPCG(1, 1))
	for {
		select {
		case <-done:
			return
		case <-time.After(time.Duration(rng.IntN(5)) * time.Millisecond):
			p.SetPlan(plans[rng.IntN(len(plans))])
		}
	}
}

// A client that is held back and resets the connection is noticed.
func TestStreamHeldBackNoticesAReset(t *testing.T) {
	for _, holding := range []string{"bandwidth rate=0", "slow_read rate=1", "packet_loss loss-rate=1", "slicer average-size=1 delay=1h"} {
		l := listen(t)
		p := start(t, l.Addr().String(), nil)
		c, b := connect(t, p, l)
		crosses(t, c, b, "x")
		crosses(t, b, c, "x")
		p.SetPlan(toxics(t, holding))
		send(t, c, "held back for hours")
		for end := time.Now().Add(20 * time.Second); p.Stats().FromClient < 20; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("it was not read")
			}
		}
		c.SetLinger(0)
		c.Close()
		wantReset(t, b)
	}
}
