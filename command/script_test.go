//go:build unix

package command

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/internal/reference"
)

var update = flag.Bool("update", false, "rewrite docs/reference.md")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"vaurien":          func() { Main(Extra{}) },
		"toxiproxy-server": func() { Main(Extra{}) },
		"toxiproxy-cli":    func() { Main(Extra{}) },
		"fetch":            func() { os.Exit(fetch(os.Args[1:])) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Values[sessionsKey{}] = map[string]*session{}
			e.Setenv("GORACE", "atexit_sleep_ms=0") // under -race, each program would end a second late
			var behaviors []string
			for _, k := range builtin.Registry().Behaviors() {
				behaviors = append(behaviors, k.Name)
			}
			e.Setenv("BEHAVIORS", strings.Join(behaviors, ", "))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"backend": cmdBackend,
			"waitlog": cmdWaitLog,
			"signal":  cmdSignal,
			"session": cmdSession,
			"occupy":  cmdOccupy,
			"expand":  cmdExpand,
			"packets": cmdPackets,
			"status":  cmdStatus,
		},
	})
}

// TestReference fails when a page of docs/ is not what the declarations say.
// With -update it writes them.
func TestReference(t *testing.T) {
	a := &app{registry: builtin.Registry(), stdout: io.Discard, stderr: io.Discard}
	for path, write := range map[string]func(io.Writer) error{
		"../docs/reference.md": func(w io.Writer) error { return reference.Markdown(w, a.registry, commands(newRoot(a))) },
		"../docs/fidelity.md":  func(w io.Writer) error { return reference.Fidelity(w, a.registry, os.DirFS("../protocol")) },
	} {
		var want bytes.Buffer
		if err := write(&want); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s is stale: write it anew with: go test ./cmd/vaurien -run TestReference -update", path)
		}
	}
}

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// fetch is a small curl: fetch [-X METHOD] [-d BODY] [-H NAME:VALUE] URL. It
// prints the reply's status and body.
func fetch(args []string) int {
	method, body, header := "", "", http.Header{}
	flags := flag.NewFlagSet("fetch", flag.ExitOnError)
	flags.StringVar(&method, "X", "", "")
	flags.StringVar(&body, "d", "", "")
	flags.Func("H", "", func(h string) error {
		name, value, _ := strings.Cut(h, ":")
		header.Set(name, strings.TrimSpace(value))
		return nil
	})
	flags.Parse(args)
	if method == "" && body != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequest(method, flags.Arg(0), strings.NewReader(body))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	req.Header = header
	resp, err := (&http.Client{Timeout: patience}).Do(req)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode)
	if _, err := io.Copy(os.Stdout, resp.Body); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// cmdBackend is "backend VAR": it starts an HTTP server and sets VAR to its
// address. It greets; under /wait only once somebody has asked for /go; /busy
// answers once somebody waits.
func cmdBackend(ts *testscript.TestScript, neg bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	waiting, released := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "hello from %s\n", args[0]) })
	mux.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) {
		close(waiting)
		<-released
		fmt.Fprintln(w, "waited")
	})
	mux.HandleFunc("/busy", func(http.ResponseWriter, *http.Request) { <-waiting })
	mux.HandleFunc("/go", func(http.ResponseWriter, *http.Request) { close(released) })
	server := &http.Server{Handler: mux}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(l)
	}()
	ts.Defer(func() {
		server.Close()
		<-ended
	})
	ts.Setenv(args[0], l.Addr().String())
}

// cmdOccupy is "occupy VAR": it listens somewhere and sets VAR to the address.
func cmdOccupy(ts *testscript.TestScript, neg bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

// cmdExpand is "expand FILE OTHER": it writes a file into another, with the
// environment's variables in place of their names.
func cmdExpand(ts *testscript.TestScript, neg bool, args []string) {
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o644))
}

// cmdPackets is "packets VAR FILE": it listens for UDP packets, sets VAR to the
// port and writes what comes into the file.
func cmdPackets(ts *testscript.TestScript, neg bool, args []string) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	ts.Check(err)
	file, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			fmt.Fprintf(file, "%s\n", buf[:n])
		}
	}()
	ts.Defer(func() {
		conn.Close()
		<-ended
		file.Close()
	})
	_, port, err := net.SplitHostPort(conn.LocalAddr().String())
	ts.Check(err)
	ts.Setenv(args[0], port)
}

// cmdWaitLog is "waitlog FILE REGEXP [VAR]": it waits until a line of the file
// matches, and sets VAR to what the first group matched.
func cmdWaitLog(ts *testscript.TestScript, neg bool, args []string) {
	want := regexp.MustCompile("(?m)" + args[1])
	deadline := time.After(patience)
	for {
		// The program makes the file once it runs.
		text, _ := os.ReadFile(ts.MkAbs(args[0]))
		if found := want.FindSubmatch(text); found != nil {
			if len(args) > 2 {
				ts.Setenv(args[2], string(found[1]))
			}
			return
		}
		select {
		case <-deadline:
			ts.Fatalf("nothing in %s matches %s:\n%s", args[0], args[1], text)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// cmdSignal is "signal NAME [WORD]": it sends a signal to each vaurien that runs
// in the background and has WORD among its arguments.
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{
		"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "USR1": syscall.SIGUSR1,
	}
	sig, ok := signals[args[0]]
	if !ok {
		ts.Fatalf("unknown signal %s", args[0])
	}
	sent := 0
	for _, cmd := range ts.BackgroundCmds() {
		if filepath.Base(cmd.Path) != "vaurien" || len(args) > 1 && !slices.Contains(cmd.Args, args[1]) {
			continue
		}
		if err := cmd.Process.Signal(sig); !errors.Is(err, os.ErrProcessDone) {
			ts.Check(err)
			sent++
		}
	}
	if sent == 0 {
		ts.Fatalf("there is no such vaurien")
	}
}

// cmdStatus is "status N PROGRAM ARGS...": it runs a program that must end with
// that status.
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](ts.Exec(args[1], args[2:]...)); ok {
		got = exit.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("the status is %d, not %s", got, args[0])
	}
}

type sessionsKey struct{}

// A session is a client's connection that stays open between commands.
type session struct {
	conn net.Conn
	r    *bufio.Reader
}

// cmdSession is "session NAME ADDRESS WANT": it asks for / on a connection that
// it makes the first time and keeps, and checks the reply's status. If WANT is
// gone, it asks nothing and waits until the connection has ended.
func cmdSession(ts *testscript.TestScript, neg bool, args []string) {
	sessions := ts.Value(sessionsKey{}).(map[string]*session)
	s := sessions[args[0]]
	if s == nil {
		conn, err := net.Dial("tcp", args[1])
		ts.Check(err)
		ts.Defer(func() { conn.Close() })
		s = &session{conn, bufio.NewReader(conn)}
		sessions[args[0]] = s
	}
	ts.Check(s.conn.SetDeadline(time.Now().Add(patience)))
	if args[2] == "gone" {
		if _, err := s.r.ReadByte(); err == nil || os.IsTimeout(err) {
			ts.Fatalf("the connection has not ended: %v", err)
		}
		return
	}
	status, err := s.get(args[1])
	ts.Check(err)
	if ok, _ := regexp.MatchString("^"+args[2]+"$", status); !ok {
		ts.Fatalf("status %s, want %s", status, args[2])
	}
}

// get asks for / and returns the reply's status.
func (s *session) get(host string) (string, error) {
	if _, err := fmt.Fprintf(s.conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host); err != nil {
		return "", err
	}
	resp, err := http.ReadResponse(s.r, nil)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return fmt.Sprint(resp.StatusCode), err
}
