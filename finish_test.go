//go:build unix

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

// All that a limit let through can be read, also by who has more to say than
// anybody reads: no reset overtakes it.
func TestLimitedBytesArrive(t *testing.T) {
	const limit = 1_000_000
	for _, direction := range []string{"to_client", "to_backend"} {
		t.Run(direction, func(t *testing.T) {
			l := listen(t)
			p := start(t, l.Addr().String(), toxics(t, fmt.Sprintf("limit_data bytes=%d direction=%s", limit, direction)))
			c, b := connect(t, p, l)
			passed := func() uint64 { return p.Stats().ToClient }
			from, to := b, c
			if direction == "to_backend" {
				from, to = c, b
				passed = func() uint64 { return p.Stats().ToBackend }
			}
			go to.Write(make([]byte, 10<<20)) // which from never reads
			go from.Write(make([]byte, 2*limit))
			for end := time.Now().Add(20 * time.Second); passed() < limit; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%d bytes passed", passed())
				}
			}
			to.SetReadDeadline(time.Now().Add(20 * time.Second))
			if n, err := io.Copy(io.Discard, to); n != limit || err != nil {
				t.Errorf("%d bytes came, %v", n, err)
			}
			c.Close()
			b.Close()
			settle(t, "sessions", 0, func() int { return int(p.Stats().Open) })
		})
	}
}

// Both sides are told the end at once, and who does not end too is cut off.
func TestFinishIsAtOnceAndEnds(t *testing.T) {
	for _, direction := range []string{"to_client", "to_backend"} {
		talk(t, toxics(t, "limit_data bytes=10 direction="+direction), func(t *testing.T, w *world, c, b net.Conn) {
			raw := func(c net.Conn) net.Conn {
				switch c := c.(type) {
				case *httpClient:
					return c.Conn
				case *httpServer:
					return c.Conn
				}
				return c
			}
			from, to := b, c
			if direction == "to_backend" {
				from, to = c, b
			} else if _, framed := c.(*httpClient); framed {
				crosses(t, c, b, "asked")
			}
			begun := time.Now()
			send(t, from, strings.Repeat("x", 20))
			for _, end := range []net.Conn{raw(to), raw(from)} {
				got, err := io.ReadAll(end)
				if err != nil || end == raw(to) && len(got) != 10 || end == raw(from) && len(got) != 0 {
					t.Errorf("%q came, %v", got, err)
				}
				about(t, "the end", time.Since(begun), 0)
			}
			for w.proxy.Stats().Open > 0 {
				time.Sleep(100 * time.Millisecond)
				io.WriteString(raw(c), "more")
				io.WriteString(raw(b), "more")
			}
			if took := time.Since(begun); took < 4*time.Second || took > 6*time.Second {
				t.Errorf("the session ended after %v", took)
			}
		})
	}
}

// Who ends first does not cut off who reads late, nor does another plan.
func TestFinishWaitsForTheReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toxics(t, "limit_data bytes=10 direction=to_client"))
		defer w.close()
		c, b := w.dial(), w.accept()
		send(t, b, strings.Repeat("x", 20))
		b.Close()
		time.Sleep(time.Second)
		w.proxy.SetPlan(nil)
		time.Sleep(time.Second)
		send(t, c, "unread")
		if got, err := io.ReadAll(c); len(got) != 10 || err != nil {
			t.Errorf("%q came, %v", got, err)
		}
		if open := w.proxy.Stats().Open; open != 1 {
			t.Errorf("%d sessions are open", open)
		}
		c.Close()
		synctest.Wait()
		if open := w.proxy.Stats().Open; open != 0 {
			t.Errorf("%d sessions are open at the end", open)
		}
	})
}

// Where replies come in any order, a limit ends the connection in order too.
func TestFinishAside(t *testing.T) {
	for direction, want := range map[string]int{"to_client": 5, "to_backend": 0} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorldWith(t, toxics(t, "limit_data bytes=5 direction="+direction), func(_ *world, c *vaurien.Config) {
				c.Protocol = lines{anyOrder: true}
			})
			defer w.close()
			c, b := w.dial(), w.accept()
			send(t, c, "1 GET one\n2 GET two\n")
			if direction == "to_client" {
				expect(t, b, "1 GET one\n2 GET two\n")
				send(t, b, "1 answer\n2 answer\n")
			}
			if got, err := io.ReadAll(c); len(got) != want || err != nil {
				t.Errorf("%s: %q came, %v", direction, got, err)
			}
			c.Close()
			io.Copy(io.Discard, b)
			b.Close()
		})
	}
}
