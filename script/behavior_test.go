package script_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/builtin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// in runs a test of one client with a script, in virtual time. The backend is
// reached by the first request that is passed on.
func in(t *testing.T, source string, test func(t *testing.T, w *world, client net.Conn), options ...string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, source, options...)
		defer w.close()
		c := w.dial()
		defer c.Close()
		test(t, w, c)
	})
}

func TestDelay(t *testing.T) {
	const source = `
options = {"slowness": option(duration, default = "1s")}

def on_request(ctx, msg):
    if msg.command == "GET" and msg.key.startswith("slow:"):
        ctx.delay(ctx.options.slowness)

def on_reply(ctx, msg):
    if msg.verb == "GET":
        ctx.delay("50ms")
        ctx.delay(0.05)
`
	in(t, source, func(t *testing.T, w *world, client net.Conn) {
		start := time.Now()
		send(t, client, "GET slow:1\r\n")
		server := w.accept()
		defer server.Close()
		expect(t, server, "GET slow:1\r\n")
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("the request came after %v", d)
		}
		send(t, server, "+a\r\n")
		expect(t, client, "+a\r\n")
		if d := time.Since(start); d != 3100*time.Millisecond {
			t.Errorf("the reply came after %v", d)
		}
		send(t, client, "PING\r\n")
		expect(t, server, "PING\r\n")
		send(t, server, "+PONG\r\n")
		expect(t, client, "+PONG\r\n")
		if d := time.Since(start); d != 3100*time.Millisecond {
			t.Errorf("what the script lets pass came after %v", d)
		}
	}, "slowness=3s")
}

// ctx has its state, and the state its lock, whatever the script calls it.
func TestStateByAnyName(t *testing.T) {
	in(t, `
def bump(c):
    c.state["n"] = c.state.get("n", 0) + 1
    return c.state["n"]

def on_request(ctx, msg):
    n = bump(ctx)

def on_reply(ctx, msg):
    ctx.replace(":%d\r\n" % bump(ctx))
`, func(t *testing.T, w *world, client net.Conn) {
		const many = 200 // in flight, so that requests and replies meet
		go func() {
			for range many {
				io.WriteString(client, "PING\r\n")
			}
		}()
		server := w.accept()
		defer server.Close()
		go func() {
			b := make([]byte, 6)
			for range many {
				io.ReadFull(server, b)
				io.WriteString(server, "+PONG\r\n")
			}
		}()
		lines := bufio.NewReader(client)
		last := ""
		for range many {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			last = line
		}
		if last != ":400\r\n" {
			t.Errorf("the last reply is %q", last)
		}
	})
}

// A request that is delayed does not hold up the reply to the one before it.
func TestDelayHoldsNobodyUp(t *testing.T) {
	in(t, `
def on_request(ctx, msg):
    ctx.state["seen"] = ctx.state.get("seen", 0) + 1
    if msg.command == "SET":
        ctx.delay("10s")

def on_reply(ctx, msg):
    ctx.state["seen"] += 10
    ctx.log("seen %d" % ctx.state["seen"])
`, func(t *testing.T, w *world, client net.Conn) {
		start := time.Now()
		send(t, client, "GET a\r\nSET b 1\r\n")
		server := w.accept()
		defer server.Close()
		expect(t, server, "GET a\r\n")
		send(t, server, "+a\r\n")
		expect(t, client, "+a\r\n")
		if d := time.Since(start); d != 0 {
			t.Errorf("the first reply came after %v", d)
		}
		expect(t, server, "SET b 1\r\n")
		if d := time.Since(start); d != 10*time.Second {
			t.Errorf("the second request came after %v", d)
		}
		if logs := w.logs.String(); !strings.Contains(logs, `msg="seen 12"`) {
			t.Errorf("the log has\n%s", logs)
		}
	})
}

func TestFail(t *testing.T) {
	in(t, `
def on_request(ctx, msg):
    if msg.key == "a":
        ctx.fail(kind = "readonly")
    elif msg.key == "b":
        ctx.fail("oom", message = "not today")
    elif msg.key == "c":
        ctx.fail("no-such-" + msg.key)
    elif msg.key == "d":
        ctx.fail("execabort")
`, func(t *testing.T, w *world, client net.Conn) {
		send(t, client, "SET a 1\r\n")
		expect(t, client, "-READONLY ")
		rest := make([]byte, 200)
		client.Read(rest)
		send(t, client, "SET b 1\r\n")
		expect(t, client, "-OOM not today\r\n")
		// What is wrong, and what does not fit, leaves the traffic as it is.
		send(t, client, "SET c 1\r\n")
		server := w.accept()
		defer server.Close()
		expect(t, server, "SET c 1\r\n")
		if logs := w.logs.String(); !strings.Contains(logs, `super.star:8:17: unknown kind \"no-such-c\"`) {
			t.Errorf("the log has\n%s", logs)
		}
		send(t, server, "+OK\r\n")
		expect(t, client, "+OK\r\n")
		send(t, client, "SET d 1\r\n")
		expect(t, server, "SET d 1\r\n")
	})
}

