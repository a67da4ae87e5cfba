package vaurien_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/behavior"
	"github.com/vaurien-proxy/vaurien/option"
)

// streams are the kinds that act on streams of bytes.
var streams = []vaurien.Kind{
	behavior.Bandwidth(), behavior.Corrupt(), behavior.Latency(), behavior.LimitData(), behavior.MaxConnections(),
	behavior.PacketLoss(), behavior.Profile(), behavior.Refuse(), behavior.ResetPeer(), behavior.Slicer(),
	behavior.SlowClose(), behavior.SlowRead(), behavior.Timeout(), behavior.Delay(), behavior.Dummy(),
}

// toxic makes a toxic of "kind option=value option=value", which meets every
// connection.
func toxic(t testing.TB, text string) vaurien.Toxic {
	t.Helper()
	words := strings.Fields(text)
	values := option.Values{}
	for _, w := range words[1:] {
		name, value, _ := strings.Cut(w, "=")
		values[name] = option.Value{Text: value}
	}
	b, err := vaurien.NewRegistry(streams, nil).Behavior(words[0], values, "", vaurien.TCP{})
	if err != nil {
		t.Fatal(err)
	}
	return vaurien.Toxic{Name: text, Percent: 100, Behavior: b}
}

// toxics makes a plan of toxics alone.
func toxics(t testing.TB, texts ...string) *vaurien.Plan {
	t.Helper()
	var all []vaurien.Toxic
	for _, text := range texts {
		all = append(all, toxic(t, text))
	}
	return vaurien.NewPlan(nil, all...)
}

// talk runs f with a proxy, tcp or http, one open connection and the backend's
// side of it. What f sends under http is bodies: the heads have passed.
func talk(t *testing.T, p *vaurien.Plan, f func(t *testing.T, w *world, c, b net.Conn)) {
	t.Helper()
	t.Run("tcp", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, p)
			defer w.close()
			c := w.dial()
			defer c.Close()
			b := w.accept()
			defer b.Close()
			f(t, w, c, b)
		})
	})
	t.Run("http", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil, "protocol=http")
			defer w.close()
			c := w.dial()
			defer c.Close()
			b := w.accept()
			defer b.Close()
			w.proxy.SetPlan(p)
			f(t, w, &httpClient{Conn: c}, &httpServer{Conn: b})
		})
	})
}

// An httpClient sends each write as a request, and reads bodies of replies; an
// httpServer the other way.
type httpClient struct {
	net.Conn
	body bytes.Buffer
}
type httpServer struct {
	net.Conn
	body bytes.Buffer
}

const putHead = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %08d\r\n\r\n"
const okHead = "HTTP/1.1 200 OK\r\nContent-Length: %08d\r\n\r\n"

func framed(head string, p []byte) []byte { return append(fmt.Appendf(nil, head, len(p)), p...) }

func unframe(c net.Conn, head string, body *bytes.Buffer, p []byte) (int, error) {
	for body.Len() == 0 {
		h := make([]byte, len(fmt.Sprintf(head, 0)))
		if _, err := io.ReadFull(c, h); err != nil {
			return 0, err
		}
		var n int64
		digits := bytes.TrimLeft(h[bytes.Index(h, []byte("Length: "))+8:len(h)-4], "0")
		fmt.Sscan(string(digits), &n)
		if _, err := io.CopyN(body, c, n); err != nil {
			return 0, err
		}
	}
	return body.Read(p)
}

