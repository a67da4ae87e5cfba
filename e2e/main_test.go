// Package e2e runs the programs as users do: real vaurien and vaurienctl
// binaries, a real nginx, curl and wrk.
package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything that must come may take.
const patience = 30 * time.Second

// bin is where the programs are.
var bin string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "vaurien-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		bin = dir
		build := exec.Command("go", "build", "-o", dir, "./cmd/...")
		build.Dir = ".."
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "building the programs:", err)
			return 1
		}
		os.Setenv("PATH", dir+":"+os.Getenv("PATH")+":/usr/sbin")
		return m.Run()
	}())
}

// output collects what a program writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// A process is a program that runs until stop.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *output
	done chan struct{}
	err  error
}

// start runs a program until the test ends.
func start(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, out: new(output), done: make(chan struct{})}
	p.cmd = exec.Command(name, args...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { p.stop() })
	return p
}

// stop ends the program as a user does, and waits for it.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		p.cmd.Process.Kill()
		p.t.Errorf("%s did not end:\n%s", p.cmd.Path, p.out)
	}
}

// wait returns the first match of pattern's group in what the program writes.
func (p *process) wait(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	var found string
	poll(p.t, func() error {
		m := re.FindStringSubmatch(p.out.String())
		if m == nil {
			select {
			case <-p.done:
				p.t.Fatalf("it has ended: %v\n%s", p.err, p.out)
			default:
			}
			return fmt.Errorf("%q does not come:\n%s", pattern, p.out)
		}
		found = m[len(m)-1]
		return nil
	})
	return found
}

// poll calls f until it returns nil.
func poll(t *testing.T, f func() error) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// freePort returns a port of the loopback that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// nginx starts a real server with a small file, /small.html, and a large one,
// /large, and returns its address.
func nginx(t *testing.T) string {
	t.Helper()
	dir, port := t.TempDir(), freePort(t)
	must(t, os.Chmod(dir, 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "small.html"), []byte("<p>hello from nginx</p>\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "large"), bytes.Repeat([]byte("0123456789abcdef"), 4<<20), 0o644))
	conf := filepath.Join(dir, "nginx.conf")
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // the files are this user's
	}
	must(t, os.WriteFile(conf, fmt.Appendf(nil, `
%[3]s daemon off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 1024; }
http {
	access_log off; keepalive_requests 1000000; client_max_body_size 0;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	server { listen 127.0.0.1:%[2]s; root %[1]s; index small.html; }
}`, dir, port, user), 0o644))
	start(t, nil, "nginx", "-c", conf, "-p", dir)
	addr := "127.0.0.1:" + port
	poll(t, func() error {
		res, err := http.Get("http://" + addr + "/small.html")
		if err == nil {
			res.Body.Close()
		}
		return err
	})
	return addr
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// vaurien starts the proxy and returns it with the address of its proxy.
func vaurien(t *testing.T, args ...string) (*process, string) {
	t.Helper()
	p := start(t, nil, "vaurien", args...)
	return p, p.wait(`proxy started.* listen=(\S+)`)
}

// run runs a program to its end and returns what it wrote.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is missing: scripts/setup installs it", name)
	}
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
