package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// backend starts the one of that kind, unless it runs.
func (b *bed) backend(kind string) error {
	if b.pid[kind] != 0 {
		return nil
	}
	name, args, err := b.backendCommand(kind)
	if err != nil {
		return err
	}
	cmd, done, err := b.procs.spawn(filepath.Join(b.dir, "backend-"+kind+".log"), nil, name, args...)
	if err != nil {
		return err
	}
	if err := waitListen(b.port[kind], done, 20*time.Second); err != nil {
		return fmt.Errorf("%s: %v", kind, err)
	}
	b.pid[kind] = cmd.Process.Pid
	if kind == "pg" {
		return fillPostgres()
	}
	return nil
}

// backendCommand is what to run for a backend, its files having been made.
func (b *bed) backendCommand(kind string) (name string, args []string, err error) {
	switch kind {
	case "raw":
		exe, err := os.Executable()
		return exe, []string{"serve", "-listen", fmt.Sprintf("127.0.0.1:%d", rawPort), "-max-time", "3h"}, err
	case "redis":
		return "redis-server", []string{"--port", strconv.Itoa(redisPort), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}, nil
	case "pg":
		return b.postgresCommand()
	case "http":
		conf := filepath.Join(b.dir, "http.conf")
		www := filepath.Join(b.dir, "www")
		os.MkdirAll(www, 0o755)
		os.WriteFile(filepath.Join(www, "small.html"), bytes.Repeat([]byte("x"), 612), 0o644)
		os.WriteFile(conf, fmt.Appendf(nil, `daemon off; worker_processes 1; pid %s/http.pid; error_log %s/http.err;
events { worker_connections 16384; }
http { access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000; open_file_cache max=10;
 server { listen 127.0.0.1:%d backlog=4096; root %s; } }
`, b.dir, b.dir, httpPort, www), 0o644)
		return "nginx", []string{"-c", conf}, nil
	}
	return "", nil, fmt.Errorf("no backend %q", kind)
}
