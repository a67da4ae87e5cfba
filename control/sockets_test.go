package control_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// newSocketDaemon returns a daemon on real sockets.
func newSocketDaemon(t *testing.T) *control.Daemon {
	d := control.NewDaemon(builtin.Registry(), control.Options{Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { d.Close() })
	return d
}

// echo starts a server that sends back what it gets, after its name.
func echo(t *testing.T, name string) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.WriteString(conn, name)
				io.Copy(conn, conn)
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

type peer struct {
	t *testing.T
	net.Conn
}

// dial connects to a proxy and reads the name of the server behind it.
func dial(t *testing.T, address, name string) peer {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	p := peer{t, conn}
	p.wantRead(name)
	return p
}

func (p peer) wantRead(want string) {
	p.t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(p, got); err != nil || string(got) != want {
		p.t.Fatalf("read %q, %v, want %q", got, err, want)
	}
}

func (p peer) wantEcho() {
	p.t.Helper()
	io.WriteString(p, "ping")
	p.wantRead("ping")
}

func (p peer) wantClosed() {
	p.t.Helper()
	if n, err := p.Read(make([]byte, 1)); n != 0 || err == nil {
		p.t.Fatalf("read %d bytes: the connection is still open", n)
	}
}

func socketProxy(name, address, backend string, more ...string) spec.Proxy {
	p := spec.Proxy{Name: name, Settings: option.Values{"proxy": {Text: address}, "backend": {Text: backend}}}
	for i := 0; i+1 < len(more); i += 2 {
		p.Settings[more[i]] = option.Value{Text: more[i+1]}
	}
	return p
}

func TestChangesKeepConnections(t *testing.T) {
	d := newSocketDaemon(t)
	one, two := echo(t, "one"), echo(t, "two")
	apply(t, d, socketProxy("web", "127.0.0.1:0", one))
	before, _ := d.Proxy(t.Context(), "")
	conn := dial(t, before.Proxy, "one")
	conn.wantEcho()

	p := socketProxy("web", "127.0.0.1:0", two, "timeout", "3", "pool-max-size", "1", "backend-down", "close", "read-ahead", "64KiB")
	p.Plan = spec.Single("delay", option.Values{"sleep": {Text: "1ms"}}, "")
	p.Behaviors = map[string]option.Values{"error": {"inject": {Text: "yes"}}}
	apply(t, d, p)
	setPlan(t, d, "50:dummy", "", 0)

	conn.wantEcho()
	after, _ := d.Proxy(t.Context(), "")
	if after.Proxy != before.Proxy || after.Seed != before.Seed || after.Stats.Sessions != 1 {
		t.Errorf("the proxy was made anew: %+v, was %+v", after, before)
	}
	later := dial(t, after.Proxy, "two") // the new backend is for later connections
	later.wantEcho()

	// With one connection to the backend allowed, a third client finds no
	// room until the second has gone; the first began before there was a
	// limit.
	q := socketProxy("web", "127.0.0.1:0", two, "pool-max-size", "1", "pool-timeout", "0s", "backend-down", "close")
	apply(t, d, q)
	third, err := net.Dial("tcp", after.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if _, err := third.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a client for whom there is no room reads %v, want an orderly end", err)
	}
	conn.wantEcho()
	later.wantEcho()
}

func TestRestartTakesOverTheSocket(t *testing.T) {
	for _, test := range []struct{ setting, value string }{{"protocol", "http"}, {"draw", "exchange"}, {"seed", "7"}} {
		t.Run(test.setting, func(t *testing.T) {
			d := newSocketDaemon(t)
			backend := echo(t, "one")
			apply(t, d, socketProxy("web", "127.0.0.1:0", backend))
			before, _ := d.Proxy(t.Context(), "")
			conn := dial(t, before.Proxy, "one")
			apply(t, d, socketProxy("web", "127.0.0.1:0", backend, test.setting, test.value))
			conn.wantClosed()
			after, _ := d.Proxy(t.Context(), "")
			if after.Proxy != before.Proxy {
				t.Errorf("it listens on %s, and not on %s as before", after.Proxy, before.Proxy)
			}
			if test.setting != "seed" && after.Seed != before.Seed {
				t.Errorf("the seed that was chosen by chance changed from %d to %d", before.Seed, after.Seed)
			}
			dial(t, after.Proxy, "one")
		})
	}
}

// freeAddress returns an address that nobody listens on.
func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestAddressesChangeHands(t *testing.T) {
	d := newSocketDaemon(t)
	one, two := echo(t, "one"), echo(t, "two")
	a, b := freeAddress(t), freeAddress(t)
	apply(t, d, socketProxy("a", a, one), socketProxy("b", b, two))
	dial(t, a, "one")

	apply(t, d, socketProxy("a", b, one), socketProxy("b", a, two)) // they swap
	dial(t, b, "one")
	dial(t, a, "two")

	apply(t, d, socketProxy("c", a, one)) // a new one instead of both
	dial(t, a, "one")
	if conn, err := net.Dial("tcp", b); err == nil {
		conn.Close()
		t.Error("a proxy that is gone still listens")
	}

	_, port, _ := net.SplitHostPort(a)
	apply(t, d, socketProxy("c", "localhost:"+port, two)) // the same by another name
	dial(t, a, "two")
}

func TestAFailureKeepsConnections(t *testing.T) {
	d := newSocketDaemon(t)
	backend := echo(t, "one")
	apply(t, d, socketProxy("web", "127.0.0.1:0", backend))
	state, _ := d.Proxy(t.Context(), "")
	conn := dial(t, state.Proxy, "one")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = d.Apply(t.Context(), []spec.Proxy{
		socketProxy("web", "127.0.0.1:0", backend, "protocol", "http"), // would be made anew
		socketProxy("other", taken.Addr().String(), backend),
	})
	if !errors.Is(err, control.ErrAddress) {
		t.Fatalf("Apply = %v, want ErrAddress", err)
	}
	conn.wantEcho()
	dial(t, state.Proxy, "one").wantEcho()
}

func TestWhatIsLogged(t *testing.T) {
	var log bytes.Buffer
	handler := slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	d := control.NewDaemon(builtin.Registry(), control.Options{Logger: slog.New(handler)})
	address := freeAddress(t)
	put(t, d, socketProxy("web", address, "127.0.0.1:80", "seed", "42"))
	setPlan(t, d, "20:delay", "", 30e9)
	put(t, d, socketProxy("web", address, "127.0.0.1:81", "seed", "42"))
	if err := d.Delete(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	d.Close()
	want := `level=INFO msg="proxy started" proxy=web listen=` + address + ` backend=127.0.0.1:80 protocol=tcp plan=100:dummy seed=42
level=INFO msg="plan changed" proxy=web plan=20:delay for=30s
level=INFO msg="proxy changed" proxy=web backend=127.0.0.1:81 plan=100:dummy
level=INFO msg="proxy closed" proxy=web
`
	if log.String() != want {
		t.Errorf("the log is\n%swant\n%s", log.String(), want)
	}
}