func (c *httpClient) Write(p []byte) (int, error) {
	if _, err := c.Conn.Write(framed(putHead, p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
func (c *httpClient) Read(p []byte) (int, error) { return unframe(c.Conn, okHead, &c.body, p) }
func (b *httpServer) Write(p []byte) (int, error) {
	if _, err := b.Conn.Write(framed(okHead, p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
func (b *httpServer) Read(p []byte) (int, error) { return unframe(b.Conn, putHead, &b.body, p) }

// crosses sends a message from one side and returns how long it took.
func crosses(t *testing.T, from, to net.Conn, text string) time.Duration {
	t.Helper()
	begun := time.Now()
	send(t, from, text)
	expect(t, to, text)
	return time.Since(begun)
}

func about(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if d := got - want; d < -2*time.Millisecond || d > 2*time.Millisecond {
		t.Errorf("%s took %v, want %v", what, got, want)
	}
}

// A latency acts in its direction, adds to those listed before it, and starts
// and stops on an open connection.
func TestStreamLatency(t *testing.T) {
	talk(t, toxics(t, "latency latency=50ms direction=to_client", "latency latency=20ms"), func(t *testing.T, w *world, c, b net.Conn) {
		about(t, "up", crosses(t, c, b, "abc"), 20*time.Millisecond)
		about(t, "down", crosses(t, b, c, "abc"), 70*time.Millisecond)
		w.proxy.SetPlan(nil)
		about(t, "up, after", crosses(t, c, b, "abc"), 0)
		about(t, "down, after", crosses(t, b, c, "abc"), 0)
		w.proxy.SetPlan(toxics(t, "latency latency=30ms"))
		about(t, "up, again", crosses(t, c, b, "abc"), 30*time.Millisecond)
	})
}

// A plan that leaves the latency in force does not let pass early what waits.
func TestStreamLatencyOutlastsPlans(t *testing.T) {
	late := toxic(t, "latency latency=100ms")
	talk(t, vaurien.NewPlan(nil, late), func(t *testing.T, w *world, c, b net.Conn) {
		begun := time.Now()
		send(t, c, "x")
		time.Sleep(40 * time.Millisecond)
		w.proxy.SetPlan(vaurien.NewPlan(nil, toxic(t, "dummy"), late))
		expect(t, b, "x")
		about(t, "it", time.Since(begun), 100*time.Millisecond)

		begun = time.Now()
		send(t, b, "y")
		time.Sleep(40 * time.Millisecond)
		w.proxy.SetPlan(nil)
		expect(t, c, "y")
		about(t, "it, taken away,", time.Since(begun), 40*time.Millisecond)
	})
}

// A body that streams is late as a whole, and latency does not throttle it.
func TestStreamLatencyOfBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toxics(t, "latency latency=100ms direction=to_client"), "protocol=http")
		defer w.close()
		c := w.dial()
		defer c.Close()
		b := w.accept()
		defer b.Close()
		send(t, c, ask)
		expect(t, b, ask)
		send(t, b, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
		begun := time.Now()
		go func() {
			for range 4 {
				time.Sleep(30 * time.Millisecond)
				io.WriteString(b, "x")
			}
		}()
		expect(t, c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
		about(t, "the head", time.Since(begun), 100*time.Millisecond)
		for i := range 4 {
			expect(t, c, "x")
			about(t, "a part", time.Since(begun), time.Duration(130+30*i)*time.Millisecond)
		}
	})
}

// 50±50 ms is 50 ms on average, also for messages that follow each other
// closely, and they keep their order.
func TestStreamJitterKeepsTheMean(t *testing.T) {
	if testing.Short() {
		t.Skip("20,000 messages")
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toxics(t, "latency latency=50ms jitter=50ms direction=to_backend"), "seed=7")
		defer w.close()
		c, b := w.dial(), w.accept()
		defer c.Close()
		defer b.Close()
		const n, every = 20_000, 5 * time.Millisecond
		begun := time.Now()
		go func() {
			for i := range n {
				time.Sleep(time.Until(begun.Add(time.Duration(i) * every)))
				c.Write([]byte{byte(i)})
			}
		}()
		var sum time.Duration
		got := make([]byte, 1)
		for i := range n {
			if _, err := io.ReadFull(b, got); err != nil || got[0] != byte(i) {
				t.Fatalf("message %d is %d, %v", i, got[0], err)
			}
			sum += time.Since(begun.Add(time.Duration(i) * every))
		}
		if mean := float64(sum) / n / 1e6; math.Abs(mean-50) > 2 {
			t.Errorf("the mean is %.2f ms", mean)
		}
	})
}

// A bandwidth is kept exactly, smoothly, and from the first byte.
func TestStreamBandwidth(t *testing.T) {
	for _, tt := range []struct {
		rate  int
		bytes int
	}{{100_000, 50_000}, {10_000_000, 5_000_000}, {1, 3}, {999, 2000}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, toxics(t, fmt.Sprintf("bandwidth rate=%d direction=to_backend", tt.rate)))
			defer w.close()
			c, b := w.dial(), w.accept()
			defer c.Close()
			defer b.Close()
			begun := time.Now()
			go c.Write(make([]byte, tt.bytes))
			got, burst := 0, map[time.Duration]int{}
			for p := make([]byte, 1<<20); got < tt.bytes; {
				n, err := b.Read(p)
				if err != nil {
					t.Fatal(err)
				}
				got += n
				burst[time.Since(begun)/(100*time.Millisecond)] += n
			}
			want := time.Duration(float64(tt.bytes) / float64(tt.rate) * 1e9)
			if off := math.Abs(float64(time.Since(begun)-want)) / float64(want); off > 0.001 {
				t.Errorf("%d bytes at %d took %v, want %v", tt.bytes, tt.rate, time.Since(begun), want)
			}
			for at, n := range burst {
				if tt.rate >= 1000 && float64(n) > 1.15*float64(tt.rate)/10 {
					t.Errorf("rate %d: %d bytes in the %v after %v", tt.rate, n, 100*time.Millisecond, at*100)
				}
			}
			// Nothing is saved up while nothing is sent.
			time.Sleep(5 * time.Second)
			n := max(tt.rate/100, 1)
			about(t, "after an idle time, it", crosses(t, c, b, strings.Repeat("x", n)), time.Duration(float64(n)/float64(tt.rate)*1e9))
		})
	}
}

