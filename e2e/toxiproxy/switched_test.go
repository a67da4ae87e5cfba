package toxiproxy

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// A shop's own test of its client for a slow and an absent stock service, as it
// was written for toxiproxy-server: the address of the API is all that it knows.
func stockTest(t *testing.T, api string) {
	stock := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(`{"left": 3}`))
	}))
	defer stock.Close()

	toxics := toxiproxy.NewClient(api)
	proxy, err := toxics.CreateProxy("stock", "localhost:0", stock.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Delete()
	shop := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func() error {
		res, err := shop.Get("http://" + proxy.Listen)
		if err == nil {
			res.Body.Close()
		}
		return err
	}

	if err := ask(); err != nil {
		t.Errorf("well: %v", err)
	}

	if _, err := proxy.AddToxic("slow", "latency", "downstream", 1.0, toxiproxy.Attributes{"latency": 60_000}); err != nil {
		t.Fatal(err)
	}
	shop.Timeout = 200 * time.Millisecond
	if err, ok := ask().(net.Error); !ok || !err.Timeout() {
		t.Errorf("slow: %v", err)
	}
	shop.Timeout = 10 * time.Second
	if err := proxy.RemoveToxic("slow"); err != nil {
		t.Fatal(err)
	}

	if err := proxy.Disable(); err != nil {
		t.Fatal(err)
	}
	if ask() == nil {
		t.Error("absent: it answers")
	}
	if err := toxics.ResetState(); err != nil {
		t.Fatal(err)
	}
	if err := ask(); err != nil {
		t.Errorf("back: %v", err)
	}
}

// With TOXIPROXY_SERVER in the environment, the test runs against that address.
func TestSwitchedByItsAddress(t *testing.T) {
	api := os.Getenv("TOXIPROXY_SERVER")
	if api == "" {
		p := lab.Start(t, nil, "vaurien", "toxiproxy", "-port", "0")
		api = p.Wait(`Toxiproxy API started" url=http://(\S+)`)
	}
	stockTest(t, api)
}
