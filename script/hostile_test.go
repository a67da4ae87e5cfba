package script_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// What a session keeps is bounded: what grows past it is lost, and the log says
// so once.
func TestStateIsBounded(t *testing.T) {
	for name, tt := range map[string]struct{ grow, want string }{
		"list":   {`ctx.state.setdefault("l", []).append("x" * 100)`, "ctx.state takes more than 64KiB: ctx.state is empty again"},
		"dict":   {`ctx.state[ctx.exchange] = msg.text`, "ctx.state takes more than 64KiB: ctx.state is empty again"},
		"text":   {`ctx.state["t"] = ctx.state.get("t", "") + "x" * 1000`, "ctx.state takes more than 64KiB: ctx.state is empty again"},
		"nested": {`ctx.state["n"] = [ctx.state.get("n")]`, "ctx.state holds what is nested more than 32 deep: ctx.state is empty again"},
		"number": {`ctx.state["n"] = ctx.state.get("n", 3) * (1 << 500)`, "a value of more than 4 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, "def on_request(ctx, msg):\n    "+tt.grow+"\n", func(t *testing.T, w *world, client net.Conn) {
				var server net.Conn
				for range 3000 {
					send(t, client, "PING\r\n")
					if server == nil {
						server = w.accept()
						defer server.Close()
					}
					expect(t, server, "PING\r\n")
					send(t, server, "+PONG\r\n")
					expect(t, client, "+PONG\r\n")
				}
				logs := w.logs.String()
				if !strings.Contains(logs, tt.want) || strings.Count(logs, "a behavior failed") != 1 {
					t.Errorf("the log has\n%.2000s", logs)
				}
			})
		})
	}
}

// misbehaves is a script that does in turn all that a script should not.
const misbehaves = `
def grow(state):
    state.setdefault("l", []).append("x" * 10000)

def on_request(ctx, msg):
    n = (ctx.session.number + ctx.exchange) % 120
    if n == 0:
        while True:
            pass
    elif n == 1:
        x = []
        while True:
            x.append("x" * 1000 + str(len(x)))
    elif n < 60:
        grow(ctx.state)
    elif n < 75:
        return 1 // 0
    elif n < 90:
        ctx.fail(kind = msg.text)
    else:
        x = "x"
        for i in range(100):
            x = x + x

def on_reply(ctx, msg):
    fail("never")
`

// A thousand sessions with a script that misbehaves leave the proxy well: their
// traffic is whole, nobody is left behind, and the memory that it takes on the
// way is that of a few calls.
func TestThousandSessions(t *testing.T) {
	sessions := 1000
	if testing.Short() {
		sessions = 100
	}
	const each = 3
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, misbehaves)
		var wg sync.WaitGroup
		w.echo(&wg)
		before := heap()
		most := uint64(0)
		var mu sync.Mutex
		errs := make(chan error, sessions)
		for range sessions {
			wg.Go(func() {
				errs <- func() error {
					c, err := w.front.Dial()
					if err != nil {
						return err
					}
					defer c.Close()
					for range each {
						if _, err := io.WriteString(c, "PING\r\n"); err != nil {
							return err
						}
						b := make([]byte, 5)
						if _, err := io.ReadFull(c, b); err != nil || string(b) != "+OK\r\n" {
							return fmt.Errorf("%q, %w", b, err)
						}
					}
					return nil
				}()
				mu.Lock()
				defer mu.Unlock()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			})
		}
		for range sessions {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		st := w.proxy.Stats()
		if st.Sessions != uint64(sessions) || st.Exchanges != uint64(each*sessions) {
			t.Errorf("%+v", st)
		}
		w.close()
		wg.Wait()
		if n := strings.Count(w.logs.String(), "a behavior failed"); n != 1 {
			t.Errorf("%d faults are in the log", n)
		}
		after := heap()
		t.Logf("heap: %d KiB before, %d KiB at most, %d KiB after", before>>10, most>>10, after>>10)
		if after > before+32<<20 {
			t.Errorf("the heap has %d bytes more", after-before)
		}
		if most > before+512<<20 {
			t.Errorf("the heap had %d bytes more", most-before)
		}
	})
}

// heap returns what is in use once all that is not is collected.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