func TestStreamBandwidthBothProtocols(t *testing.T) {
	talk(t, toxics(t, "bandwidth rate=10000 direction=to_client"), func(t *testing.T, w *world, c, b net.Conn) {
		about(t, "up", crosses(t, c, b, strings.Repeat("x", 1000)), 0)
		d := crosses(t, b, c, strings.Repeat("x", 1000))
		if d < 100*time.Millisecond || d > 105*time.Millisecond {
			t.Errorf("down took %v", d)
		}
		go func() {
			time.Sleep(50 * time.Millisecond)
			w.proxy.SetPlan(nil)
		}()
		send(t, c, "next")
		expect(t, b, "next")
		about(t, "what is left when it is taken away", crosses(t, b, c, strings.Repeat("x", 5000)), 50*time.Millisecond)
	})
}

// A rate of 0 stalls, and loses nothing.
func TestStreamBandwidthStalls(t *testing.T) {
	for _, stalling := range []string{"bandwidth rate=0", "slow_read rate=0", "packet_loss loss-rate=1"} {
		talk(t, toxics(t, stalling), func(t *testing.T, w *world, c, b net.Conn) {
			go func() {
				time.Sleep(time.Hour)
				w.proxy.SetPlan(toxics(t, "dummy"))
			}()
			about(t, stalling, crosses(t, c, b, "abc"), time.Hour)
			about(t, stalling+", down", crosses(t, b, c, "abc"), 0)
		})
	}
}

func TestStreamBandwidthBurst(t *testing.T) {
	talk(t, toxics(t, "bandwidth rate=1000 burst=500"), func(t *testing.T, w *world, c, b net.Conn) {
		text := strings.Repeat("x", 400)
		if d := crosses(t, c, b, text); d != 0 {
			t.Errorf("the burst took %v", d)
		}
		if d := crosses(t, b, c, text); d != 0 {
			t.Errorf("the burst down took %v", d)
		}
		if d := crosses(t, c, b, text); d < 300*time.Millisecond || d > 450*time.Millisecond {
			t.Errorf("what is beyond it took %v", d)
		}
	})
}

