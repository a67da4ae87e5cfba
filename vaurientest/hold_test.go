package vaurientest_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/vaurientest"
)

// inMemory runs f in a bubble with a proxy in memory, before a backend that
// counts what reaches it.
func inMemory(t *testing.T, f func(t *testing.T, p *vaurientest.Proxy, reached *atomic.Int64)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var reached atomic.Int64
		l := vaurientest.Listen()
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			reached.Add(1)
			echo(w, r)
		})}
		go s.Serve(l)
		t.Cleanup(func() { s.Close() })
		f(t, vaurientest.New(t, l, vaurientest.Protocol("http")), &reached)
	})
}

// ask gets a path in a goroutine of its own.
func ask(p *vaurientest.Proxy, path string) <-chan string {
	return askBy(&http.Client{Transport: &http.Transport{DialContext: p.DialContext, DisableKeepAlives: true}}, path)
}

func askBy(c *http.Client, path string) <-chan string {
	answer := make(chan string, 1)
	go func() { answer <- getBy(c, path) }()
	return answer
}

// none fails the test if there is an answer already.
func none(t *testing.T, answer <-chan string) {
	t.Helper()
	synctest.Wait()
	select {
	case got := <-answer:
		t.Errorf("there is an answer already: %s", got)
	default:
	}
}

func TestHold(t *testing.T) {
	for _, tt := range []struct {
		name    string
		hold    func(*vaurientest.Proxy, testing.TB, string) *vaurientest.Hold
		reached int64 // while it is held
		then    func(*vaurientest.Hold)
		want    string
		deed    string
		after   int64
	}{
		{"request released", (*vaurientest.Proxy).HoldNext, 0, (*vaurientest.Hold).Release, "/a", "hold", 1},
		{"request dropped", (*vaurientest.Proxy).HoldNext, 0, (*vaurientest.Hold).Drop, "", "hold", 0},
		{"request failed", (*vaurientest.Proxy).HoldNext, 0, func(h *vaurientest.Hold) { h.Fail("service-unavailable") }, "503", "fail service-unavailable", 0},
		{"request failed somehow", (*vaurientest.Proxy).HoldNext, 0, func(h *vaurientest.Hold) { h.Fail("") }, "", "fail", 0},
		{"request closed", (*vaurientest.Proxy).HoldNext, 0, (*vaurientest.Hold).Close, "no answer", "close", 0},
		{"request reset", (*vaurientest.Proxy).HoldNext, 0, (*vaurientest.Hold).Reset, "no answer", "reset", 0},
		{"reply released", (*vaurientest.Proxy).HoldReply, 1, (*vaurientest.Hold).Release, "/a", "hold", 1},
		{"reply dropped", (*vaurientest.Proxy).HoldReply, 1, (*vaurientest.Hold).Drop, "", "hold", 1},
		{"reply closed", (*vaurientest.Proxy).HoldReply, 1, (*vaurientest.Hold).Close, "no answer", "close", 1},
		{"reply reset", (*vaurientest.Proxy).HoldReply, 1, (*vaurientest.Hold).Reset, "no answer", "reset", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inMemory(t, func(t *testing.T, p *vaurientest.Proxy, reached *atomic.Int64) {
				if got := get(p, "/before"); got != "/before" {
					t.Fatal(got)
				}
				reached.Store(0)
				h := tt.hold(p, t, `path == "/a"`)
				if got := get(p, "/b"); got != "/b" {
					t.Fatal(got) // it does not match
				}
				c := &http.Client{Transport: &http.Transport{DialContext: p.DialContext}}
				answer := askBy(c, "/a")
				<-h.Arrived()
				none(t, answer)
				if got := reached.Load() - 1; got != tt.reached {
					t.Errorf("%d requests have reached the backend, not %d", got, tt.reached)
				}
				p.With(t, "dummy") // another plan does not end it
				none(t, answer)
				if got := get(p, "/a"); got != "/a" {
					t.Errorf("the one after it is answered with %q", got)
				}
				reached.Add(-1)
				tt.then(h)
				<-h.Gone()
				switch {
				case tt.want != "":
					if got := <-answer; got != tt.want {
						t.Errorf("the answer is %q, not %q", got, tt.want)
					}
				case tt.name == "request failed somehow":
					<-answer
				default:
					none(t, answer)
				}
				c.CloseIdleConnections()
				if got := reached.Load() - 1; got != tt.after {
					t.Errorf("%d requests have reached the backend, not %d", got, tt.after)
				}
				if x := p.Exchanges(`path == "/a"`); len(x) != 2 || !strings.Contains(x[0].String(), tt.deed) || x[0].Behavior != "" {
					t.Errorf("the exchanges: %v", x)
				}
			})
		})
	}
}

