// Package scenario plays scenarios with the real programs, on real servers under
// load.
package scenario

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }

// redis starts a server and returns its address.
func redis(t *testing.T) string {
	t.Helper()
	port := lab.FreePort(t)
	lab.Start(t, nil, "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "")
	lab.Poll(t, func() error {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			c.Close()
		}
		return err
	})
	return "127.0.0.1:" + port
}

// A house is a vaurien before a server.
type house struct {
	t       *testing.T
	process *lab.Process
	proxy   string // addresses
	api     string
}

// serve starts a vaurien with a plan, a toxic and a control server.
func serve(t *testing.T, backend string, args ...string) *house {
	t.Helper()
	h := &house{t: t}
	h.process, h.proxy = lab.Vaurien(t, append([]string{"--proxy", "127.0.0.1:0", "--backend", backend, "--protocol", "redis",
		"--http", "127.0.0.1:0", "--seed", "7", "--drain", "1s"}, args...)...)
	h.api = h.process.Wait(`control API started" url=http://(\S+)`)
	h.call("PUT", "/proxies/default/plan", `{"plan": "5:delay", "options": {"delay": {"sleep": "1ms"}}}`)
	h.call("PUT", "/proxies/default/toxics", `[{"name": "t", "behavior": "latency", "percent": 50, "options": {"latency": "1ms"}}]`)
	return h
}

func (h *house) call(method, path, body string) string {
	h.t.Helper()
	req, err := http.NewRequest(method, "http://"+h.api+path, strings.NewReader(body))
	lab.Must(h.t, err)
	res, err := http.DefaultClient.Do(req)
	lab.Must(h.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	lab.Must(h.t, err)
	if res.StatusCode/100 != 2 {
		h.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	return string(text)
}

// state is all that a scenario may change, as the API tells it.
func (h *house) state() string {
	h.t.Helper()
	return h.call("GET", "/proxies/default/plan", "") + h.call("GET", "/proxies/default/toxics", "") +
		h.call("GET", "/proxies/default/backend", "")
}

// wantState waits until all is as it was.
func (h *house) wantState(before string) {
	h.t.Helper()
	var now string
	lab.Poll(h.t, func() error {
		if now = h.state(); now != before {
			return errors.New("before:\n" + before + "\nnow:\n" + now)
		}
		return nil
	})
	c, err := net.Dial("tcp", h.proxy) // it is enabled
	lab.Must(h.t, err)
	c.Close()
}

// write writes a scenario into a file.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.yaml")
	lab.Must(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// status is how a program ended, 128 and the signal's number if one ended it.
func status(err error) int {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0
	}
	if s := exit.Sys().(syscall.WaitStatus); s.Signaled() {
		return 128 + int(s.Signal())
	}
	return exit.ExitCode()
}
