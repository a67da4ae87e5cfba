package vaurien_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
)

// wantOpen wants that many sessions still open a day later.
func wantOpen(t *testing.T, w *world, n int64) {
	t.Helper()
	time.Sleep(24 * time.Hour)
	synctest.Wait()
	if st := w.proxy.Stats(); st.Open != n {
		t.Errorf("%d sessions open a day after both peers closed, want %d", st.Open, n)
	}
}

const upgradeAsk = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

// The backend closes without answering an upgrade, the client closes: leaked.
func TestUpgradeNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "protocol=http")
		defer w.close()
		c := w.dial()
		send(t, c, upgradeAsk)
		b := w.accept()
		expect(t, b, upgradeAsk)
		b.Close()
		expectEnd(t, c, io.EOF)
		c.Close()
		wantOpen(t, w, 0)
	})
}

// An answer that closes behind a request that the backend never answers.
func TestGoodbyeBehindUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, vaurien.NewPlan(vaurien.After(1, inner(t, "error"))), "protocol=http")
		defer w.close()
		c := w.dial()
		send(t, c, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		b := w.accept()
		expect(t, b, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
		synctest.Wait()
		b.Close()
		expectEnd(t, c, io.EOF)
		c.Close()
		wantOpen(t, w, 0)
	})
}

// What is not understood behind a request that the backend never answers.
func TestOpaqueBehindUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "protocol=http")
		defer w.close()
		c := w.dial()
		send(t, c, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n\x16\x03\x01garbage")
		b := w.accept()
		expect(t, b, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n\x16\x03\x01garbage")
		b.Close()
		expectEnd(t, c, io.EOF)
		c.Close()
		wantOpen(t, w, 0)
	})
}

// The backend closes an idle connection while a last request is on its way.
func TestGoodbyeAfterTheBackendsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:error"), "protocol=http")
		defer w.close()
		c := w.dial()
		b := w.accept()
		b.Close()
		synctest.Wait()
		send(t, c, "GET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		c.Close()
		wantOpen(t, w, 0)
	})
}

// The client is gone when the reply to its upgrade comes.
func TestClientGoneBeforeUpgradeReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "protocol=http")
		defer w.close()
		c := w.dial()
		send(t, c, upgradeAsk)
		b := w.accept()
		expect(t, b, upgradeAsk)
		c.SetLinger(0)
		c.Close()
		go func() {
			io.WriteString(b, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
			b.Write(make([]byte, 1000000))
			b.Close()
		}()
		synctest.Wait()
		wantOpen(t, w, 0)
	})
}

// More than 1024 pipelined and the backend closes.
func TestFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "protocol=http")
		defer w.close()
		c := w.dial()
		go func() {
			io.WriteString(c, strings.Repeat("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n", 1100))
			c.Close()
		}()
		b := w.accept()
		go io.Copy(io.Discard, b)
		synctest.Wait()
		b.Close()
		wantOpen(t, w, 0)
	})
}

// An upgrade that is delayed while the backend says something unreadable.
func TestAwaitAfterAbandon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:delay", "delay.sleep=3"), "protocol=http")
		defer w.close()
		c := w.dial()
		send(t, c, upgradeAsk)
		b := w.accept()
		synctest.Wait()
		send(t, b, "garbage\r\n")
		expect(t, c, "garbage\r\n")
		expect(t, b, upgradeAsk)
		send(t, c, "more")
		b.SetReadDeadline(time.Now().Add(time.Hour))
		expect(t, b, "more")
	})
}

type blockingObserver struct{ f func(toBackend bool) }

func (blockingObserver) SessionStart(*vaurien.Session)                {}
func (blockingObserver) SessionEnd(*vaurien.Session)                  {}
func (o blockingObserver) Message(_ *vaurien.Session, toBackend bool) { o.f(toBackend) }
func (blockingObserver) Fault(*vaurien.Session, string)               {}