// One line for all connections is shared fairly.
func TestStreamBandwidthShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toxics(t, "bandwidth rate=100000 shared=true direction=to_backend"))
		defer w.close()
		begun := time.Now()
		took := make(chan time.Duration)
		for range 4 {
			c, b := w.dial(), w.accept()
			defer c.Close()
			defer b.Close()
			go c.Write(make([]byte, 25_000))
			go func() {
				io.CopyN(io.Discard, b, 25_000)
				took <- time.Since(begun)
			}()
		}
		for range 4 {
			if d := <-took; d < 980*time.Millisecond || d > 1001*time.Millisecond {
				t.Errorf("one took %v, want 1s", d)
			}
		}
	})
}

func TestStreamSlowClose(t *testing.T) {
	for _, tt := range []struct {
		direction string
		up, down  time.Duration
	}{{"to_backend", time.Second, 0}, {"to_client", 0, time.Second}, {"both", time.Second, time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, toxics(t, "slow_close delay=1s direction="+tt.direction))
			defer w.close()
			c, b := w.dial(), w.accept()
			begun := time.Now()
			send(t, c, "last")
			c.CloseWrite()
			expect(t, b, "last")
			expectEnd(t, b, io.EOF)
			about(t, "the end up", time.Since(begun), tt.up)
			begun = time.Now()
			b.CloseWrite()
			expectEnd(t, c, io.EOF)
			about(t, "the end down", time.Since(begun), tt.down)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toxics(t, "slow_close delay=1h"))
		defer w.close()
		c, b := w.dial(), w.accept()
		c.CloseWrite()
		time.Sleep(time.Second)
		w.proxy.SetPlan(nil)
		begun := time.Now()
		expectEnd(t, b, io.EOF)
		about(t, "the end, let go,", time.Since(begun), 0)
		b.Close()
		expectEnd(t, c, io.EOF)
	})
}

// A timeout counts from when the connection met it, whatever is sent, and
// through other plans.
func TestStreamTimeout(t *testing.T) {
	limit := toxic(t, "timeout timeout=1s direction=to_backend")
	talk(t, vaurien.NewPlan(nil, limit), func(t *testing.T, w *world, c, b net.Conn) {
		begun := time.Now()
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() {
			for range 30 {
				time.Sleep(100 * time.Millisecond)
				c.Write([]byte("x"))
			}
		})
		wg.Go(func() {
			for i := range 5 {
				time.Sleep(150 * time.Millisecond)
				w.proxy.SetPlan(vaurien.NewPlan(nil, limit, toxic(t, fmt.Sprintf("latency latency=%d", i))))
			}
		})
		n, err := io.Copy(io.Discard, b)
		if n != 0 || err != nil {
			t.Errorf("the backend received %d bytes, %v", n, err)
		}
		about(t, "it", time.Since(begun), time.Second)
	})
	talk(t, vaurien.NewPlan(nil, limit), func(t *testing.T, w *world, c, b net.Conn) {
		begun := time.Now()
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Error(err)
		}
		about(t, "with nothing sent, it", time.Since(begun), time.Second)
	})
}

// What the backend says is swallowed too.
func TestStreamTimeoutToClient(t *testing.T) {
	talk(t, toxics(t, "timeout timeout=1s direction=to_client"), func(t *testing.T, w *world, c, b net.Conn) {
		begun := time.Now()
		crosses(t, c, b, "asked")
		send(t, b, "answered")
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("the client received %d bytes, %v", n, err)
		}
		about(t, "it", time.Since(begun), time.Second)
	})
}

// When a timeout is taken away, connections of which it has swallowed something
// are closed, and the others go on.
func TestStreamTimeoutTakenAway(t *testing.T) {
	never := toxic(t, "timeout direction=to_backend")
	for _, swallowed := range []bool{false, true} {
		talk(t, vaurien.NewPlan(nil, never), func(t *testing.T, w *world, c, b net.Conn) {
			if swallowed {
				send(t, c, "lost")
			}
			time.Sleep(time.Hour)
			w.proxy.SetPlan(vaurien.NewPlan(nil, never, toxic(t, "latency latency=1ms")))
			time.Sleep(time.Hour)
			w.proxy.SetPlan(nil)
			if !swallowed {
				about(t, "afterwards", crosses(t, c, b, "x"), 0)
				return
			}
			if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("the backend received %d bytes, %v", n, err)
			}
		})
	}
}

