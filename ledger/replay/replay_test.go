package replay_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
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
	"github.com/vaurien-proxy/vaurien/ledger/replay"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A run is a Redis behind a proxy, and what clients do to it.
type run struct {
	proxy   spec.Proxy
	clients int
	order   uint64 // of what clients do at once
	changes map[time.Duration]spec.Plan
	replay  string // a ledger
}

// do runs it and writes what was done into the ledger at path.
func (r run) do(t *testing.T, path string) {
	t.Helper()
	n := controltest.NewNet()
	backend, _ := n.Listen(context.Background(), "127.0.0.1:6379")
	var servers sync.WaitGroup
	servers.Go(func() { answer(backend, &servers) })
	defer func() {
		backend.Close()
		servers.Wait()
	}()

	o := control.Options{Listen: n.Listen, Dial: n.Dial, Logger: slog.New(slog.DiscardHandler)}
	registry, p := builtin.Registry(), r.proxy
	var recording *replay.Recording
	var told ledger.Options
	if r.replay != "" {
		var err error
		if recording, err = replay.Read(r.replay); err != nil {
			t.Fatal(err)
		}
		told.Plan = recording.Told
	}
	l := ledger.New(told)
	o.Ledger, o.Observer = l, l
	f, err := ledger.Open(path, l, ledger.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var d *control.Daemon
	if recording != nil {
		registry = builtin.With([]vaurien.Kind{recording.Kind(registry)}, nil)
		proxies, err := recording.Proxies([]spec.Proxy{p})
		if err != nil {
			t.Fatal(err)
		}
		p = proxies[0]
		follower := recording.Follow(func(proxy string, plan spec.Plan) {
			if _, err := d.SetPlan(context.Background(), proxy, control.PlanChange{Plan: plan}); err != nil {
				t.Error(err)
			}
		})
		defer follower.Close()
		o.Observer = vaurien.Observers(l, follower)
	}
	d = control.NewDaemon(registry, o)
	if _, err := d.Put(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	var clients sync.WaitGroup
	for c := range r.clients {
		conn, err := n.Dial(context.Background(), "127.0.0.1:6380")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // so that sessions have the clients' numbers
		clients.Go(func() { ask(conn, c, rand.New(rand.NewPCG(r.order, uint64(c)))) })
	}
	for at, plan := range r.changes {
		clients.Go(func() {
			time.Sleep(at)
			if _, err := d.SetPlan(context.Background(), "", control.PlanChange{Plan: plan}); err != nil {
				t.Error(err)
			}
		})
	}
	clients.Wait()
	d.Close()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// answer is a backend: it answers each command with +OK.
func answer(l net.Listener, servers *sync.WaitGroup) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		servers.Go(func() {
			defer conn.Close()
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				if _, err := io.WriteString(conn, "+OK\r\n"); err != nil {
					return
				}
			}
		})
	}
}

// ask is a client: it asks 40 times, with pauses that differ from run to run.
func ask(conn net.Conn, c int, order *rand.Rand) {
	defer conn.Close()
	replies := bufio.NewReader(conn)
	for n := range 40 {
		time.Sleep(100*time.Millisecond + time.Duration(order.IntN(50_000))*time.Microsecond)
		verb := []string{"GET", "SET", "INCR"}[n%3]
		value := ""
		if verb == "SET" {
			value = " x"
		}
		if _, err := fmt.Fprintf(conn, "%s key%d%s\r\n", verb, c, value); err != nil {
			return
		}
		conn.SetReadDeadline(time.Now().Add(3 * time.Second))
		if _, err := replies.ReadString('\n'); err != nil {
			return
		}
	}
}

func web(plan, protocol string, behaviors map[string]option.Values, toxics ...spec.Toxic) spec.Proxy {
	draw, err := spec.ParseDraw(plan, "")
	if err != nil {
		panic(err)
	}
	p := spec.Proxy{Name: "default", Plan: draw, Behaviors: behaviors, Toxics: toxics}.Clone()
	for name, text := range map[string]string{"proxy": "127.0.0.1:6380", "backend": "127.0.0.1:6379", "protocol": protocol, "seed": "42"} {
		p.Settings[name] = option.Value{Text: text}
	}
	return p
}

func values(pairs ...string) option.Values {
	v := option.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v[pairs[i]] = option.Value{Text: pairs[i+1]}
	}
	return v
}

func draw(text string) spec.Plan {
	plan, err := spec.ParseDraw(text, "")
	if err != nil {
		panic(err)
	}
	return plan
}