// A request that is between ReadRequest and push when the replies are given up.
func TestPushAfterAbandon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		hold := make(chan struct{})
		w := newWorldWith(t, nil, func(_ *world, cfg *vaurien.Config) {
			cfg.Observer = blockingObserver{func(toBackend bool) {
				if toBackend && n.Add(1) == 2 {
					<-hold // the goroutine is preempted here
				}
			}}
		}, "protocol=http")
		defer w.close()
		c := w.dial()
		send(t, c, ask)
		b := w.accept()
		expect(t, b, ask)
		send(t, c, ask)
		synctest.Wait()
		send(t, b, "<html>no head")
		expect(t, c, "<html>no head")
		close(hold)
		expect(t, b, ask)
		send(t, c, "more")
		b.SetReadDeadline(time.Now().Add(time.Hour))
		expect(t, b, "more")
	})
}

// A broken chunk of a request that is answered with an error.
func TestBrokenChunkUnderError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, vaurien.NewPlan(vaurien.First(1, inner(t, "error"))), "protocol=http")
		defer w.close()
		c := w.dial()
		b := w.accept()
		send(t, c, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\nGET /evil HTTP/1.1\r\n\r\n")
		b.SetReadDeadline(time.Now().Add(time.Hour))
		buf := make([]byte, 100)
		if n, err := b.Read(buf); n > 0 {
			t.Errorf("the backend got %q, %v of a request that was not to be passed on", buf[:n], err)
		}
		c.SetReadDeadline(time.Now().Add(time.Hour))
		if n, err := c.Read(buf); !strings.HasPrefix(string(buf[:n]), "HTTP/1.1 5") {
			t.Errorf("the client got %q, %v", buf[:n], err)
		}
	})
}

func TestNilChoice(t *testing.T) {
	vaurien.NewPlan(vaurien.OneOf(vaurien.Choice{Weight: 50, Name: "nothing"}, vaurien.Choice{Weight: 50, Name: "e", Behavior: inner(t, "error")}))
}

func TestShutdownTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		c := w.dial()
		b := w.accept()
		var returned atomic.Int64
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		for range 2 {
			go func() { w.proxy.Shutdown(ctx); returned.Add(1) }()
			synctest.Wait()
		}
		c.Close()
		b.Close()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := returned.Load(); n != 2 {
			t.Errorf("%d of 2 Shutdowns returned", n)
		}
		w.close()
	})
}

// A session without a backend keeps a place among backend connections.
func TestPoolPlaceWithoutBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		down.Store(true)
		w := newWorldWith(t, plan(t, "100:error", "error.code=503"), func(w *world, cfg *vaurien.Config) {
			dial := cfg.Dial
			cfg.Dial = func(ctx context.Context, a string) (net.Conn, error) {
				if down.Load() {
					return nil, io.ErrUnexpectedEOF
				}
				return dial(ctx, a)
			}
		}, "protocol=http", "pool-max-size=1", "pool-timeout=30s")
		defer w.close()
		c := w.dial()
		get(t, c, "/")
		synctest.Wait() // the call to the backend has failed
		down.Store(false)
		c2 := w.dial()
		go func() { c3, _ := w.back.Accept(); _ = c3 }()
		time.Sleep(time.Minute)
		synctest.Wait()
		if strings.Contains(w.logs.String(), "all 1 backend connections were in use") {
			t.Error("no backend connection exists, yet: all 1 backend connections were in use")
		}
		c.Close()
		c2.Close()
		w.back.Close()
	})
}

type countedConn struct {
	*memnet.Conn
	open *atomic.Int64
}

func (c countedConn) Close() error { c.open.Add(-1); return c.Conn.Close() }

// slowClose is a client's connection whose Close lets others run.
type yieldConn struct{ *memnet.Conn }

func (c yieldConn) Close() error { time.Sleep(time.Millisecond); return c.Conn.Close() }

type yieldListener struct{ net.Listener }

func (l yieldListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return yieldConn{c.(*memnet.Conn)}, nil
}

func TestPoolIsExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open, most atomic.Int64
		w := newWorldWith(t, nil, func(w *world, cfg *vaurien.Config) {
			cfg.Listener = yieldListener{w.front}
			cfg.Dial = func(ctx context.Context, a string) (net.Conn, error) {
				n := open.Add(1)
				most.Store(max(most.Load(), n))
				c, err := w.back.Dial()
				if err != nil {
					return nil, err
				}
				return countedConn{c, &open}, nil
			}
		}, "pool-max-size=1", "pool-timeout=30s")
		defer w.close()
		go func() {
			for {
				if _, err := w.back.Accept(); err != nil {
					return
				}
			}
		}()
		c1, c2 := w.dial(), w.dial()
		synctest.Wait()
		c1.SetLinger(0)
		c1.Close()
		time.Sleep(time.Second)
		c2.SetLinger(0)
		c2.Close()
		time.Sleep(time.Second)
		if most.Load() > 1 {
			t.Errorf("%d backend connections at once, pool-max-size=1", most.Load())
		}
	})
}