// Each hold stops one exchange, in their order.
func TestHoldsInOrder(t *testing.T) {
	inMemory(t, func(t *testing.T, p *vaurientest.Proxy, _ *atomic.Int64) {
		first, second := p.HoldNext(t, ""), p.HoldNext(t, `verb == "GET"`)
		never := p.HoldReply(t, "")
		never.Release() // nothing is to be held after all
		a := ask(p, "/a")
		<-first.Arrived()
		b := ask(p, "/b")
		<-second.Arrived()
		if got := get(p, "/c"); got != "/c" {
			t.Error(got)
		}
		if got := len(p.Exchanges()); got != 3 {
			t.Errorf("%d exchanges", got)
		}
		second.Release()
		if got := <-b; got != "/b" {
			t.Error(got)
		}
		none(t, a)
		first.Release()
		first.Drop() // too late
		if got := <-a; got != "/a" {
			t.Error(got)
		}
	})
}

// One exchange may be held twice: its request, and then its reply.
func TestHoldBoth(t *testing.T) {
	inMemory(t, func(t *testing.T, p *vaurientest.Proxy, reached *atomic.Int64) {
		request, reply := p.HoldNext(t, ""), p.HoldReply(t, "")
		a := ask(p, "/a")
		request.Wait()
		none(t, a)
		request.Release()
		reply.Wait()
		none(t, a)
		if reached.Load() != 1 {
			t.Error("the backend has not answered")
		}
		reply.Release()
		if got := <-a; got != "/a" {
			t.Error(got)
		}
	})
}

// What is held meets the plan when it is released; and where the plan answers,
// there is no reply to hold: the next one is.
func TestHoldAndPlan(t *testing.T) {
	inMemory(t, func(t *testing.T, p *vaurientest.Proxy, _ *atomic.Int64) {
		p.With(t, "error", vaurientest.Options{"code": 503, "first": 2})
		request, reply := p.HoldNext(t, ""), p.HoldReply(t, "")
		a := ask(p, "/a")
		<-request.Arrived()
		none(t, a)
		request.Release()
		if got := <-a; got != "503" {
			t.Error(got)
		}
		if got := get(p, "/b"); got != "503" {
			t.Error(got)
		}
		c := ask(p, "/c")
		<-reply.Arrived()
		none(t, c)
		reply.Release()
		if got := <-c; got != "/c" {
			t.Error(got)
		}
		if p.Fired("error") != 2 {
			t.Errorf("error fired %d times", p.Fired("error"))
		}
	})
}

// A client that resets its connection ends the hold.
func TestHoldGivenUp(t *testing.T) {
	inMemory(t, func(t *testing.T, p *vaurientest.Proxy, reached *atomic.Int64) {
		h := p.HoldNext(t, "")
		c, err := p.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
		<-h.Arrived()
		time.Sleep(time.Second)
		c.(interface{ SetLinger(int) error }).SetLinger(0)
		c.Close()
		<-h.Gone()
		x := p.WaitExchanges(t, 1)[0]
		if x.Answered || x.Deeds[0].What != "hold" || x.Deeds[0].For != time.Second || reached.Load() != 0 {
			t.Errorf("the exchange: %v", x)
		}
	})
}

