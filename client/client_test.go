package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve returns a client of a control server before d.
func serve(t *testing.T, d *control.Daemon, o control.HandlerOptions, options ...client.Option) *client.Client {
	t.Helper()
	server := httptest.NewServer(control.NewHandler(d, o))
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestClientIsAController(t *testing.T) {
	controltest.Run(t, func(t *testing.T, d *control.Daemon) control.Controller {
		return serve(t, d, control.HandlerOptions{})
	})
}

func TestToken(t *testing.T) {
	d, _ := controltest.NewDaemon(t, controltest.Registry())
	o := control.HandlerOptions{Token: "s3cret"}
	if _, err := serve(t, d, o, client.WithToken("s3cret")).Proxies(t.Context()); err != nil {
		t.Error(err)
	}
	for _, c := range []*client.Client{serve(t, d, o), serve(t, d, o, client.WithToken("wrong"))} {
		_, err := c.Proxies(t.Context())
		if !errors.Is(err, client.ErrRefused) || !strings.Contains(err.Error(), "this server asks for its token") {
			t.Errorf("error %v", err)
		}
	}
}

func TestBehindMeta(t *testing.T) {
	d, _ := controltest.NewDaemon(t, controltest.Registry())
	server := httptest.NewServer(control.NewHandler(d, control.HandlerOptions{}))
	defer server.Close()
	meta := httptest.NewServer(control.NewMeta(control.HandlerOptions{}))
	defer meta.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	c, err := client.New(meta.Listener.Addr().String() + "/" + port + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Put(t.Context(), controltest.Web()); err != nil {
		t.Fatal(err)
	}
	if p, err := d.Proxy(t.Context(), "web"); err != nil || p.Plan.Name() != "20:delay,0.5:error" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestAddresses(t *testing.T) {
	for _, address := range []string{"", "http://", "ftp://localhost", "http://localhost/?x=1", "local host", "http://[::1", "http://localhost#x"} {
		if _, err := client.New(address); err == nil || !strings.Contains(err.Error(), "is not a control server's address: write HOST:PORT or a URL") {
			t.Errorf("New(%q) = %v", address, err)
		}
	}
	for _, address := range []string{"localhost:8080", "http://localhost:8080", "http://[::1]:8080/", "https://localhost/9000"} {
		if _, err := client.New(address); err != nil {
			t.Errorf("New(%q) = %v", address, err)
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	c, err := client.New(address)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Proxies(t.Context())
	if want := "nobody answers at http://" + address + ": connection refused"; !errors.Is(err, client.ErrUnreachable) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestOtherServers: what does not answer as Vaurien is called so.
func TestOtherServers(t *testing.T) {
	for _, h := range []http.HandlerFunc{
		http.NotFound,
		func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") },
		func(w http.ResponseWriter, r *http.Request) { http.Error(w, `{"message": "no"}`, 400) },
		func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		control.NewMeta(control.HandlerOptions{}).ServeHTTP,
	} {
		server := httptest.NewServer(h)
		c, err := client.New(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Proxy(t.Context(), "web")
		if err == nil || errors.Is(err, control.ErrNoProxy) || errors.Is(err, client.ErrUnreachable) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v", err)
		}
		c.Close()
		server.Close()
	}
}

func TestCancelled(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-leave
	}))
	defer server.Close()
	defer close(leave)
	c, err := client.New(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if _, err := c.Proxies(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
