// Package lab starts what the end-to-end tests need: the real vaurien and
// vaurienctl binaries, and real servers and clients.
package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience is how long anything that must come may take.
const Patience = 30 * time.Second

// Main is the TestMain of a package of end-to-end tests, in the directory up
// below that of the whole project: "../..". It builds the programs, puts them
// first on the PATH, and runs the tests.
func Main(m *testing.M, up string) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "vaurien-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		build := exec.Command("go", "build", "-o", dir, "./cmd/...")
		build.Dir = up
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "building the programs:", err)
			return 1
		}
		os.Setenv("PATH", dir+":"+os.Getenv("PATH")+":/usr/sbin:/sbin")
		return m.Run()
	}())
}

// An Output collects what a program writes.
type Output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// A Process is a program that runs until stop.
type Process struct {
	t    testing.TB
	Cmd  *exec.Cmd
	Out  *Output
	done chan struct{}
	err  error
}

// Start runs a program until the test ends.
func Start(t testing.TB, env []string, name string, args ...string) *Process {
	t.Helper()
	p := &Process{t: t, Out: new(Output), done: make(chan struct{})}
	p.Cmd = exec.Command(name, args...)
	p.Cmd.Env = append(os.Environ(), env...)
	p.Cmd.Stdout, p.Cmd.Stderr = p.Out, p.Out
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.Cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { p.Stop() })
	return p
}

// Stop ends the program as a user does, and waits for it.
func (p *Process) Stop() {
	p.Cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(Patience):
		p.Cmd.Process.Kill()
		p.t.Errorf("%s did not end:\n%s", p.Cmd.Path, p.Out)
	}
}

// Wait returns the first match of pattern's group in what the program writes.
func (p *Process) Wait(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	var found string
	Poll(p.t, func() error {
		m := re.FindStringSubmatch(p.Out.String())
		if m == nil {
			select {
			case <-p.done:
				p.t.Fatalf("it has ended: %v\n%s", p.err, p.Out)
			default:
			}
			return fmt.Errorf("%q does not come:\n%s", pattern, p.Out)
		}
		found = m[len(m)-1]
		return nil
	})
	return found
}

// Poll calls f until it returns nil.
func Poll(t testing.TB, f func() error) {
	t.Helper()
	for end := time.Now().Add(Patience); ; {
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

// FreePort returns a port of the loopback that nobody listens on.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Vaurien starts the proxy and returns it with the address of its proxy.
func Vaurien(t testing.TB, args ...string) (*Process, string) {
	t.Helper()
	p := Start(t, nil, "vaurien", args...)
	return p, p.Wait(`proxy started.* listen=(\S+)`)
}

// Run runs a program to its end and returns what it wrote.
func Run(t testing.TB, name string, args ...string) string {
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