func TestReplaceAndDrop(t *testing.T) {
	in(t, `
def on_request(ctx, msg):
    if msg.key == "gone":
        ctx.drop()
    else:
        ctx.replace(msg.text.replace("secret", "public"))

def on_reply(ctx, msg):
    if "+OK" in msg.text:
        ctx.replace(b"+FINE\r\n")
`, func(t *testing.T, w *world, client net.Conn) {
		send(t, client, "SET secret 1\r\n")
		server := w.accept()
		defer server.Close()
		expect(t, server, "SET public 1\r\n")
		send(t, server, "+OK\r\n")
		expect(t, client, "+FINE\r\n")
		send(t, client, "SET gone 1\r\nGET x\r\n")
		expect(t, server, "GET x\r\n")
		send(t, server, "+y\r\n")
		expect(t, client, "+y\r\n")
	})
}

func TestEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		deed string
		got  string
		end  error
	}{
		"cut":       {"ctx.cut(3)", "$10", io.EOF},
		"cut late":  {"ctx.cut(after = 99)", "$10\r\n0123456789\r\n", io.EOF},
		"cut reset": {`ctx.cut(after = 3, how = "reset")`, "$10", syscall.ECONNRESET},
		"close":     {"ctx.close()", "", io.EOF},
		"reset":     {"ctx.reset()", "", syscall.ECONNRESET},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, "def on_reply(ctx, msg):\n    "+tt.deed+"\n", func(t *testing.T, w *world, client net.Conn) {
				send(t, client, "GET a\r\n")
				server := w.accept()
				defer server.Close()
				expect(t, server, "GET a\r\n")
				send(t, server, "$10\r\n0123456789\r\n")
				expect(t, client, tt.got)
				expectEnd(t, client, tt.end)
			})
		})
	}
}

func TestHold(t *testing.T) {
	in(t, "def on_request(ctx, msg):\n    ctx.hold()\n", func(t *testing.T, w *world, client net.Conn) {
		send(t, client, "GET a\r\n")
		synctest.Wait()
		w.proxy.SetPlan(nil)
		server := w.accept()
		defer server.Close()
		expect(t, server, "GET a\r\n")
	})
}

func TestConnect(t *testing.T) {
	const source = `
def on_connect(ctx):
    if ctx.session.number == 1:
        ctx.fail(kind = "max-clients")
    else:
        ctx.delay("1s")

def on_request(ctx, msg):
    ctx.fail(kind = "readonly", message = "%s %d" % (ctx.session.client, ctx.exchange))
`
	in(t, source, func(t *testing.T, w *world, client net.Conn) {
		expect(t, client, "-ERR max number of clients reached\r\n")
		start := time.Now()
		second := w.dial()
		defer second.Close()
		send(t, second, "SET a 1\r\n")
		expect(t, second, "-READONLY front-client 1\r\n")
		if d := time.Since(start); d != time.Second {
			t.Errorf("the second connection was made after %v", d)
		}
		// A limit on how often counts both.
	})
	in(t, source, func(t *testing.T, w *world, client net.Conn) {
		expect(t, client, "-ERR max number of clients reached\r\n")
		second := w.dial()
		defer second.Close()
		send(t, second, "SET a 1\r\n")
		server := w.accept()
		defer server.Close()
		expect(t, server, "SET a 1\r\n")
	}, "first=1")
}

// A limit on how often holds for connections and requests alike, and each is
// met once.
func TestConnectIsCounted(t *testing.T) {
	in(t, `
def on_connect(ctx):
    ctx.log("connect")

def on_request(ctx, msg):
    ctx.log("request %d" % ctx.exchange)
`, func(t *testing.T, w *world, client net.Conn) {
		send(t, client, "PING\r\nPING\r\n")
		server := w.accept()
		defer server.Close()
		expect(t, server, "PING\r\nPING\r\n")
		logs := w.logs.String()
		for text, want := range map[string]int{"msg=connect": 1, `msg="request 1"`: 1, `msg="request 2"`: 0} {
			if n := strings.Count(logs, text); n != want {
				t.Errorf("%s is there %d times, not %d:\n%s", text, n, want, logs)
			}
		}
	}, "max=2")
}

