package mysql

import (
	"io"
	"net"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// breakOff connects, reads a part of the greeting, and is gone.
func breakOff(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	lab.Must(t, err)
	c.Read(make([]byte, 16))
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

// from relays connections to addr, from an address of the loopback's.
func from(t *testing.T, source, addr string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	lab.Must(t, err)
	t.Cleanup(func() { l.Close() })
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := dialer.Dial("tcp", addr)
			if err != nil {
				client.Close()
				continue
			}
			go func() {
				io.Copy(server, client)
				server.Close()
			}()
			go func() {
				io.Copy(client, server)
				client.Close()
			}()
		}
	}()
	return l.Addr().String()
}
