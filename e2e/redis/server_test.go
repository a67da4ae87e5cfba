// Package redis tests the protocol redis with real servers and clients.
package redis

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

// server starts redis-server with these settings and returns its address.
func server(t testing.TB, settings ...string) string {
	t.Helper()
	addr, _ := startServer(t, t.TempDir(), settings...)
	return addr
}

func startServer(t testing.TB, dir string, settings ...string) (addr string, p *lab.Process) {
	t.Helper()
	port := lab.FreePort(t)
	p = lab.Start(t, nil, "redis-server", append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", ""}, settings...)...)
	addr = "127.0.0.1:" + port
	lab.Poll(t, func() error {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err
	})
	return addr, p
}

// A conn speaks RESP, and nothing else that a client does.
type conn struct {
	net.Conn
	r *bufio.Reader
	t testing.TB
}

func dial(t testing.TB, addr string) *conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	lab.Must(t, err)
	t.Cleanup(func() { c.Close() })
	return &conn{c, bufio.NewReader(c), t}
}

// send writes a command.
func (c *conn) send(args ...string) {
	c.t.Helper()
	s := fmt.Sprintf("*%d\r\n", len(args))
	for _, a := range args {
		s += fmt.Sprintf("$%d\r\n%s\r\n", len(a), a)
	}
	_, err := io.WriteString(c, s)
	lab.Must(c.t, err)
}

// do sends a command of words and returns the reply as it comes, or how the
// connection ended instead.
func (c *conn) do(line string) string {
	c.t.Helper()
	c.send(strings.Fields(line)...)
	return c.reply()
}

// reply reads a reply, bytes and all.
func (c *conn) reply() string {
	c.t.Helper()
	var b strings.Builder
	if err := c.element(&b); err != nil {
		return b.String() + err.Error()
	}
	return b.String()
}

func (c *conn) element(b *strings.Builder) error {
	line, err := c.r.ReadString('\n')
	b.WriteString(line)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(strings.TrimSpace(line[1:]))
	if err != nil || n < 0 {
		return nil
	}
	switch line[0] {
	case '$', '=', '!':
		_, err := io.CopyN(b, c.r, int64(n)+2)
		return err
	case '%':
		n *= 2
	case '*', '~', '>':
	default:
		n = 0
	}
	for range n {
		if err := c.element(b); err != nil {
			return err
		}
	}
	return nil
}

// await sends a command of words until its reply holds what is wanted.
func (c *conn) await(line, want string) {
	c.t.Helper()
	lab.Poll(c.t, func() error {
		if got := c.do(line); !strings.Contains(got, want) {
			return fmt.Errorf("%s gave %q, want %q", line, got, want)
		}
		return nil
	})
}

// must sends a command of words that must succeed.
func (c *conn) must(line string) string {
	c.t.Helper()
	got := c.do(line)
	if got == "" || got[0] == '-' {
		c.t.Fatalf("%s gave %q", line, got)
	}
	return got
}
