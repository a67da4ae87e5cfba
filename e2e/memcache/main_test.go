// Package memcache runs vaurien between a real memcached and real clients of
// it: the tools of libmemcached, gomemcache, and a raw client for what these do
// not speak.
package memcache

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

// captures is where what the real server said is kept.
const captures = "../../protocol/memcache/testdata/captures/"

// memcached starts a real server and returns its address.
func memcached(t *testing.T, args ...string) string {
	t.Helper()
	port := lab.FreePort(t)
	args = append([]string{"-l", "127.0.0.1", "-p", port, "-U", "0", "-t", "1"}, args...)
	if os.Geteuid() == 0 {
		args = append(args, "-u", "root")
	}
	p := lab.Start(t, nil, "memcached", args...)
	t.Cleanup(func() { p.Cmd.Process.Kill() }) // asked to end, it takes a second
	addr := "127.0.0.1:" + port
	listens(t, addr)
	return addr
}

// listens waits until somebody listens on an address.
func listens(t *testing.T, addr string) {
	t.Helper()
	lab.Poll(t, func() error {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err
	})
}

// proxy starts vaurien before a server and returns it and its address.
func proxy(t *testing.T, server string, args ...string) (*lab.Process, string) {
	t.Helper()
	return lab.Vaurien(t, append([]string{"--proxy", "127.0.0.1:0", "--backend", server, "--protocol", "memcache"}, args...)...)
}

// understood checks that vaurien understood all that passed.
func understood(t *testing.T, p *lab.Process) {
	t.Helper()
	if out := p.Out.String(); strings.Contains(out, "goes on as tcp") {
		t.Errorf("not understood:\n%s", out)
	}
}

// A raw is a client that sends and reads bytes.
type raw struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *raw {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	lab.Must(t, err)
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(lab.Patience))
	return &raw{t, c, bufio.NewReaderSize(c, 1<<20)}
}

func (c *raw) send(s string) {
	c.t.Helper()
	_, err := io.WriteString(c, s)
	lab.Must(c.t, err)
}

// line reads a line of text.
func (c *raw) line() string {
	c.t.Helper()
	l, err := c.r.ReadString('\n')
	lab.Must(c.t, err)
	return l
}

// packet reads a packet of the binary protocol.
func (c *raw) packet() string {
	c.t.Helper()
	b := make([]byte, 24)
	_, err := io.ReadFull(c.r, b)
	lab.Must(c.t, err)
	body := make([]byte, binary.BigEndian.Uint32(b[8:]))
	_, err = io.ReadFull(c.r, body)
	lab.Must(c.t, err)
	return string(b) + string(body)
}

// ask sends a request and reads a reply of one line or packet.
func (c *raw) ask(request string) string {
	c.t.Helper()
	c.send(request)
	if request[0] == 0x80 {
		return c.packet()
	}
	return c.line()
}

// ended reports whether the server has closed the connection.
func (c *raw) ended() bool {
	_, err := c.r.ReadByte()
	return err == io.EOF
}

// request writes a packet of the binary protocol.
func request(opcode byte, opaque uint32, extras, key, value string, cas uint64) string {
	b := make([]byte, 24)
	b[0], b[1], b[4] = 0x80, opcode, byte(len(extras))
	binary.BigEndian.PutUint16(b[2:], uint16(len(key)))
	binary.BigEndian.PutUint32(b[8:], uint32(len(extras)+len(key)+len(value)))
	binary.BigEndian.PutUint32(b[12:], opaque)
	binary.BigEndian.PutUint64(b[16:], cas)
	return string(b) + extras + key + value
}

const (
	noExtras  = ""
	zeroFlags = "\x00\x00\x00\x00\x00\x00\x00\x00"
	// delta 1, initial 0, and not to be created
	countOnly = "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff"
	zeroTime  = "\x00\x00\x00\x00"
)

// show writes a reply of either protocol for a table.
func show(reply string) string {
	if reply == "" || reply[0] != 0x81 {
		return strings.TrimSpace(reply)
	}
	b := []byte(reply)
	return fmt.Sprintf("opcode 0x%02x status 0x%04x opaque %d %q", b[1], binary.BigEndian.Uint16(b[6:]), binary.BigEndian.Uint32(b[12:]), b[24:])
}
