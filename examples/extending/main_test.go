package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// asProgram is set where the test's binary is to be the program.
const asProgram = "EXTENDING_IS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program returns the program of this folder, to be run with args.
func program(t *testing.T, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// started starts a command that is to be stopped when the test ends.
func started(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

// freePort returns a port on which nobody listens now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// dial connects to a server that is just starting.
func dial(t *testing.T, port string) net.Conn {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			t.Cleanup(func() { c.Close() })
			c.SetDeadline(time.Now().Add(20 * time.Second))
			return c
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// beanstalkd starts one and returns its port.
func beanstalkd(t *testing.T) string {
	t.Helper()
	port := freePort(t)
	started(t, exec.CommandContext(t.Context(), "beanstalkd", "-l", "127.0.0.1", "-p", port))
	dial(t, port)
	return port
}

// proxy starts the program before a port and returns its own.
func proxy(t *testing.T, backend string, args ...string) string {
	t.Helper()
	port := freePort(t)
	started(t, program(t, append([]string{"--proxy", "127.0.0.1:" + port, "--backend", "127.0.0.1:" + backend}, args...)...))
	return port
}

// ask sends a command and returns the first line of the reply.
func ask(t *testing.T, c net.Conn, r *bufio.Reader, command string) string {
	t.Helper()
	if _, err := io.WriteString(c, command); err != nil {
		t.Fatal(err)
	}
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatalf("%q: %v", command, err)
	}
	return strings.TrimSpace(line)
}

const putHello = "put 0 0 60 5\r\nhello\r\n"

// Each command is an exchange of its own, and the failures are beanstalkd's.
func TestProtocol(t *testing.T) {
	backend := beanstalkd(t)
	port := proxy(t, backend, "--protocol", "beanstalk", "--behavior", "100:error",
		"--behavior-error-kind", "draining", "--behavior-error-every", "2")
	c := dial(t, port)
	r := bufio.NewReader(c)
	var got []string
	for range 4 {
		got = append(got, strings.Fields(ask(t, c, r, putHello))[0])
	}
	if want := []string{"INSERTED", "DRAINING", "INSERTED", "DRAINING"}; !slices.Equal(got, want) {
		t.Errorf("put gave %q, want %q", got, want)
	}
	if got := ask(t, c, r, "reserve\r\n"); !strings.HasPrefix(got, "RESERVED ") {
		t.Errorf("reserve gave %q", got)
	}
	if job, err := r.ReadString('\n'); job != "hello\r\n" || err != nil {
		t.Errorf("the job is %q, %v", job, err)
	}
}

// Above the quiet rate the server is slow, and above twice as much it fails.
func TestRushHour(t *testing.T) {
	backend := beanstalkd(t)
	port := proxy(t, backend, "--protocol", "beanstalk", "--behavior", "100:rush_hour",
		"--behavior-rush_hour-calm", "3", "--behavior-rush_hour-slow", "1ms")
	c := dial(t, port)
	r := bufio.NewReader(c)
	io.WriteString(c, strings.Repeat("use default\r\n", 12)) // in one go: in one second
	fine, failed := 0, 0
	for range 12 {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "USING default\r\n" {
			fine++
		} else {
			failed++
		}
	}
	if fine != 6 || failed != 6 {
		t.Errorf("%d were answered and %d failed, want 6 of each", fine, failed)
	}
}

// A behavior that takes the connections over has them to itself.
func TestBackwards(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	_, backend, _ := net.SplitHostPort(l.Addr().String())
	c := dial(t, proxy(t, backend, "--behavior", "100:backwards")).(*net.TCPConn)
	io.WriteString(c, "vaurien")
	c.CloseWrite()
	if got, err := io.ReadAll(c); string(got) != "neiruav" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

// The codec obeys the laws of all codecs.
func TestLaws(t *testing.T) {
	protocoltest.Laws(t, beanstalk{}.NewCodec, protocoltest.Talk{
		Requests: []byte(putHello + "reserve\r\nstats\r\ndelete 1\r\nquit\r\n"),
		Replies:  []byte("INSERTED 1\r\nRESERVED 1 5\r\nhello\r\nOK 4\r\n---\n\r\nDELETED\r\n"),
	})
}

// What is no beanstalk is passed on as it is.
func TestOpaque(t *testing.T) {
	for _, talk := range []string{"put 1\r\n", "put 1 2 3 x\r\n", "\r\n", strings.Repeat("x", longestLine+1)} {
		_, err := protocoltest.Play(beanstalk{}.NewCodec(), protocoltest.Talk{Requests: []byte(talk)}, protocoltest.Pace{})
		if err != nil && !vaurien.IsOpaque(err) {
			t.Errorf("%.20q: %v", talk, err)
		}
	}
}

// Mistakes get one line.
func TestMistakes(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--behavior", "100:rush_hour", "--behavior-rush_hour-calm", "0"}, "--behavior-rush_hour-calm"},
		{[]string{"--protocol", "beanstalk", "--behavior", "100:error", "--behavior-error-kind", "drunk"}, "known: out-of-memory, internal-error, draining"},
		{[]string{"--protocol", "beanstalk", "--behavior", "100:error", "--behavior-error-kind", "draining", "--behavior-error-message", "x"}, "single words"},
	} {
		out, err := program(t, append(tt.args, "--check")...).CombinedOutput()
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() != 2 || !bytes.Contains(out, []byte(tt.want)) || bytes.Count(out, []byte("\n")) != 1 {
			t.Errorf("%q: %v\n%s", tt.args, err, out)
		}
	}
}

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// The guide shows what is in these files.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../../docs/extending.md")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range []string{"main.go", "rushhour.go", "sockets.go", "beanstalk.go", "main_test.go"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	blocks := goBlock.FindAllStringSubmatch(string(guide), -1)
	if len(blocks) < 5 {
		t.Errorf("%d blocks of Go", len(blocks))
	}
	for _, b := range blocks {
		if !strings.Contains(all.String(), b[1]) {
			t.Errorf("not in the example:\n%s", b[1])
		}
	}
}