func TestReplay(t *testing.T) {
	for _, test := range []struct {
		name   string
		proxy  spec.Proxy
		change map[time.Duration]spec.Plan
		steady bool // the seed alone does it again
	}{{
		name:   "dice",
		proxy:  web("20:delay,20:error,1:abort", "redis", map[string]option.Values{"delay": values("sleep", "30ms", "jitter", "20ms")}),
		steady: true,
	}, {
		name: "counters",
		proxy: web("10:delay,20:error,20:transient,20:drop", "redis", map[string]option.Values{
			"delay": values("sleep", "30ms", "every", "2"), "error": values("warmup", "10", "max", "12"), "transient": values("agitate", "7"),
			"drop": values("after", "2", "first", "3", "match", `verb == "SET"`),
		}),
	}, {
		name:  "changes",
		proxy: web("10:error", "redis", nil),
		change: map[time.Duration]spec.Plan{
			time.Second: draw("30:delay"), 2 * time.Second: draw("dummy"), 3100 * time.Millisecond: draw("5:hang,20:error"), 4 * time.Second: draw("40:transient"),
		},
	}, {
		name: "toxics",
		proxy: web("20:error", "redis", nil,
			spec.Toxic{Name: "slow+er", Behavior: "latency", Percent: 50, Options: values("latency", "20ms")},
			spec.Toxic{Name: "end", Behavior: "limit_data", Percent: 20, Options: values("bytes", "90")},
			spec.Toxic{Name: "few", Behavior: "latency", Percent: 100, Options: values("latency", "15ms", "first", "3")}),
		steady: true,
	}, {
		name:   "tcp",
		proxy:  web("30:delay,10:abort,10:hang", "tcp", map[string]option.Values{"delay": values("first", "3")}),
		steady: true,
	}, {
		name: "tcp, by exchange",
		proxy: func() spec.Proxy {
			p := web("20:delay,3:blackout", "tcp", map[string]option.Values{"delay": values("sleep", "10ms", "every", "3")})
			p.Settings["draw"] = option.Value{Text: "exchange"}
			return p
		}(),
	}, {
		name: "redis, by connection",
		proxy: func() spec.Proxy {
			p := web("40:delay", "redis", map[string]option.Values{"delay": values("sleep", "10ms", "every", "2")})
			p.Settings["draw"] = option.Value{Text: "connection"}
			return p
		}(),
		steady: true,
	}} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := func(n int) string { return filepath.Join(dir, strconv.Itoa(n)) }
			synctest.Test(t, func(t *testing.T) {
				r := run{proxy: test.proxy, clients: 12, changes: test.change}
				r.do(t, path(0))
				r.order = 1
				r.do(t, path(1))
				r.replay, r.changes = path(0), nil
				r.proxy.Plan, r.proxy.Toxics = draw("100:blackout"), nil // of no account
				r.do(t, path(2))
				r.order, r.replay = 2, path(2) // a replay of the replay
				r.do(t, path(3))
			})
			compare := func(n int) *ledger.Comparison {
				c, err := ledger.Compare(ledger.LastRun(path(0)), ledger.LastRun(path(n)), 10)
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			if c := compare(1); (c.Differ == 0) != test.steady {
				t.Errorf("without a replay %d of %d exchanges differ: %v", c.Differ, c.Exchanges, c.Differences)
			}
			for n := 2; n <= 3; n++ {
				c := compare(n)
				if c.Differ > 0 || c.Touched < 5 {
					t.Errorf("replay %d: %d of %d exchanges differ, %d touched:", n, c.Differ, c.Exchanges, c.Touched)
					for _, d := range c.Differences {
						t.Error(d)
					}
				}
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	run := `{"type":"run","time":"2026-01-02T12:00:00Z"}` + "\n"
	up := `{"type":"proxy","time":"2026-01-02T12:00:00Z","proxy":"default","protocol":"redis","draw":"exchange","seed":1,"state":"up"}` + "\n"
	plan := `{"type":"plan","time":"2026-01-02T12:00:00Z","proxy":"default","plan":1,"text":"","behaviors":[{"name":"dely","weight":1,"options":{}}],"toxics":[]}` + "\n"
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", path + ": tells of no proxy: there is nothing to do again"},
		{"no ledger", "hello\n", path + `:1: column 1: 'h' where '{' should be`},
		{"a bad line", run + up + "{}\n", path + `:3: not an entry of a ledger: it has no type`},
		{"no proxy", run, path + ": tells of no proxy: there is nothing to do again"},
		{"another proxy", strings.ReplaceAll(run+up, `"default"`, `"db"`), "proxy default is not in the ledger " + path + ", which has db"},
		{"another protocol", strings.ReplaceAll(run+up, `"redis"`, `"http"`), "proxy default spoke http in the ledger " + path + ": give it the same protocol"},
		{"an unknown behavior", run + up + plan, path + `:3: unknown behavior "dely": did you mean "delay"?`},
	} {
		t.Run(test.name, func(t *testing.T) {
			os.WriteFile(path, []byte(test.text), 0o600)
			err := func() error {
				r, err := replay.Read(path)
				if err != nil {
					return err
				}
				proxies, err := r.Proxies([]spec.Proxy{web("dummy", "redis", nil)})
				if err != nil {
					return err
				}
				_, err = builtin.With([]vaurien.Kind{r.Kind(builtin.Registry())}, nil).Build(proxies[0])
				return err
			}()
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error %v\nwant  %s", err, test.want)
			}
		})
	}
	if _, err := replay.Read(path + ".not"); err == nil || err.Error() != path+".not: no such file or directory" {
		t.Errorf("error %v", err)
	}
}
