// Package vaurientest runs the tests that docs/testing-go.md shows, with a real
// Redis and the client library that its users have.
package vaurientest

import (
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

// redisServer starts a Redis of the test's own and returns its URL.
func redisServer(t testing.TB) string {
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
	return "redis://" + addr
}

// connect returns a client of the Redis at a URL.
func connect(t testing.TB, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	lab.Must(t, err)
	c := redis.NewClient(options)
	t.Cleanup(func() { c.Close() })
	return c
}

// All code on the page is that of a test here.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/testing-go.md")
	lab.Must(t, err)
	guide, err := os.ReadFile("guide_test.go")
	lab.Must(t, err)
	blocks := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	if len(blocks) == 0 {
		t.Fatal("there is no code on the page")
	}
	for _, b := range blocks {
		if !strings.Contains(string(guide), b[1]) {
			t.Errorf("guide_test.go does not have\n%s", b[1])
		}
	}
}

// deployment starts a Vaurien before a Redis, as a program of its own, and
// returns the URL of its control server.
func deployment(t testing.TB) string {
	t.Helper()
	backend := strings.TrimPrefix(redisServer(t), "redis://")
	p, _ := lab.Vaurien(t, "--proxy", "localhost:0", "--backend", backend, "--protocol", "redis", "--http", "--http-port", "0")
	return p.Wait(`control API started.* url=(\S+)`)
}
