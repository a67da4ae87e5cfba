// Package e2e runs the programs as users do: real vaurien and vaurienctl
// binaries, a real nginx, curl and wrk. The packages below it do so with the
// servers of each protocol.
package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "..") }

// nginx starts a real server with a small file, /small.html, and a large one,
// /large, and returns its address.
func nginx(t *testing.T) string {
	t.Helper()
	dir, port := t.TempDir(), lab.FreePort(t)
	lab.Must(t, os.Chmod(dir, 0o755))
	lab.Must(t, os.WriteFile(filepath.Join(dir, "small.html"), []byte("<p>hello from nginx</p>\n"), 0o644))
	lab.Must(t, os.WriteFile(filepath.Join(dir, "large"), bytes.Repeat([]byte("0123456789abcdef"), 4<<20), 0o644))
	conf := filepath.Join(dir, "nginx.conf")
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // the files are this user's
	}
	lab.Must(t, os.WriteFile(conf, fmt.Appendf(nil, `
%[3]s daemon off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 1024; }
http {
	access_log off; keepalive_requests 1000000; client_max_body_size 0;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	server { listen 127.0.0.1:%[2]s; root %[1]s; index small.html; }
}`, dir, port, user), 0o644))
	lab.Start(t, nil, "nginx", "-c", conf, "-p", dir)
	addr := "127.0.0.1:" + port
	lab.Poll(t, func() error {
		res, err := http.Get("http://" + addr + "/small.html")
		if err == nil {
			res.Body.Close()
		}
		return err
	})
	return addr
}
