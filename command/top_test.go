//go:build linux

package command

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// TestTopInTerminal: in a terminal, "top" draws what real traffic meets, follows
// the terminal's size, does what keys ask for, and leaves the terminal as it was.
func TestTopInTerminal(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	defer backend.Close()
	api := freeAddress(t)
	proxy := freeAddress(t)
	server := exec.Command("vaurien", "--proxy", proxy, "--backend", backend.Listener.Addr().String(), "--protocol", "http",
		"--behavior", "100:error", "--http", api)
	launch(t, server)
	await(t, func() error {
		resp, err := http.Get("http://" + api + "/handler")
		if err == nil {
			resp.Body.Close()
		}
		return err
	})

	for _, color := range []bool{true, false} {
		t.Run(fmt.Sprint("color=", color), func(t *testing.T) {
			top := exec.Command("vaurien", "top", "--host", api)
			top.Env = append(os.Environ(), "TERM=xterm-256color")
			if !color {
				top.Env = append(top.Env, "NO_COLOR=1")
			}
			term := newTerminal(t, top, 80, 24)
			term.wait(`PROXY\*`)
			term.wait(`default`)
			resp, err := http.Get("http://" + proxy + "/hello")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			term.wait(`GET /hello`)
			term.wait(`failed`)
			if got := foreground.MatchString(term.text()); got != color {
				t.Errorf("colors: %v, want %v:\n%q", got, color, term.text())
			}
			term.resize(120, 40)
			term.wait(`TO CLIENT`) // there is room for it now
			term.press("s")
			term.wait(`ALL CHAOS STOPPED`)
			resp, err = http.Get("http://" + proxy + "/well")
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("%v, %v", resp, err)
			}
			resp.Body.Close()
			term.press("u")
			term.wait(`is put back`)
			term.press("?")
			term.wait(`the server goes on`)
			term.press("q")
			term.end()
		})
	}

	t.Run("signal", func(t *testing.T) {
		top := exec.Command("vaurien", "top", "--host", api)
		top.Env = append(os.Environ(), "TERM=xterm")
		term := newTerminal(t, top, 80, 24)
		term.wait(`default`)
		if err := top.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		term.end()
	})

	t.Run("dumb", func(t *testing.T) {
		top := exec.Command("vaurien", "top", "--host", api, "--once")
		top.Env = append(os.Environ(), "TERM=dumb")
		term := newTerminal(t, top, 80, 24)
		term.wait(` default error, `)
		if err := top.Wait(); err != nil || strings.Contains(term.text(), "\x1b") {
			t.Errorf("%v: %q", err, term.text())
		}
	})
}

// foreground is what puts a terminal's text in one of its sixteen colors.
var foreground = regexp.MustCompile("\x1b\\[([0-9;]*;)?[39][0-7](;[0-9;]*)?m")

// What a program that fills a terminal does to it, and undoes at its end.
const (
	otherScreen = "\x1b[?1049h"
	ownScreen   = "\x1b[?1049l"
	cursorShown = "\x1b[?25h"
)

// A terminal has a program in it.
type terminal struct {
	t    *testing.T
	file *os.File
	cmd  *exec.Cmd
	read chan struct{}

	mu  sync.Mutex
	out strings.Builder
}

func newTerminal(t *testing.T, cmd *exec.Cmd, width, height uint16) *terminal {
	t.Helper()
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: width, Rows: height})
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, file: file, cmd: cmd, read: make(chan struct{})}
	go func() {
		defer close(term.read)
		buf := make([]byte, 64<<10)
		for {
			n, err := file.Read(buf)
			term.mu.Lock()
			term.out.Write(buf[:n])
			term.mu.Unlock()
			if err != nil {
				return // EIO: the program has ended
			}
		}
	}()
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
		<-term.read
		file.Close()
	})
	return term
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.out.String()
}

// wait waits until the program has drawn what matches. What moves the cursor
// may stand where spaces are to be seen.
func (term *terminal) wait(pattern string) {
	term.t.Helper()
	want := regexp.MustCompile(strings.ReplaceAll(pattern, " ", `(?: |\x1b\[[0-9;]*[A-Za-z])+`))
	await(term.t, func() error {
		if text := term.text(); !want.MatchString(text) {
			return fmt.Errorf("nothing matches %s: %q", pattern, text)
		}
		return nil
	})
}

func (term *terminal) press(keys string) {
	term.t.Helper()
	if _, err := term.file.WriteString(keys); err != nil {
		term.t.Fatal(err)
	}
}

func (term *terminal) resize(width, height uint16) {
	term.t.Helper()
	if err := pty.Setsize(term.file, &pty.Winsize{Cols: width, Rows: height}); err != nil {
		term.t.Fatal(err)
	}
}

// end waits until the program has ended well, and has left the terminal as it
// was.
func (term *terminal) end() {
	term.t.Helper()
	stuck := time.AfterFunc(patience, func() { term.cmd.Process.Kill() })
	defer stuck.Stop()
	if err := term.cmd.Wait(); err != nil {
		term.t.Errorf("it ended with %v", err)
	}
	<-term.read
	text := term.text()
	for _, pair := range [][2]string{{otherScreen, ownScreen}, {otherScreen, cursorShown}} {
		if strings.LastIndex(text, pair[1]) < strings.LastIndex(text, pair[0]) || !strings.Contains(text, pair[0]) {
			term.t.Errorf("%q was not undone by %q", pair[0], pair[1])
		}
	}
}

// launch starts a program that is ended with the test.
func launch(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
}

func await(t *testing.T, f func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// freeAddress returns an address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
