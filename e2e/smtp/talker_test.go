package smtp

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// A talker is a client that says what it is told to, byte by byte.
type talker struct {
	t testing.TB
	c *net.TCPConn
	r *bufio.Reader
}

func talk(t testing.TB, addr string) *talker {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	lab.Must(t, err)
	t.Cleanup(func() { c.Close() })
	lab.Must(t, c.SetDeadline(time.Now().Add(lab.Patience)))
	return &talker{t, c.(*net.TCPConn), bufio.NewReader(c)}
}

func (k *talker) send(text string) {
	k.t.Helper()
	_, err := k.c.Write([]byte(text))
	lab.Must(k.t, err)
}

// reply returns all lines of the next reply; what came of it if the connection
// is closed.
func (k *talker) reply() string {
	k.t.Helper()
	var all strings.Builder
	for {
		line, err := k.r.ReadString('\n')
		all.WriteString(line)
		if err != nil || len(line) < 4 || line[3] != '-' {
			return all.String()
		}
	}
}

// says sends text and returns the reply to it.
func (k *talker) says(text string) string {
	k.t.Helper()
	k.send(text)
	return k.reply()
}

// gets checks that the reply to text begins as want.
func (k *talker) gets(text, want string) string {
	k.t.Helper()
	got := k.says(text)
	if !strings.HasPrefix(got, want) || got == "" {
		k.t.Errorf("%q got %q, want %q", text, got, want)
	}
	return got
}

// closed checks that nothing comes any more.
func (k *talker) closed() {
	k.t.Helper()
	if line := k.reply(); line != "" {
		k.t.Errorf("a closed connection said %q", line)
	}
}