// The end of a stream is swallowed too.
func TestStreamTimeoutSwallowsEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toxics(t, "timeout timeout=2s"))
		defer w.close()
		c, b := w.dial(), w.accept()
		begun := time.Now()
		c.CloseWrite()
		expectEnd(t, b, io.EOF)
		about(t, "the end", time.Since(begun), 2*time.Second)
	})
}

// A reset comes on idle connections too, and on those that are older.
func TestStreamResetPeer(t *testing.T) {
	later := toxic(t, "reset_peer timeout=1s")
	talk(t, nil, func(t *testing.T, w *world, c, b net.Conn) {
		crosses(t, c, b, "x")
		crosses(t, b, c, "x")
		begun := time.Now()
		w.proxy.SetPlan(vaurien.NewPlan(nil, later, toxic(t, "timeout direction=to_client"))) // two that live
		time.Sleep(300 * time.Millisecond)
		w.proxy.SetPlan(vaurien.NewPlan(nil, toxic(t, "latency latency=1ms"), later))
		_, err := c.Read(make([]byte, 1))
		if err == nil || !strings.Contains(err.Error(), "reset") {
			t.Errorf("it ended with %v", err)
		}
		about(t, "it", time.Since(begun), time.Second)
	})
	talk(t, vaurien.NewPlan(nil, later), func(t *testing.T, w *world, c, b net.Conn) {
		time.Sleep(500 * time.Millisecond)
		w.proxy.SetPlan(nil)
		time.Sleep(time.Minute)
		crosses(t, c, b, "x")
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toxics(t, "reset_peer"))
		defer w.close()
		expectReset(t, w.dial())
	})
}

func TestStreamSlicer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toxics(t, "slicer average-size=10 size-variation=3 delay=1ms direction=to_backend"))
		defer w.close()
		c, b := w.dial(), w.accept()
		defer c.Close()
		defer b.Close()
		text := strings.Repeat("0123456789", 100)
		send(t, c, text)
		var got []byte
		reads := 0
		for p := make([]byte, 100); len(got) < len(text); reads++ {
			n, err := b.Read(p)
			if err != nil || n > 13 || n < 7 && len(got)+n < len(text) {
				t.Fatalf("a piece of %d bytes, %v", n, err)
			}
			got = append(got, p[:n]...)
		}
		if string(got) != text || reads < 90 || reads > 112 {
			t.Errorf("%d pieces", reads)
		}
	})
	talk(t, toxics(t, "slicer average-size=1 delay=10ms"), func(t *testing.T, w *world, c, b net.Conn) {
		go func() {
			time.Sleep(time.Second)
			w.proxy.SetPlan(nil)
		}()
		about(t, "what is left when it is taken away", crosses(t, c, b, strings.Repeat("x", 500)), time.Second)
		about(t, "afterwards", crosses(t, b, c, strings.Repeat("x", 500)), 0)
	})
}

func TestStreamLimitData(t *testing.T) {
	for _, bytes := range []int{0, 1, 10, 20, 25} {
		for _, direction := range []string{"to_backend", "to_client"} {
			synctest.Test(t, func(t *testing.T) {
				limit := toxic(t, fmt.Sprintf("limit_data bytes=%d direction=%s", bytes, direction))
				w := newWorld(t, vaurien.NewPlan(nil, limit))
				defer w.close()
				var from, to net.Conn
				from = w.dial()
				to = w.accept()
				if direction == "to_client" {
					from, to = to, from
				}
				var wg sync.WaitGroup
				defer wg.Wait()
				wg.Go(func() {
					for i := range 4 {
						if i == 1 { // the count goes on
							w.proxy.SetPlan(vaurien.NewPlan(nil, toxic(t, "latency latency=1ms"), limit))
						}
						io.WriteString(from, "0123456789")
						time.Sleep(time.Second)
					}
				})
				got, err := io.ReadAll(to)
				if len(got) != bytes || err != nil {
					t.Errorf("%d bytes passed, %v; want %d", len(got), err, bytes)
				}
			})
		}
	}
}

