// Package ledger tests --ledger, --replay and GET /events with the real program
// before a real Redis.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/e2e/lab"
	"github.com/vaurien-proxy/vaurien/ledger"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

// server starts a Redis and returns its address.
func server(t *testing.T) string {
	t.Helper()
	port := lab.FreePort(t)
	lab.Start(t, nil, "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "")
	addr := "127.0.0.1:" + port
	lab.Poll(t, func() error {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err
	})
	return addr
}

const clients, commands = 8, 60

// ask has clients connect one after the other and then ask at the same time,
// each on one connection; go-redis leaves one that says READONLY.
func ask(t *testing.T, addr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
	defer cancel()
	var all sync.WaitGroup
	for n := range clients {
		c := redis.NewClient(&redis.Options{
			Addr: addr, Protocol: 2, DisableIdentity: true, PoolSize: 1, MaxRetries: -1, ReadTimeout: lab.Patience,
		})
		defer c.Close()
		c.Ping(ctx)
		all.Go(func() {
			for i := range commands {
				c.Incr(ctx, fmt.Sprintf("count:%d:%d", n, i%3)) // what it says is in the ledger
			}
		})
	}
	all.Wait()
}

func diff(t *testing.T, want string, a, b string) {
	t.Helper()
	c, err := ledger.Compare(ledger.LastRun(a), ledger.LastRun(b), 5)
	lab.Must(t, err)
	if (c.Differ == 0) != (want == "same") || c.Exchanges < clients*commands || c.Touched < 20 {
		t.Errorf("%d of %d exchanges differ, %d touched, want %s: %v", c.Differ, c.Exchanges, c.Touched, want, c.Differences)
	}
}

// Counters count over all connections, so that which exchanges they choose is
// chance. A replay of such a run does the same every time.
func TestReplay(t *testing.T) {
	backend, dir := server(t), t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name+".jsonl") }
	common := []string{"--proxy", "127.0.0.1:0", "--backend", backend, "--protocol", "redis"}
	do := func(name string, more ...string) {
		p, addr := lab.Vaurien(t, append(append(more, common...), "--ledger", path(name))...)
		ask(t, addr)
		p.Stop()
	}
	plan := []string{
		"--behavior", "30:error,20:delay", "--behavior-error-kind", "oom", "--behavior-error-every", "3", "--behavior-error-after", "5",
		"--behavior-delay-sleep", "20ms", "--behavior-delay-jitter", "10ms", "--behavior-delay-max", "25", "--seed", "7",
	}
	do("first", plan...)
	do("replay", "--replay", path("first"))
	do("again", "--replay", path("replay"), "--behavior", "100:blackout")
	do("other", "--behavior", "10:error", "--behavior-error-kind", "oom", "--seed", "8")
	diff(t, "same", path("first"), path("replay"))
	diff(t, "same", path("first"), path("again"))
	diff(t, "other", path("first"), path("other"))
}

// A run that is killed leaves a ledger that can be read, replayed, and gone on
// with.
func TestKilled(t *testing.T) {
	backend, path := server(t), filepath.Join(t.TempDir(), "run.jsonl")
	args := []string{"--proxy", "127.0.0.1:0", "--backend", backend, "--protocol", "redis", "--behavior", "40:delay", "--behavior-delay-sleep", "1ms", "--ledger", path}
	p, addr := lab.Vaurien(t, args...)
	ask(t, addr)
	lab.Poll(t, func() error {
		n := 0
		for l, err := range ledger.Lines(path) {
			if err != nil {
				return err
			}
			if l.Type == ledger.ExchangeType {
				n++
			}
		}
		if n < clients*commands {
			return fmt.Errorf("%d exchanges are written", n)
		}
		return nil
	})
	lab.Must(t, p.Cmd.Process.Kill())
	lab.Poll(t, func() error {
		if p.Cmd.Process.Signal(syscall.Signal(0)) == nil {
			return errors.New("it lives")
		}
		return nil
	})
	whole, err := os.ReadFile(path)
	lab.Must(t, err)
	lab.Must(t, os.WriteFile(path, whole[:len(whole)-7], 0o600)) // as if in the middle of a line
	p, addr = lab.Vaurien(t, append(args, "--replay", path)...)
	ask(t, addr)
	p.Stop()
	runs := 0
	for l, err := range ledger.Lines(path) {
		lab.Must(t, err)
		if l.Type == ledger.RunType {
			runs++
		}
	}
	if runs != 2 {
		t.Errorf("%d runs in the ledger", runs)
	}
}

// Events come while they happen, to a client in Go and to curl.
func TestEvents(t *testing.T) {
	backend, port := server(t), lab.FreePort(t)
	_, addr := lab.Vaurien(t, "--proxy", "127.0.0.1:0", "--backend", backend, "--protocol", "redis", "--behavior", "30:error",
		"--behavior-error-kind", "readonly", "--http", "127.0.0.1:"+port, "--http-token", "s3cret")
	c, err := client.New("127.0.0.1:"+port, client.WithToken("s3cret"))
	lab.Must(t, err)
	defer c.Close()
	curl := lab.Start(t, nil, "curl", "-sN", "-H", "Authorization: Bearer s3cret", "http://127.0.0.1:"+port+"/events?fate=failed&type=exchange&since=0")
	ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
	defer cancel()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		ask(t, addr)
	}()
	failed := 0
	q := client.EventsQuery{Since: "0", Filter: ledger.Filter{Types: []ledger.Type{ledger.ExchangeType}, Touched: true}}
	for e, err := range c.Events(ctx, q) {
		lab.Must(t, err)
		if e.Fate != ledger.Failed || e.Verb == "" || e.Deeds[0].Detail != "readonly" || !e.Answered {
			t.Errorf("%+v", e)
		}
		if failed++; failed == 50 {
			break
		}
	}
	<-asked
	curl.Wait(`(?s)event: exchange\ndata: (\{"type":"exchange".*"fate":"failed".*\})\n`)
	if strings.Contains(curl.Out.String(), "passed") {
		t.Errorf("the filter lets through what it should not:\n%s", curl.Out)
	}
}
