package http_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// plans are those that must change nothing but the time that it takes.
var plans = []string{"--behavior 100:dummy", "--behavior 30:delay --behavior-delay-sleep 3ms"}

// through starts vaurien in front of backend and returns its address. At the
// end of the test its log must not say that anything was not understood.
func through(t *testing.T, backend, args string) string {
	t.Helper()
	p, addr := lab.Vaurien(t, append(strings.Fields(args), "--proxy", "localhost:0", "--backend", backend, "--protocol", "http", "--drain", "0")...)
	t.Cleanup(func() {
		for _, bad := range []string{"goes on as tcp", "panic"} {
			if strings.Contains(p.Out.String(), bad) {
				t.Errorf("%s: the log says\n%s", args, p.Out)
			}
		}
	})
	return addr
}

// echo answers with what it is sent, in chunks and with its checksum in a
// trailer.
func echo(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		w.Header().Set("Trailer", "X-Sum")
		http.NewResponseController(w).EnableFullDuplex()
		io.Copy(io.MultiWriter(w, sum), r.Body)
		w.Header().Set("X-Sum", fmt.Sprintf("%x", sum.Sum(nil)))
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// Many connections of net/http get back what they send, of every size, in
// chunks and not, and the trailers after it.
func TestNetHTTP(t *testing.T) {
	backend := echo(t)
	for _, args := range plans {
		addr := through(t, backend, args)
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				client := &http.Client{Timeout: lab.Patience, Transport: new(http.Transport)}
				defer client.CloseIdleConnections()
				rng := rand.New(rand.NewPCG(uint64(worker), 0))
				for range 40 {
					body := make([]byte, rng.IntN(1<<(1+rng.IntN(20))))
					for i := range body {
						body[i] = byte(rng.Uint32())
					}
					req, _ := http.NewRequest("POST", "http://"+addr+"/", bytes.NewReader(body))
					if rng.IntN(2) == 0 {
						req.ContentLength = -1 // in chunks
					}
					res, err := client.Do(req)
					if err != nil {
						t.Errorf("%s: %v", args, err)
						return
					}
					got, err := io.ReadAll(res.Body)
					res.Body.Close()
					if err != nil || !bytes.Equal(got, body) || res.Trailer.Get("X-Sum") != fmt.Sprintf("%x", sha256.Sum256(body)) {
						t.Errorf("%s: %d bytes came back as %d, %v, trailer %v", args, len(body), len(got), err, res.Trailer)
						return
					}
				}
			})
		}
		wg.Wait()
	}
}

// curl gets what it gets from nginx itself, and nginx what curl sends.
func TestCurl(t *testing.T) {
	backend := nginx(t, `server { listen PORT; client_max_body_size 0;
		location /upload/ { dav_methods PUT; create_full_put_path on; } location / { } }`)
	large := filepath.Join(t.TempDir(), "large")
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	lab.Must(t, os.WriteFile(large, content, 0o644))
	for i, args := range plans {
		addr := through(t, backend, args)
		file := fmt.Sprintf("http://%s/upload/%d", addr, i)
		lab.Run(t, "curl", "-sSf", "-T", large, file)                                     // Expect: 100-continue
		lab.Run(t, "curl", "-sSf", "-H", "Transfer-Encoding: chunked", "-T", large, file) // in chunks
		direct := strings.Replace(file, addr, backend, 1)
		for _, extra := range [][]string{{}, {"--http1.0"}, {"-r", "100-4000000"}, {"-I"}, {"-H", "Connection: close"}} {
			args := append([]string{"-sSf", "--raw"}, extra...)
			got := lab.Run(t, "curl", append(args, file, file)...)
			want := lab.Run(t, "curl", append(args, direct, direct)...)
			if aDate.ReplaceAllString(got, "") != aDate.ReplaceAllString(want, "") {
				t.Errorf("curl %v: %d bytes, and from nginx itself %d", extra, len(got), len(want))
			}
		}
	}
}

// The reply to a request that took effect is lost, and no client repeats a POST
// by itself.
func TestCommitUnknown(t *testing.T) {
	var mu sync.Mutex
	orders := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == "POST" {
			orders++
		}
		fmt.Fprint(w, orders)
	}))
	defer s.Close()
	for i, how := range []string{"reset", "close"} {
		addr := through(t, s.Listener.Addr().String(), "--behavior 100:commit-unknown --behavior-commit-unknown-how "+how+
			` --behavior-commit-unknown-match method=="POST"&&path.startsWith("/orders")`)
		client := &http.Client{Timeout: lab.Patience, Transport: new(http.Transport)}
		defer client.CloseIdleConnections()
		count := func() string {
			res, err := client.Get("http://" + addr + "/orders")
			lab.Must(t, err)
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			lab.Must(t, err)
			return string(b)
		}
		if got := count(); got != fmt.Sprint(i) {
			t.Fatalf("%s: %s orders before", how, got)
		}
		res, err := client.Post("http://"+addr+"/orders?x", "application/json", strings.NewReader("{}"))
		if err == nil {
			t.Errorf("%s: the client got %s", how, res.Status)
		} else {
			t.Logf("%s: %s", how, kindOf(err))
		}
		if got := count(); got != fmt.Sprint(i+1) {
			t.Errorf("%s: %s orders after", how, got)
		}
	}
}