// Under tcp each piece is a message, and an error is noise.
func TestTCP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := compile(t, `
def on_request(ctx, msg):
    if msg.text.startswith("no"):
        ctx.fail()
    ctx.log("%d bytes, %d in the state" % (msg.size, len(ctx.state)))
`, vaurien.TCP{})
		w := newWorldOf(t, vaurien.TCP{}, plan)
		defer w.close()
		c := w.dial()
		defer c.Close()
		send(t, c, "yes")
		server := w.accept()
		defer server.Close()
		expect(t, server, "yes")
		send(t, c, "no")
		noise := make([]byte, 1000)
		if _, err := io.ReadFull(c, noise); err != nil {
			t.Error(err)
		}
	})
}

// Chance is a function of the seed and the exchange, whatever else happens.
func TestRandomIsRepeatable(t *testing.T) {
	const source = `
def on_request(ctx, msg):
    ctx.fail(code = "ERR", message = "%s %s" % (ctx.random(), ctx.random()))
`
	var first []string
	for range 2 {
		in(t, source, func(t *testing.T, w *world, client net.Conn) {
			var got []string
			b := make([]byte, 100)
			for range 3 {
				send(t, client, "PING\r\n")
				n, err := client.Read(b)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(b[:n]))
			}
			switch {
			case got[0] == got[1] || got[1] == got[2]:
				t.Errorf("one is like the other: %q", got)
			case first == nil:
				first = got
			case strings.Join(first, "") != strings.Join(got, ""):
				t.Errorf("first %q, then %q", first, got)
			}
		})
	}
}

func TestRecent(t *testing.T) {
	in(t, `
def on_request(ctx, msg):
    ctx.fail(code = "ERR", message = "%d %d" % (ctx.recent("5s"), ctx.recent(60)))
`, func(t *testing.T, w *world, client net.Conn) {
		other := w.dial()
		defer other.Close()
		send(t, client, "PING\r\n")
		expect(t, client, "-ERR 1 1\r\n")
		send(t, other, "PING\r\n")
		expect(t, other, "-ERR 2 2\r\n")
		time.Sleep(5100 * time.Millisecond)
		send(t, client, "PING\r\n")
		expect(t, client, "-ERR 1 3\r\n")
		time.Sleep(2 * time.Minute)
		send(t, client, "PING\r\n")
		expect(t, client, "-ERR 1 1\r\n")
	})
}

// A body is read only where the script asks for it, and then whole.
func TestBodies(t *testing.T) {
	const source = `
def on_request(ctx, msg):
    if msg.method == "POST":
        ctx.replace(msg.text.replace("one", "two"))
    ctx.log("size %s" % msg.size)
`
	synctest.Test(t, func(t *testing.T) {
		p := protocol(t, "http")
		w := newWorldOf(t, p, compile(t, source, p))
		defer w.close()
		c := w.dial()
		defer c.Close()
		const post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
		send(t, c, post)
		synctest.Wait()
		send(t, c, "one")
		server := w.accept()
		defer server.Close()
		expect(t, server, post+"two")
		send(t, server, "HTTP/1.1 204 No Content\r\n\r\n")
		expect(t, c, "HTTP/1.1 204 No Content\r\n\r\n")
		const put = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
		send(t, c, put)
		expect(t, server, put) // its body has not come
		send(t, c, "one")
		expect(t, server, "one")
		if logs := w.logs.String(); !strings.Contains(logs, `msg="size 50"`) {
			t.Errorf("the log has\n%s", logs)
		}
	})
}

// ctx is of no use once the handler has returned.
func TestContextIsOver(t *testing.T) {
	in(t, `
def on_request(ctx, msg):
    if "before" in ctx.state:
        ctx.state["before"].delay(1)
    ctx.state["before"] = ctx
`, func(t *testing.T, w *world, client net.Conn) {
		send(t, client, "PING\r\nPING\r\n")
		server := w.accept()
		defer server.Close()
		expect(t, server, "PING\r\nPING\r\n")
		if logs := w.logs.String(); !strings.Contains(logs, "super.star:4:28: ctx and msg are of use until their handler returns") {
			t.Errorf("the log has\n%s", logs)
		}
	})
}

// With every protocol a script that does nothing changes nothing, and its
// attributes can be named.
func TestAttributes(t *testing.T) {
	for _, k := range builtin.Registry().Protocols() {
		p := protocol(t, k.Name)
		d, ok := p.(vaurien.Describing)
		if !ok {
			continue
		}
		var names []string
		for _, a := range d.Attributes() {
			names = append(names, "msg."+a.Name)
		}
		compile(t, "def on_request(ctx, msg):\n    x = ["+strings.Join(names, ", ")+"]\n", p)
	}
}
