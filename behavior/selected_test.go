package behavior_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	nethttp "net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/behavior"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/protocol/http"
)

// make makes a behavior of that kind with the options name=value.
func makeOf(k vaurien.Kind, p vaurien.Protocol, options ...string) (vaurien.Behavior, error) {
	var set option.Set
	make := k.New(&set)
	values := option.Values{}
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		values[name] = option.Value{Text: value}
	}
	if err := set.Assign(values); err != nil {
		return nil, err
	}
	return make(p)
}

// A world is a proxy of http, between memory and a server that answers every
// request with 200.
type world struct {
	t     *testing.T
	proxy *vaurien.Proxy
	front *memnet.Listener
	back  *memnet.Listener
	logs  *bytes.Buffer
}

func newWorld(t *testing.T, b vaurien.Behavior) *world {
	t.Helper()
	w := &world{t: t, front: memnet.Listen("front"), back: memnet.Listen("back"), logs: new(bytes.Buffer)}
	go nethttp.Serve(w.back, nethttp.HandlerFunc(func(nethttp.ResponseWriter, *nethttp.Request) {}))
	settings, _ := vaurien.NewSettings()
	var err error
	w.proxy, err = vaurien.Listen(vaurien.Config{
		Settings: *settings, Protocol: new(http.Protocol),
		Plan:     vaurien.NewPlan(vaurien.OneOf(vaurien.Choice{Weight: 100, Name: "it", Behavior: b})),
		Listener: w.front,
		Dial:     func(context.Context, string) (net.Conn, error) { return w.back.Dial() },
		Logger:   slog.New(slog.NewTextHandler(w.logs, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.proxy.Start()
	return w
}

// ask makes requests, METHOD /path, on one connection, and returns their
// statuses.
func (w *world) ask(requests ...string) string {
	w.t.Helper()
	c, err := w.front.Dial()
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	var got []string
	for _, request := range requests {
		fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: a\r\n\r\n", request)
		res, err := nethttp.ReadResponse(r, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		got = append(got, fmt.Sprint(res.StatusCode))
	}
	return strings.Join(got, " ")
}

func (w *world) close() {
	w.back.Close()
	if err := w.proxy.Close(); err != nil {
		w.t.Error(err)
	}
}

func TestSelected(t *testing.T) {
	gets := []string{"GET /1", "GET /2", "GET /3", "GET /4", "GET /5", "GET /6", "GET /7", "GET /8"}
	mixed := []string{"GET /a", "PUT /a", "GET /b", "PUT /b", "PUT /a", "GET /a"}
	for _, tt := range []struct {
		name     string
		options  []string
		requests []string
		want     string
	}{
		{"nothing", nil, mixed, "503 503 503 503 503 503"},
		{"match", []string{`match=verb == "PUT"`}, mixed, "200 503 200 503 503 200"},
		{"exchange", []string{`match=exchange == 2 && session == 1`}, mixed, "200 503 200 200 200 200"},
		{"client", []string{`match=client.startsWith("nobody")`}, mixed, "200 200 200 200 200 200"},
		{"after", []string{"after=2"}, gets, "200 200 503 503 503 503 503 503"},
		{"first", []string{"first=2"}, gets, "503 503 200 200 200 200 200 200"},
		{"every", []string{"every=3"}, gets, "200 200 503 200 200 503 200 200"},
		{"max", []string{"max=1"}, gets, "503 200 200 200 200 200 200 200"},
		{"zeros", []string{"first=0", "max=0", "every=0", "after=0"}, gets[:2], "503 503"},
		{"all", []string{"after=1", "first=5", "every=2", "max=2"}, gets, "200 200 503 200 503 200 200 200"},
		{"of those that match", []string{`match=verb == "PUT"`, "after=1", "max=1"}, mixed, "200 200 200 503 200 200"},
		{"cannot be computed", []string{`match=10 // (exchange - 2) > 0`}, mixed, "200 200 503 503 503 503"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, err := makeOf(behavior.Selected(behavior.Error()), new(http.Protocol), append(tt.options, "code=503")...)
				if err != nil {
					t.Fatal(err)
				}
				w := newWorld(t, b)
				defer w.close()
				if got := w.ask(tt.requests...); got != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
				synctest.Wait()
				if faults := strings.Count(w.logs.String(), "division by zero"); faults > 1 || (faults == 1) != (tt.name == "cannot be computed") {
					t.Errorf("the log has %d faults:\n%s", faults, w.logs)
				}
			})
		})
	}
}

// Exchanges are counted over all connections.
func TestSelectedCountsOverConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := makeOf(behavior.Selected(behavior.Error()), new(http.Protocol), "every=2", "code=503")
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, b)
		defer w.close()
		got := ""
		for range 4 {
			got += w.ask("GET /") + " "
		}
		if want := "200 503 200 503 "; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestSelectedErrors(t *testing.T) {
	k := behavior.Selected(behavior.Delay())
	for _, tt := range []struct{ option, want string }{
		{`match=vreb == "GET"`, `match: column 1: unknown attribute "vreb": did you mean "verb"? known: verb, session, exchange, client`},
		{`match=verb`, `match: column 1: a condition is true or false; this is text: compare it, as in verb == "GET"`},
		{`first=-1`, `first: -1 is too small: the least is 0`},
		{`every=x`, `every: "x" is not a whole number`},
	} {
		_, err := makeOf(k, vaurien.TCP{}, tt.option)
		var oe *option.Error
		if !errors.As(err, &oe) || err.Error() != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.option, err, tt.want)
		}
	}
}

// A kind keeps the options that it has itself, and its own meaning of them.
func TestSelectedKeepsOwnOptions(t *testing.T) {
	var mine string
	k := behavior.Selected(vaurien.Kind{Name: "x", New: func(set *option.Set) vaurien.Make {
		set.Text(&mine, "match", "", "my own")
		set.Int(new(int64), "max", 7, "my own")
		return func(vaurien.Protocol) (vaurien.Behavior, error) { return vaurien.Chain(), nil }
	}})
	if _, err := makeOf(k, vaurien.TCP{}, "match=anything at all", "first=1"); err != nil || mine != "anything at all" {
		t.Errorf("%v, match is %q", err, mine)
	}
	var set option.Set
	k.New(&set)
	if o := set.Lookup("max"); o == nil || o.Default != "7" {
		t.Errorf("max is %v", o)
	}
}
