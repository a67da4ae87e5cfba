package vaurien_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// What is taken away lets go of bytes that it has begun with.
func TestStreamTakenAwayInTheMiddle(t *testing.T) {
	slow := toxic(t, "slicer average-size=1 delay=1s")
	text := strings.Repeat("0", 20)
	for _, harmful := range []string{"limit_data bytes=10", "corrupt rate=1"} {
		// In a piece of a stream, and in the body of a message.
		talk(t, vaurien.NewPlan(nil, slow, toxic(t, harmful)), func(t *testing.T, w *world, c, b net.Conn) {
			head := 0
			if h, ok := c.(*httpClient); ok {
				c, head = h.Conn, len(framed(putHead, nil))
				b = b.(*httpServer).Conn
				if strings.HasPrefix(harmful, "limit") {
					w.proxy.SetPlan(vaurien.NewPlan(nil, slow, toxic(t, fmt.Sprintf("limit_data bytes=%d", head+10))))
				}
				send(t, c, string(framed(putHead, []byte(text))))
			} else {
				send(t, c, text)
			}
			go func() {
				time.Sleep(time.Duration(head)*time.Second + 4500*time.Millisecond)
				w.proxy.SetPlan(vaurien.NewPlan(nil, slow))
			}()
			got := make([]byte, head+20)
			if n, err := io.ReadFull(b, got); err != nil {
				t.Fatalf("%s: %d bytes came: %v", harmful, n, err)
			}
			if end := string(got[head+5:]); end != text[5:] {
				t.Errorf("%s: %q came", harmful, end)
			}
			crosses(t, b, c, "open")
		})
	}
}

// The pause is between any two writes, however the bytes come.
func TestStreamSlicerPausesBetweenPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toxics(t, "slicer average-size=2 delay=1s"))
		defer w.close()
		c, b := w.dial(), w.accept()
		defer c.Close()
		defer b.Close()
		begun := time.Now()
		go func() {
			for _, word := range []string{"ab", "cd", "ef", "g"} {
				io.WriteString(c, word)
				time.Sleep(10 * time.Millisecond)
			}
		}()
		for i, word := range []string{"ab", "cd", "ef", "g"} {
			expect(t, b, word)
			about(t, word, time.Since(begun), time.Duration(i)*time.Second)
		}
		time.Sleep(time.Hour)
		about(t, "after an idle time, it", crosses(t, c, b, "x"), 0)
	})
}

// A connection counts once for warmup and its like, whatever other toxics come
// and go.
func TestStreamCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := toxic(t, "latency latency=1s direction=to_backend")
		first.Behavior = vaurien.First(2, first.Behavior)
		w := newWorld(t, vaurien.NewPlan(nil, first))
		defer w.close()
		var ends [][2]net.Conn
		check := func() {
			t.Helper()
			for i, e := range ends {
				want := time.Second
				if i >= 2 {
					want = 0
				}
				about(t, fmt.Sprint("connection ", i), crosses(t, e[0], e[1], "x"), want)
			}
		}
		for i := range 4 {
			ends = append(ends, [2]net.Conn{w.dial(), w.accept()})
			check()
			w.proxy.SetPlan(vaurien.NewPlan(nil, first, toxic(t, fmt.Sprintf("latency latency=%dns", i+1))))
			check()
		}
		for _, e := range ends {
			e[0].Close()
			e[1].Close()
		}
	})
}

// A place that a connection has is given back when it ends, whatever plans came
// and went meanwhile.
func TestStreamMaxConnectionsKeepsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		most := vaurien.NewPlan(nil, toxic(t, "max_connections connections=3"))
		none := toxics(t, "reset_peer timeout=24h")
		w := newWorld(t, most)
		defer w.close()
		for range 20 {
			var ends []net.Conn
			for range 3 {
				c, b := w.dial(), w.accept()
				crosses(t, c, b, "x")
				ends = append(ends, c, b)
			}
			expectReset(t, w.dial())
			w.proxy.SetPlan(none)
			w.proxy.SetPlan(most)
			for _, e := range ends {
				e.Close()
			}
			synctest.Wait()
		}
	})
}

// Which connections a toxic meets is drawn once, however it and others are
// changed; and one that meets none changes nothing of how they end.
func TestStreamDrawnOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		half := func(latency int) vaurien.Toxic {
			x := toxic(t, fmt.Sprintf("latency direction=to_backend latency=%ds", latency))
			x.Name, x.Percent = "half", 50
			return x
		}
		never := toxic(t, "reset_peer")
		never.Percent = 0
		w := newWorld(t, vaurien.NewPlan(nil, half(1), never))
		defer w.close()
		var ends [][2]net.Conn
		for range 40 {
			ends = append(ends, [2]net.Conn{w.dial(), w.accept()})
		}
		fates := func(latency int) string {
			all := ""
			for i, e := range ends {
				d := crosses(t, e[0], e[1], "x")
				if d != 0 && d != time.Duration(latency)*time.Second {
					t.Errorf("connection %d: %v", i, d)
				}
				all += map[bool]string{true: "1", false: "0"}[d > 0]
			}
			return all
		}
		first := fates(1)
		if n := strings.Count(first, "1"); n < 5 || n > 35 {
			t.Fatalf("half of the connections are %s", first)
		}
		for latency := 2; latency < 6; latency++ {
			other := toxic(t, "latency direction=to_client")
			other.Name, other.Percent = fmt.Sprint("other", latency), 50
			w.proxy.SetPlan(vaurien.NewPlan(nil, other, half(latency), never))
			if again := fates(latency); again != first {
				t.Errorf("it was drawn again: %s, before %s", again, first)
			}
		}
		for i, e := range ends {
			if i%2 == 0 {
				e[0].(interface{ CloseWrite() error }).CloseWrite()
				expectEnd(t, e[1], io.EOF)
				crosses(t, e[1], e[0], "the reply of a half-closed connection")
			} else {
				e[1].(interface{ SetLinger(int) error }).SetLinger(0)
				e[1].Close()
				expectReset(t, e[0])
			}
			e[0].Close()
			e[1].Close()
		}
	})
}

// A timeout that is changed goes on swallowing, and counts anew; one that no
// longer meets the connection closes it.
func TestStreamTimeoutChanged(t *testing.T) {
	never := toxic(t, "timeout direction=to_backend")
	talk(t, vaurien.NewPlan(nil, never), func(t *testing.T, w *world, c, b net.Conn) {
		send(t, c, "lost")
		time.Sleep(time.Hour)
		w.proxy.SetPlan(toxics(t, "timeout timeout=5s direction=to_backend"))
		time.Sleep(time.Second)
		send(t, c, "lost too")
		w.proxy.SetPlan(toxics(t, "timeout timeout=3s direction=to_backend"))
		begun := time.Now()
		if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("the backend received %d bytes, %v", n, err)
		}
		about(t, "it", time.Since(begun), 3*time.Second)
	})
	talk(t, vaurien.NewPlan(nil, never), func(t *testing.T, w *world, c, b net.Conn) {
		send(t, c, "lost")
		time.Sleep(time.Hour)
		fewer := toxic(t, "timeout timeout=5s direction=to_backend")
		fewer.Percent = 0
		begun := time.Now()
		w.proxy.SetPlan(vaurien.NewPlan(nil, fewer, toxic(t, "timeout direction=to_client")))
		if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("the backend received %d bytes, %v", n, err)
		}
		about(t, "it", time.Since(begun), 0)
	})
}
