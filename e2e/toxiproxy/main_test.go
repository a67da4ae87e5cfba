// Package toxiproxy drives "vaurien toxiproxy" with the clients of Toxiproxy as
// they are published, and measures on real connections what their toxics do.
package toxiproxy

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

// server starts the program in the place of toxiproxy-server, and returns it
// with the address of its API. REFERENCE_TOXIPROXY may name another program with
// the same flags, to see whether a test asks for what Toxiproxy does.
func server(t testing.TB, args ...string) (*lab.Process, string) {
	t.Helper()
	port := lab.FreePort(t)
	args = append([]string{"-host", "localhost", "-port", port}, args...)
	var p *lab.Process
	if other := os.Getenv("REFERENCE_TOXIPROXY"); other != "" {
		p = lab.Start(t, nil, other, args...)
	} else {
		p = lab.Start(t, nil, "vaurien", append([]string{"toxiproxy"}, args...)...)
	}
	api := "localhost:" + port
	lab.Poll(t, func() error {
		res, err := http.Get("http://" + api + "/version")
		if err == nil {
			res.Body.Close()
		}
		return err
	})
	return p, api
}

// A backend is a TCP server. It calls serve for each connection, and returns its
// address.
func backend(t testing.TB, serve func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	lab.Must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			go func() {
				defer conn.Close()
				serve(conn.(*net.TCPConn))
			}()
		}
	}()
	return l.Addr().String()
}

// echo is a backend that says what it is told.
func echo(t testing.TB) string {
	return backend(t, func(conn *net.TCPConn) { io.Copy(conn, conn) })
}

// proxied is a client of a new server, with one proxy in front of upstream.
func proxied(t testing.TB, upstream string) (*toxiproxy.Client, *toxiproxy.Proxy) {
	t.Helper()
	_, api := server(t)
	c := toxiproxy.NewClient(api)
	p, err := c.CreateProxy("p", "localhost:0", upstream)
	lab.Must(t, err)
	return c, p
}

// add adds a toxic that meets all connections.
func add(t testing.TB, p *toxiproxy.Proxy, kind, stream string, attributes toxiproxy.Attributes) *toxiproxy.Toxic {
	t.Helper()
	toxic, err := p.AddToxic("", kind, stream, 1, attributes)
	lab.Must(t, err)
	return toxic
}

// dial connects, for as long as the test lasts.
func dial(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	lab.Must(t, err)
	t.Cleanup(func() { conn.Close() })
	lab.Must(t, conn.SetDeadline(time.Now().Add(2*lab.Patience)))
	return conn.(*net.TCPConn)
}

// roundTrip says something to an echo and returns how long it takes to come back.
func roundTrip(t testing.TB, conn net.Conn, data []byte) time.Duration {
	t.Helper()
	begun := time.Now()
	written := make(chan error, 1)
	go func() {
		_, err := conn.Write(data)
		written <- err
	}()
	got := make([]byte, len(data))
	if _, err := io.ReadFull(conn, got); err != nil {
		t.Fatalf("what was said does not come back: %v", err)
	}
	took := time.Since(begun)
	lab.Must(t, <-written)
	if !bytes.Equal(got, data) {
		t.Fatalf("%d bytes came back changed", len(data))
	}
	return took
}

// noise returns n bytes that are the same in every run.
func noise(n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8(sha256.Sum256([]byte("noise"))).Read(data)
	return data
}

// isReset reports whether the peer has reset the connection.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// refused reports whether nobody listens at addr.
func refused(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// apiError returns the status and the words of an error of the API.
func apiError(t testing.TB, err error) (int, string) {
	t.Helper()
	e, ok := errors.AsType[*toxiproxy.ApiError](err)
	if !ok {
		t.Fatalf("%v is no error of the API", err)
	}
	return e.Status, strings.TrimSpace(e.Message)
}
