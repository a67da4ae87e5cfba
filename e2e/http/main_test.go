// Package http_test puts vaurien between real clients of HTTP/1.1 and a real
// nginx, and drives nginx into the failures that Vaurien makes.
package http_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

// nginx starts a real server with this server block, in which PORT is its
// port and DIR its directory, and returns its address.
func nginx(t *testing.T, server string) string {
	t.Helper()
	dir, port := t.TempDir(), lab.FreePort(t)
	lab.Must(t, os.Chmod(dir, 0o755))
	lab.Must(t, os.WriteFile(filepath.Join(dir, "index.html"), []byte("<p>hello from nginx</p>\n"), 0o644))
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // the files are this user's
	}
	server = strings.NewReplacer("PORT", "127.0.0.1:"+port, "DIR", dir).Replace(server)
	conf := filepath.Join(dir, "nginx.conf")
	lab.Must(t, os.WriteFile(conf, fmt.Appendf(nil, `
%[2]s daemon off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 1024; }
http {
	access_log off; server_tokens off; root %[1]s; keepalive_requests 1000000;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	limit_req_zone all zone=all:1m rate=1r/m;
	%[3]s
}`, dir, user, server), 0o644))
	p := lab.Start(t, nil, "nginx", "-c", conf, "-p", dir)
	addr := "127.0.0.1:" + port
	lab.Poll(t, func() error {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return fmt.Errorf("%v: %s", err, p.Out)
		}
		return c.Close()
	})
	return addr
}

// upstream answers the first bytes of each connection with reply, and closes
// it; without a reply it says nothing until the client goes.
func upstream(t *testing.T, reply string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	lab.Must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				b := make([]byte, 4096)
				if _, err := c.Read(b); err == nil && reply != "" {
					c.Write([]byte(reply))
					return
				}
				c.Read(b)
			}()
		}
	}()
	return l.Addr().String()
}
