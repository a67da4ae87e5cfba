package audit

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A world is a server behind a proxy, whose ledger is kept.
type world struct {
	t        *testing.T
	net      *controltest.Net
	daemon   *control.Daemon
	applied  map[string]int // what the server has done
	mu       sync.Mutex
	dice     *rand.Rand
	ledgerAt string
}

// simulate lets a world live in a bubble, and returns what its ledger shows.
func simulate(t *testing.T, seed uint64, protocol, plan string, options map[string]option.Values, o Options, life func(w *world)) *Report {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.jsonl")
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, net: controltest.NewNet(), applied: make(map[string]int), dice: rand.New(rand.NewPCG(seed, 7)), ledgerAt: path}
		backend, _ := w.net.Listen(context.Background(), "127.0.0.1:6379")
		var servers sync.WaitGroup
		servers.Go(func() { w.serve(backend, &servers, protocol == "http") })
		registry := builtin.Registry()
		l := ledger.New(ledger.Options{Keep: 1 << 16, Protocols: func(name string) []vaurien.Attribute {
			p, err := registry.Protocol(name, nil, "")
			if d, ok := p.(vaurien.Describing); err == nil && ok {
				return d.Attributes()
			}
			return nil
		}})
		f, err := ledger.Open(path, l, ledger.FileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		w.daemon = control.NewDaemon(registry, control.Options{
			Ledger: l, Observer: l, Listen: w.net.Listen, Dial: w.net.Dial, Logger: slog.New(slog.DiscardHandler),
		})
		draw, err := spec.ParseDraw(plan, "")
		if err != nil {
			t.Fatal(err)
		}
		p := spec.Proxy{Name: "default", Plan: draw, Behaviors: options}.Clone()
		for name, text := range map[string]string{
			"proxy": "127.0.0.1:6380", "backend": "127.0.0.1:6379", "protocol": protocol, "seed": fmt.Sprint(seed),
		} {
			p.Settings[name] = option.Value{Text: text}
		}
		if _, err := w.daemon.Put(context.Background(), p); err != nil {
			t.Fatal(err)
		}
		life(w)
		time.Sleep(time.Minute) // so that nothing is open at the end
		w.daemon.Close()
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		backend.Close()
		servers.Wait()
	})
	r, err := Read(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// serve is the server. It takes 1 ms for each request.
func (w *world) serve(l net.Listener, servers *sync.WaitGroup, web bool) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		servers.Go(func() {
			defer conn.Close()
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				line := lines.Text()
				if web {
					for lines.Scan() && lines.Text() != "" {
					}
				}
				time.Sleep(time.Millisecond)
				w.mu.Lock()
				w.applied[line]++
				w.mu.Unlock()
				reply := "+OK\r\n"
				if web {
					reply = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
				}
				if _, err := io.WriteString(conn, reply); err != nil {
					return
				}
			}
		})
	}
}

func (w *world) plan(text string) {
	draw, err := spec.ParseDraw(text, "")
	if err != nil {
		w.t.Error(err)
	}
	if _, err := w.daemon.SetPlan(context.Background(), "", control.PlanChange{Plan: draw}); err != nil {
		w.t.Error(err)
	}
}

// A client makes requests, and retries as its policy says.
type simulated struct {
	w       *world
	dice    *rand.Rand
	wait    func(retry int, dice *rand.Rand) time.Duration // before retry 1, 2 …; nil: none is made
	most    int                                            // attempts
	timeout time.Duration
	web     bool
	conn    net.Conn
	replies *bufio.Reader
}

func (w *world) client(wait func(int, *rand.Rand) time.Duration, most int) *simulated {
	return &simulated{w: w, dice: rand.New(rand.NewPCG(w.dice.Uint64(), 1)), wait: wait, most: most, timeout: 2 * time.Second}
}

// do makes one operation and reports whether it succeeded.
func (c *simulated) do(request string) bool {
	for attempt := 1; ; attempt++ {
		if c.try(request) {
			return true
		}
		if attempt == c.most || c.wait == nil {
			return false
		}
		time.Sleep(c.wait(attempt, c.dice))
	}
}

func (c *simulated) try(request string) bool {
	if c.conn == nil {
		conn, err := c.w.net.Dial(context.Background(), "127.0.0.1:6380")
		if err != nil {
			return false
		}
		c.conn, c.replies = conn, bufio.NewReader(conn)
	}
	c.conn.SetDeadline(time.Now().Add(c.timeout))
	var line string
	_, err := io.WriteString(c.conn, request+"\r\n")
	if err == nil {
		line, err = c.replies.ReadString('\n')
	}
	for rest := ""; c.web && err == nil && rest != "\r\n"; {
		rest, err = c.replies.ReadString('\n')
	}
	if err != nil {
		c.close()
		return false
	}
	if c.web && !strings.Contains(line, "200") {
		c.close() // its body is not read
		return false
	}
	return c.web || strings.HasPrefix(line, "+")
}

func (c *simulated) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

func values(pairs ...string) option.Values {
	v := option.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v[pairs[i]] = option.Value{Text: pairs[i+1]}
	}
	return v
}

func finding(r *Report, id string) *Finding {
	for i := range r.Verdict {
		if r.Verdict[i].ID == id {
			return &r.Verdict[i]
		}
	}
	return nil
}