// A part of all segments is lost, which costs a retransmission timeout each.
func TestStreamPacketLoss(t *testing.T) {
	for _, correlation := range []string{"0", "0.5"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, toxics(t, "packet_loss loss-rate=0.2 direction=to_backend correlation="+correlation))
			defer w.close()
			c, b := w.dial(), w.accept()
			defer c.Close()
			defer b.Close()
			const n = 2000
			stalls := 0
			for range n {
				d := crosses(t, c, b, "message")
				if d%(200*time.Millisecond) != 0 {
					t.Fatalf("a message took %v", d)
				}
				for rto := 200 * time.Millisecond; d > 0; d, rto = d-rto, 2*rto {
					stalls++
				}
			}
			// Of all that was sent, again or not, a fifth is lost.
			if got := float64(stalls) / float64(n+stalls); math.Abs(got-0.2) > 0.04 {
				t.Errorf("correlation %s: %.3f was lost", correlation, got)
			}
		})
	}
}

func TestStreamCorrupt(t *testing.T) {
	const n = 1 << 20
	text := make([]byte, n)
	for _, tt := range []struct {
		rate float64
		unit string
	}{{0.001, "byte"}, {0.01, "bit"}, {1, "bit"}, {0, "byte"}, {1e-300, "byte"}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, toxics(t, fmt.Sprintf("corrupt rate=%g unit=%s", tt.rate, tt.unit)))
			defer w.close()
			c, b := w.dial(), w.accept()
			defer c.Close()
			defer b.Close()
			go b.Write(text)
			got := make([]byte, n)
			if _, err := io.ReadFull(c, got); err != nil {
				t.Fatal(err)
			}
			changed := 0
			for _, x := range got {
				if x != 0 {
					changed++
					if tt.unit == "bit" && x&(x-1) != 0 {
						t.Fatalf("%08b is more than a bit", x)
					}
				}
			}
			want := tt.rate * n
			if math.Abs(float64(changed)-want) > 5*math.Sqrt(want)+1e-9 {
				t.Errorf("rate %g: %d bytes were changed, want %.0f", tt.rate, changed, want)
			}
		})
	}
}

// A slow reader holds the sender back.
func TestStreamSlowRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toxics(t, "slow_read rate=10000 direction=to_backend"))
		defer w.close()
		c, b := w.dial(), w.accept()
		defer c.Close()
		defer b.Close()
		go io.Copy(io.Discard, b)
		begun := time.Now()
		send(t, c, strings.Repeat("x", 300_000))
		// memnet and the proxy hold some of it.
		if d := time.Since(begun); d < 10*time.Second || d > 30*time.Second {
			t.Errorf("the sender was done after %v", d)
		}
	})
}

func TestStreamRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		defer w.close()
		old, b := w.dial(), w.accept()
		w.proxy.SetPlan(toxics(t, "refuse"))
		expectReset(t, w.dial())
		crosses(t, old, b, "goes on")
		w.proxy.SetPlan(nil)
		c, b := w.dial(), w.accept()
		crosses(t, c, b, "again")
	})
}

// A connection that ends makes room for one, whatever plans there were
// meanwhile.
func TestStreamMaxConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		most := toxic(t, "max_connections connections=2")
		w := newWorld(t, vaurien.NewPlan(nil, most))
		defer w.close()
		one, b1 := w.dial(), w.accept()
		_, b2 := w.dial(), w.accept()
		for range 3 {
			expectReset(t, w.dial())
		}
		w.proxy.SetPlan(vaurien.NewPlan(nil, toxic(t, "latency latency=1ms"), most))
		expectReset(t, w.dial())
		crosses(t, one, b1, "x")
		one.Close()
		b1.Close()
		synctest.Wait()
		three, b3 := w.dial(), w.accept()
		crosses(t, three, b3, "x")
		expectReset(t, w.dial())
		b2.Close()
	})
}