// A hold that nobody releases, or that nothing meets, fails the test, and lets
// go.
func TestHoldForgotten(t *testing.T) {
	t.Parallel()
	backend := server(t)
	for _, tt := range []struct {
		name string
		f    func(t testing.TB, p *vaurientest.Proxy)
		want string
	}{
		{"never released", func(t testing.TB, p *vaurientest.Proxy) {
			var answer <-chan string
			t.Cleanup(func() { <-answer }) // after the hold has let go
			h := p.HoldNext(t, `path == "/a"`)
			answer = ask(p, "/a")
			<-h.Arrived()
		}, `HoldNext(path == "/a") was never released: it held 1.1 GET path="/a"`},
		{"never met", func(t testing.TB, p *vaurientest.Proxy) {
			p.HoldReply(t, `path == "/b"`)
			get(p, "/a")
		}, `HoldReply(path == "/b"): nothing arrived`},
		{"waited for in vain", func(t testing.TB, p *vaurientest.Proxy) {
			h := p.HoldNextFunc(t, func(*vaurien.Event) bool { return false })
			get(p, "/a")
			p.WaitExchanges(t, 1)
			h.Wait()
		}, "HoldNextFunc: nothing arrived\nconnections: 1, exchanges: 1\n  1.1  GET path=\"/a\""},
		{"exchanges waited for in vain", func(t testing.TB, p *vaurientest.Proxy) {
			get(p, "/a")
			p.WaitExchanges(t, 1)
			p.WaitExchanges(t, 2, `path == "/a"`)
		}, "waiting for 2 exchanges with path == \"/a\": 1 are over\nconnections: 1, exchanges: 1\n  1.1  GET path=\"/a\""},
		{"cannot fail so", func(t testing.TB, p *vaurientest.Proxy) {
			var answer <-chan string
			t.Cleanup(func() { <-answer }) // after the hold has let go
			h := p.HoldNext(t, "")
			answer = ask(p, "/a")
			h.Fail("content-too-large")
		}, `HoldNext(): Fail: 1.1 GET path="/a" host="backend" user_agent="Go-http-client/1.1" cannot fail with content-too-large; what fits it: internal-server-error, `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			failed, said := try(t, "TestX", func(t testing.TB) {
				tt.f(t, vaurientest.New(t, backend, vaurientest.Patience(time.Second/4)))
			})
			said = regexp.MustCompile(` \([01] open\)`).ReplaceAllString(said, "")
			if !failed || !strings.HasPrefix(said, "vaurientest: "+tt.want) {
				t.Errorf("it says\n%s\nnot\n%s", said, tt.want)
			}
			if n := strings.Count(said, "connections:"); n != 1 {
				t.Errorf("what there was is told %d times:\n%s", n, said)
			}
		})
	}
}

// Under tcp it is bytes that are held, picked by what they are.
func TestHoldBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := vaurientest.Listen()
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() { io.Copy(c, c); c.Close() }()
			}
		}()
		p := vaurientest.New(t, l)
		c, err := p.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		back := func(text string) string {
			t.Helper()
			fmt.Fprint(c, text)
			c.SetReadDeadline(time.Now().Add(time.Minute))
			b := make([]byte, 64)
			n, _ := c.Read(b)
			return string(b[:n])
		}
		if got := back("one"); got != "one" {
			t.Errorf("%q came back", got)
		}
		is := func(text string) func(*vaurien.Event) bool {
			return func(e *vaurien.Event) bool { return string(e.Message.Head) == text }
		}
		for _, hold := range []func(testing.TB, func(*vaurien.Event) bool) *vaurientest.Hold{
			p.HoldNextFunc, p.HoldReplyFunc, p.HoldNextFunc,
		} {
			h := hold(t, is("two"))
			if got := back("two"); got != "" {
				t.Errorf("%q came back", got)
			}
			h.Wait()
			h.Release()
			if got := back(""); got != "two" {
				t.Errorf("%q came back", got)
			}
		}
		h := p.HoldNextFunc(t, is("three"))
		if got := back("three"); got != "" {
			t.Errorf("%q came back", got)
		}
		h.Drop()
		if got := back("four"); got != "four" {
			t.Errorf("%q came back", got)
		}
		if x := p.Exchanges(); len(x) == 0 || x[len(x)-1].Number != 0 || x[len(x)-1].Over() {
			t.Errorf("the exchanges: %v", x)
		}
	})
}

var _ net.Listener = (*vaurientest.Listener)(nil)