// What the backend said before its reset reaches the client without a delay, and must with one.
func TestResetOvertakesDelayedReply(t *testing.T) {
	for _, sleep := range []string{"0s", "1s"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, plan(t, "100:delay", "delay.sleep="+sleep, "delay.before=false"))
			defer w.close()
			c := w.dial()
			b := w.accept()
			send(t, b, "the whole reply")
			synctest.Wait()
			b.SetLinger(0)
			b.Close()
			got, err := io.ReadAll(c)
			if string(got) != "the whole reply" {
				t.Errorf("sleep %s: the client read %q, %v", sleep, got, err)
			}
		})
	}
}

// A plan put in force while what was read ahead is relayed.
func TestPlanTakesHoldOfWhatWasReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:delay", "delay.sleep=1h"))
		defer w.close()
		c := w.dial()
		b := w.accept()
		const size = 8 << 20
		if _, err := c.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.proxy.SetPlan(nil)
		io.ReadFull(b, make([]byte, 500<<10))
		synctest.Wait()
		send(t, c, "more") // so that the pump comes to wait for room
		synctest.Wait()
		w.proxy.SetPlan(plan(t, "100:blackout"))
		n, _ := io.Copy(io.Discard, b)
		if n > 1<<20 {
			t.Errorf("%d KiB passed after the blackout", n>>10)
		}
	})
}

// A half-closed client whose request is answered here, with the backend down.
func TestHalfClosedWithBackendDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:error", "error.code=503"), "protocol=http")
		defer w.close()
		w.back.Close()
		c := w.dial()
		send(t, c, ask)
		c.CloseWrite()
		r := bufio.NewReader(c)
		if got := reply(t, r); !strings.HasPrefix(got, "503") {
			t.Error(got)
		}
		if _, err := r.ReadByte(); err != io.EOF {
			t.Errorf("after the answer: %v, want the end", err)
		}
	})
}

// What 1-byte pieces cost.
func TestSmallPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan(t, "100:delay", "delay.sleep=1h"), "read-ahead=64KiB")
		defer w.close()
		c := w.dial()
		w.accept()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		c.SetWriteDeadline(time.Now().Add(time.Minute))
		n := 0
		for ; n < 60000; n++ {
			if _, err := c.Write([]byte("x")); err != nil {
				break
			}
			synctest.Wait()
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if int64(after.HeapAlloc)-int64(before.HeapAlloc) > 1<<20 {
			t.Error("a window of 64 KiB holds more than 1 MiB")
		}
	})
}

// A matcher may ask the proxy something while plans change: neither waits for
// the other for ever.
func TestMatcherAgainstSetPlan(t *testing.T) {
	asking := func() *vaurien.Plan {
		return vaurien.NewPlan(vaurien.When(func(e *vaurien.Event) bool {
			for range 100 {
				runtime.Gosched() // lets the change come in between
			}
			return e.Session.Proxy().Stats().Open > 100
		}, inner(t, "error")))
	}
	w := newWorld(t, asking())
	w.dial()
	w.accept()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 500 {
			w.proxy.SetPlan(asking())
		}
	}()
	select {
	case <-done:
		w.close()
	case <-time.After(30 * time.Second):
		t.Fatal("SetPlan never returned")
	}
}

// An answer made here does not go into a reply that ends with the stream.
func TestAnswerBehindTheEnd(t *testing.T) {
	for _, head := range []string{"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, vaurien.NewPlan(vaurien.After(1, inner(t, "error"))), "protocol=http")
			defer w.close()
			c := w.dial()
			send(t, c, ask+ask)
			b := w.accept()
			expect(t, b, ask)
			send(t, b, head+"what there is of it")
			b.Close()
			got, _ := io.ReadAll(c)
			if string(got) != head+"what there is of it" {
				t.Errorf("%q\ngot %q", head, got)
			}
			c.Close()
		})
	}
}