// Chains act in listed order.
func TestStreamChainsActInOrder(t *testing.T) {
	for _, tt := range []struct {
		chain []string
		want  time.Duration // of 100 bytes
	}{
		// Cut first, each piece then waits its turn on the line; and the other
		// way: pieces of a quantum, which are slices already.
		{[]string{"slicer average-size=50 delay=1s", "bandwidth rate=1000"}, 1100 * time.Millisecond},
		{[]string{"bandwidth rate=1000", "slicer average-size=50 delay=1s"}, 19*time.Second + 5*time.Millisecond},
		{[]string{"latency latency=1s", "bandwidth rate=1000"}, 1100 * time.Millisecond},
		{[]string{"profile name=dial"}, 60*time.Millisecond + 100*time.Second/3750},
	} {
		talk(t, toxics(t, tt.chain...), func(t *testing.T, w *world, c, b net.Conn) {
			head := 0
			if _, ok := c.(*httpClient); ok {
				head = len(fmt.Sprintf(putHead, 0))
			}
			d := crosses(t, c, b, strings.Repeat("x", 100))
			if head == 0 {
				about(t, strings.Join(tt.chain, ", "), d, tt.want)
			} else if d < tt.want {
				t.Errorf("%s took %v, want more than %v", strings.Join(tt.chain, ", "), d, tt.want)
			}
		})
	}
}

// They act beside what the plan draws.
func TestStreamBesideADraw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := vaurien.OneOf(vaurien.Choice{Weight: 100, Name: "delay", Behavior: toxic(t, "latency latency=1s").Behavior})
		w := newWorld(t, vaurien.NewPlan(root, toxic(t, "latency latency=500ms direction=to_backend")), "protocol=http")
		defer w.close()
		c, b := w.dial(), w.accept()
		defer c.Close()
		defer b.Close()
		about(t, "the request", crosses(t, c, b, ask), 1500*time.Millisecond)
	})
}

// What a server is late, and what its line is, adds up.
func TestStreamLatencyAndDelay(t *testing.T) {
	late := toxic(t, "latency latency=500ms direction=to_backend")
	root := vaurien.OneOf(vaurien.Choice{Weight: 100, Name: "delay", Behavior: toxic(t, "delay sleep=1s").Behavior})
	talk(t, vaurien.NewPlan(root, late), func(t *testing.T, w *world, c, b net.Conn) {
		about(t, "the request", crosses(t, c, b, "x"), 1500*time.Millisecond)
		about(t, "the reply", crosses(t, b, c, "x"), 0)
	})
}

// Whatever comes and goes, no byte is lost or out of its place.
func TestStreamKeepsBytes(t *testing.T) {
	for seed := range uint64(4) {
		talk(t, nil, func(t *testing.T, w *world, c, b net.Conn) {
			rng := rand.New(rand.NewPCG(seed, 1))
			some := []string{
				"latency latency=5ms jitter=5ms", "latency latency=20ms jitter=10ms distribution=pareto direction=to_client",
				"bandwidth rate=200000", "bandwidth rate=1000000 burst=10000 shared=true", "slicer average-size=300 size-variation=300 delay=100us",
				"packet_loss loss-rate=0.01 correlation=0.3", "slow_read rate=1000000", "slow_close delay=1s", "profile name=cable",
				"limit_data bytes=1000000000", "timeout timeout=0 direction=to_client", "reset_peer timeout=24h", "bandwidth rate=0",
			}
			done := make(chan struct{})
			changed := make(chan struct{})
			go func() {
				defer close(changed)
				rng := rand.New(rand.NewPCG(seed, 2))
				for {
					select {
					case <-done:
						return
					case <-time.After(time.Duration(rng.IntN(20)) * time.Millisecond):
					}
					var chosen []string
					for range rng.IntN(4) {
						if s := some[rng.IntN(len(some))]; !strings.HasPrefix(s, "timeout") {
							chosen = append(chosen, s)
						}
					}
					w.proxy.SetPlan(toxics(t, chosen...))
				}
			}()
			var wg sync.WaitGroup
			for _, way := range [][2]net.Conn{{c, b}, {b, c}} {
				text := make([]byte, 300_000)
				for i := range text {
					text[i] = byte(rng.Uint32())
				}
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(seed, 3))
					for rest := text; len(rest) > 0; {
						n := min(1+rng.IntN(40_000), len(rest))
						way[0].Write(rest[:n])
						rest = rest[n:]
						time.Sleep(time.Duration(rng.IntN(10)) * time.Millisecond)
					}
				})
				wg.Go(func() {
					got := make([]byte, len(text))
					if n, err := io.ReadFull(way[1], got); err != nil {
						t.Error(n, err)
					}
					if sha256.Sum256(got) != sha256.Sum256(text) {
						t.Error("bytes are changed")
					}
				})
				if _, framed := c.(*httpClient); framed {
					wg.Wait() // replies come after requests
				}
			}
			wg.Wait()
			close(done)
			<-changed
			w.proxy.SetPlan(nil)
		})
	}
}

