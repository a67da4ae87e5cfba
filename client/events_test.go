package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
	"github.com/vaurien-proxy/vaurien/ledger"
)

func exchange(proxy string, n int) ledger.Entry {
	return ledger.Entry{Type: ledger.ExchangeType, Proxy: proxy, Session: 1, Exchange: uint64(n), Verb: "GET", Fate: ledger.Passed}
}

// The client takes a stream up again where it was cut off, whatever happened
// meanwhile.
func TestEvents(t *testing.T) {
	d, _ := controltest.NewDaemon(t, controltest.Registry())
	l := ledger.New(ledger.Options{Keep: 5})
	h := control.NewHandler(d, control.HandlerOptions{Ledger: l, Token: "s3cret"})
	server := httptest.NewServer(h)
	address := server.Listener.Addr().String()
	c, err := client.New(address, client.WithToken("s3cret"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	l.Add(exchange("a", 1))
	l.Add(exchange("b", 2))

	cuts := 0
	var got []string
	q := client.EventsQuery{Since: "0", Filter: ledger.Filter{Proxies: []string{"a"}}}
	q.Interrupted = func(error) {
		if cuts++; cuts > 1 {
			return // it is not there yet
		}
		for n := range 7 {
			l.Add(exchange("a", 10+n))
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		server = httptest.NewUnstartedServer(h)
		server.Listener.Close()
		server.Listener = listener
		server.Start()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for e, err := range c.Events(ctx, q) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Type == ledger.LostType {
			got = append(got, fmt.Sprint("lost ", e.Count))
			continue
		}
		if e.Type == ledger.ExchangeType {
			got = append(got, fmt.Sprint(e.Number, e.Proxy, e.Exchange))
		}
		if e.Number == 1 {
			server.CloseClientConnections()
			server.Close()
		}
		if e.Exchange == 16 {
			break
		}
	}
	server.Close()
	if want := "[1a1 lost 3 5a12 6a13 7a14 8a15 9a16]"; fmt.Sprint(got) != want || cuts == 0 {
		t.Errorf("%v, want %s; %d cuts", got, want, cuts)
	}
}

func TestEventsErrors(t *testing.T) {
	d, _ := controltest.NewDaemon(t, controltest.Registry())
	events := func(c *client.Client, q client.EventsQuery) error {
		for _, err := range c.Events(t.Context(), q) {
			return err
		}
		return nil
	}
	with := control.HandlerOptions{Ledger: ledger.New(ledger.Options{})}
	if err := events(serve(t, d, control.HandlerOptions{}), client.EventsQuery{}); err == nil || err.Error() != "this server keeps no account of events" {
		t.Errorf("error %v", err)
	}
	err := events(serve(t, d, with), client.EventsQuery{Filter: ledger.Filter{Fates: []ledger.Fate{"faild"}}})
	if err == nil || !strings.Contains(err.Error(), `"faild" is none: did you mean "failed"?`) {
		t.Errorf("error %v", err)
	}
	with.Token = "s3cret"
	if err := events(serve(t, d, with), client.EventsQuery{}); !errors.Is(err, client.ErrRefused) {
		t.Errorf("error %v", err)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	c, _ := client.New(other.URL)
	if err := events(c, client.EventsQuery{}); err == nil || !strings.Contains(err.Error(), "does not answer as Vaurien's control server does") {
		t.Errorf("error %v", err)
	}
	other.Close()
	c.Close()
	if err := events(c, client.EventsQuery{}); !errors.Is(err, client.ErrUnreachable) {
		t.Errorf("error %v", err)
	}
}
