package statsd

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// traffic runs a proxy that o observes, and lets that many clients, one after
// the other, carry that many messages there and back.
func traffic(t *testing.T, o vaurien.Observer, plan spec.Plan, clients, messages int) {
	t.Helper()
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer backend.Close()
	wg.Go(func() {
		for {
			conn, err := backend.Accept()
			if err != nil {
				return
			}
			io.Copy(conn, conn)
			conn.Close()
		}
	})
	p := start(t, o, plan, "tcp", backend.Addr().String())
	defer p.Shutdown(t.Context())
	for range clients {
		conn, err := net.Dial("tcp", p.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		for range messages {
			io.WriteString(conn, "ping")
			if _, err := io.ReadFull(conn, make([]byte, 4)); err != nil {
				t.Fatal(err)
			}
		}
		conn.Close()
	}
}

// start starts the proxy web, which o observes.
func start(t *testing.T, o vaurien.Observer, plan spec.Plan, protocol, backend string) *vaurien.Proxy {
	t.Helper()
	cfg, err := builtin.Registry().Build(spec.Proxy{Name: "web", Plan: plan, Settings: option.Values{
		"proxy": {Text: "127.0.0.1:0"}, "backend": {Text: backend}, "protocol": {Text: protocol},
	}})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Observer, cfg.Logger = o, slog.New(slog.DiscardHandler)
	p, err := vaurien.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.Start()
	return p
}

// server is a StatsD server.
type server struct{ net.PacketConn }

func newServer(t *testing.T) server {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return server{conn}
}

// timing is the value of a timing, which nobody can foretell.
var timing = regexp.MustCompile(`:[0-9.e-]+\|ms`)

// counts returns what it got, timings without their values, until a line that ends with last, n times.
func (s server) counts(t *testing.T, last string, n int) map[string]int {
	t.Helper()
	got := make(map[string]int)
	buf := make([]byte, 64<<10)
	for n > 0 {
		size, _, err := s.ReadFrom(buf)
		if err != nil {
			t.Fatal(err)
		}
		if size > flushBytes {
			t.Errorf("a packet of %d bytes", size)
		}
		for line := range strings.Lines(string(buf[:size])) {
			line = timing.ReplaceAllString(strings.TrimSuffix(line, "\n"), "|ms")
			got[line]++
			if strings.HasSuffix(line, last) {
				n--
			}
		}
	}
	return got
}

func TestCounters(t *testing.T) {
	server := newServer(t)
	o, err := New(server.LocalAddr().String(), "vaurien", 1)
	if err != nil {
		t.Fatal(err)
	}
	delay := spec.Single("delay", option.Values{"sleep": {Text: "1ms"}}, "")
	traffic(t, o, delay, 2, 3)
	o.Close()
	o.Close() // again does nothing

	want := map[string]int{"vaurien.tcp.fault.delay:1|c": 2, "vaurien.tcp.delay.delay|ms": 2}
	for _, session := range []string{"web-1", "web-2"} {
		want["vaurien.tcp."+session+".start:1|c"] = 1
		want["vaurien.tcp."+session+".end:1|c"] = 1
		want["vaurien.tcp."+session+".to_backend:1|c"] = 3
		want["vaurien.tcp."+session+".to_client:1|c"] = 3
	}
	if diff := cmp.Diff(want, server.counts(t, ".end:1|c", 2)); diff != "" {
		t.Errorf("the counts differ (-want +got):\n%s", diff)
	}
}

func TestTimings(t *testing.T) {
	server := newServer(t)
	o, err := New(server.LocalAddr().String(), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	backend := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer backend.Close()
	p := start(t, o, spec.Single("delay", option.Values{"sleep": {Text: "1ms"}}, ""), "http", backend.Listener.Addr().String())
	client := http.Client{Transport: &http.Transport{}}
	for range 3 {
		res, err := client.Get("http://" + p.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	client.CloseIdleConnections()
	p.Shutdown(t.Context())
	o.Close()
	got := server.counts(t, ".end:1|c", 1)
	for _, timing := range []string{"http.latency.web|ms", "http.backend_latency.web|ms", "http.delay.delay|ms"} {
		if got[timing] != 3 {
			t.Errorf("%s came %d times, want 3, in\n%v", timing, got[timing], got)
		}
	}
}

func TestSampleRate(t *testing.T) {
	server := newServer(t)
	none, err := New(server.LocalAddr().String(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	traffic(t, none, spec.Plan{}, 3, 3)
	none.Close()
	few, err := New(server.LocalAddr().String(), "", 0.5)
	if err != nil {
		t.Fatal(err)
	}
	const clients = 200 // of 800 counts at half the rate, all or none is not to be feared
	traffic(t, few, spec.Plan{}, clients, 1)
	few.Close()
	got := server.counts(t, "|@0.500000", 1)
	for line := range got {
		if !strings.HasSuffix(line, ":1|c|@0.500000") || !strings.HasPrefix(line, "tcp.web-") {
			t.Fatalf("%q among %q", line, slices.Collect(maps.Keys(got)))
		}
	}
}

// stuck is a sender that never returns until it is closed.
type stuck struct{ closed chan struct{} }

func (s stuck) Send([]byte) (int, error) { <-s.closed; return 0, errors.New("closed") }
func (s stuck) Close() error             { return nil }

func TestTrafficDoesNotWait(t *testing.T) {
	var log lockedBuffer
	s := stuck{make(chan struct{})}
	o, err := newObserver(s, "", 1, 4, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if err != nil {
		t.Fatal(err)
	}
	// So many that the packets which wait and the queue are all full.
	traffic(t, o, spec.Plan{}, 3, 2000)
	if o.lost.Load() == 0 {
		t.Error("nothing was lost, so nothing was shown")
	}
	close(s.closed)
	o.Close()
	text := log.String()
	if n := strings.Count(text, "counts are lost"); n > 1 {
		t.Errorf("it was logged %d times, not once at most, that counts are lost:\n%s", n, text)
	}
	if n := strings.Count(text, "cannot send"); n != 1 {
		t.Errorf("it was logged %d times that packets fail:\n%s", n, text)
	}
	if n := strings.Count(text, "not everything was counted"); n != 1 {
		t.Errorf("it was logged %d times at the end:\n%s", n, text)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func TestWrong(t *testing.T) {
	for _, test := range []struct {
		addr string
		rate float64
		want string
	}{
		{"localhost", 1, `"localhost" is not an address: write HOST:PORT, as in localhost:8125`},
		{"localhost:8125", 1.5, "1.5 is not a sample rate: write a number from 0 to 1"},
		{"localhost:99999", 1, "cannot send to localhost:99999: address 99999: invalid port"},
	} {
		if _, err := New(test.addr, "", test.rate); err == nil || err.Error() != test.want {
			t.Errorf("New(%q, %v) = %v, want %s", test.addr, test.rate, err, test.want)
		}
	}
}