// No value of an attribute costs more than the connection.
func TestStreamExtremes(t *testing.T) {
	for _, k := range streams {
		var set option.Set
		k.New(&set)
		for _, o := range set.Options() {
			for _, v := range []string{"-1", "0", "1", "-9223372036854775808", "9223372036854775807", "1e300", "1e-300", "NaN", "Inf", "24h", "1GiB", "1000GB", "true", "both", "byte"} {
				values := option.Values{o.Name: {Text: v}}
				if o.Name == "size-variation" {
					values["average-size"] = option.Value{Text: "1"}
				}
				if o.Name == "jitter" && v == "24h" {
					values["distribution"] = option.Value{Text: "pareto"}
				}
				b, err := vaurien.NewRegistry(streams, nil).Behavior(k.Name, values, "", vaurien.TCP{})
				if err != nil {
					continue // it says so
				}
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, nil)
					c, b1 := w.dial(), w.accept()
					w.proxy.SetPlan(vaurien.NewPlan(nil, vaurien.Toxic{Name: "it", Percent: 100, Behavior: b}))
					go io.Copy(io.Discard, b1)
					go c.Write(make([]byte, 100_000))
					go io.WriteString(b1, "reply")
					c.SetReadDeadline(time.Now().Add(time.Minute))
					io.Copy(io.Discard, c)
					w.proxy.SetPlan(nil)
					c.Close()
					b1.Close()
					w.close()
					if logs := w.logs.String(); strings.Contains(logs, "panic") {
						t.Errorf("%s %s=%s:\n%s", k.Name, o.Name, v, logs)
					}
				})
			}
		}
	}
}

// Where replies come in any order each message stays whole.
func TestStreamAnyOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := toxics(t, "latency latency=20ms jitter=20ms", "slicer average-size=2 delay=1ms", "bandwidth rate=5000", "packet_loss")
		w := newWorldWith(t, p, func(_ *world, c *vaurien.Config) { c.Protocol = lines{anyOrder: true} })
		defer w.close()
		c, b := w.dial(), w.accept()
		defer c.Close()
		defer b.Close()
		var wg sync.WaitGroup
		defer wg.Wait()
		const n = 50
		wg.Go(func() {
			for id := range n {
				fmt.Fprintf(c, "%d GET %d\n", id+1, id+1)
			}
		})
		wg.Go(func() {
			asked := bufio.NewScanner(b)
			for range n {
				if !asked.Scan() {
					t.Error("a request is missing")
					return
				}
				id, rest, _ := strings.Cut(asked.Text(), " ")
				if rest != "GET "+id {
					t.Errorf("request %q", asked.Text())
				}
				fmt.Fprintf(b, "%s answer to %s\n", id, id)
			}
		})
		answered := bufio.NewScanner(c)
		seen := map[string]bool{}
		for len(seen) < n && answered.Scan() {
			id, rest, _ := strings.Cut(answered.Text(), " ")
			if rest != "answer to "+id || seen[id] {
				t.Fatalf("reply %q", answered.Text())
			}
			seen[id] = true
		}
		if len(seen) < n {
			t.Errorf("%d replies of %d", len(seen), n)
		}
	})
}
