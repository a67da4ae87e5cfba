//go:build unix

package matrix

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/internal/command"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// The test is also the command that it runs.
func TestMain(m *testing.M) {
	if mode := os.Getenv("MATRIX_TEST_CLIENT"); mode != "" {
		os.Exit(client(mode, os.Getenv("VAURIEN_ECHO_ADDR")))
	}
	goleak.VerifyTestMain(m)
}

// client asks an echo server. What it is after depends on the mode:
//
//	once     an answer
//	through  an answer, an error, and an answer again; on two connections
func client(mode, address string) int {
	deadline := time.Now().Add(patience)
	var conn net.Conn
	ask := func() error {
		var err error
		if conn == nil {
			if conn, err = net.Dial("tcp", address); err != nil {
				return err
			}
		}
		conn.SetDeadline(deadline)
		if _, err = fmt.Fprintln(conn, "hello"); err == nil {
			_, err = bufio.NewReader(conn).ReadString('\n')
		}
		if err != nil {
			conn.Close()
			conn = nil
		}
		return err
	}
	for first, lost := true, false; time.Now().Before(deadline); first = false {
		err := ask()
		fmt.Println("asked:", err)
		switch {
		case mode == "once" && err != nil, first && err != nil && mode == "through":
			return 3
		case mode == "once", lost && err == nil:
			return 0
		}
		lost = lost || err != nil
		<-time.After(5 * time.Millisecond)
	}
	return 4
}

// echo starts a server and returns its address.
func echo(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				lines := bufio.NewReader(conn)
				for {
					line, err := lines.ReadString('\n')
					if err != nil {
						return
					}
					fmt.Fprint(conn, line)
				}
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	return l.Addr().String()
}

// of returns the matrix of these failures of an echo server, and how it is run.
func of(t *testing.T, mode string, settings option.Values, failures ...string) (*Matrix, Config) {
	t.Helper()
	p := proxy("echo", "tcp")
	p.Settings["backend"] = option.Value{Text: echo(t)}
	m, err := New(builtin.Registry(), []spec.Proxy{p}, nil, settings, nil)
	if err == nil {
		err = m.Select(failures, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return m, Config{Command: []string{self}, Environ: append(os.Environ(), "MATRIX_TEST_CLIENT="+mode), Seed: 7}
}

func TestRun(t *testing.T) {
	m, config := of(t, "once", option.Values{"repeat": {Text: "2"}, "parallel": {Text: "3"}}, "refuse", "slow-line")
	var told []string
	config.Progress = func(p Progress) {
		if p.Run != nil {
			told = append(told, fmt.Sprintf("%d/%d", p.Done, p.Of))
		}
	}
	report, err := m.Run(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range report.Cells {
		got = append(got, fmt.Sprintf("%s %s %d %d", c.Failure, c.Outcome, c.Failed, len(c.Runs)))
		for i, r := range c.Runs {
			if r.Seed != uint64(7+i) || r.Proxies[0].Seed != r.Seed {
				t.Errorf("%s: run %d has the seed %d", c.Failure, i, r.Seed)
			}
		}
	}
	want := []string{"refuse failed 2 2", "slow-line survived 0 2"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if want := []string{"1/6", "2/6", "3/6", "4/6", "5/6", "6/6"}; !slices.Equal(told, want) {
		t.Errorf("told: %q", told)
	}
	if last := report.Cells[0].last(); last.Status != 3 || !strings.Contains(strings.Join(last.Tail, "\n"), "asked: ") {
		t.Errorf("%+v", last)
	}
}

// A backend that is away for a time resets what is open, and comes back.
func TestWindow(t *testing.T) {
	m, config := of(t, "through", nil, "restart", "dropped")
	for i := range m.Cases {
		m.Cases[i].When.For = 50 * time.Millisecond
	}
	config.Environ = append(config.Environ, "MATRIX_TEST_CLIENT=once")
	// Without a failure there is nothing to come through: it asks once.
	calm, err := m.Run(t.Context(), config)
	if err != nil || !calm.Held {
		t.Fatalf("%+v, %v", calm, err)
	}
	w := &work{Matrix: m, config: config, outputs: t.TempDir()}
	w.config.Environ = append(config.Environ, "MATRIX_TEST_CLIENT=through")
	for i := range m.Cases {
		r, err := w.run(t.Context(), attempt{Case: &m.Cases[i], number: 1, label: m.Cases[i].Name})
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != 0 || r.Hits == 0 {
			t.Errorf("%s: %s, hit %d times\n%q", m.Cases[i].Name, r.End(), r.Hits, r.Tail)
		}
	}
}

func TestTimeout(t *testing.T) {
	m, config := of(t, "", option.Values{"run-timeout": {Text: "2s"}}, "hang")
	// At first it only connects, and then it stays, with what it has started.
	config.Command = []string{"bash", "-c", "exec 3<>/dev/tcp/${VAURIEN_ECHO_ADDR/://}; test -e $0 && (sleep 1000 & sleep 1000); touch $0", t.TempDir() + "/again"}
	report, err := m.Run(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	c := report.Cells[0]
	if len(c.Runs) != 1 || !c.Runs[0].TimedOut || c.Runs[0].Signal != "SIGTERM" {
		t.Errorf("%s, %+v", c.Outcome, report)
	}
}

func TestInterrupted(t *testing.T) {
	m, config := of(t, "once", nil, "delay", "hang")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	config.Progress = func(p Progress) {
		if p.Label == "echo/hang" { // it has begun
			cancel()
		}
	}
	report, err := m.Run(ctx, config)
	if err != nil || !report.Interrupted || report.Count(NotRun) == 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

// What fails without a failure is not asked how it fails.
func TestUnwell(t *testing.T) {
	m, config := of(t, "once", nil, "delay")
	config.Command = []string{"sh", "-c", "echo no; exit 5"}
	report, err := m.Run(t.Context(), config)
	if err != nil || report.Held || report.Count(NotRun) != 1 || report.Control.words() != "Without a failure: exit status 5 after "+seconds(report.Control.Runs[0].Seconds) {
		t.Errorf("%+v, %v", report, err)
	}
	config.Command = []string{"no-such-command"}
	_, err = m.Run(t.Context(), config)
	if failed, ok := err.(*command.StartError); !ok || failed.Status != command.StatusNotFound {
		t.Errorf("%v", err)
	}
}

// A backend of which nothing is tried is not reported.
func TestUnasked(t *testing.T) {
	m, err := New(builtin.Registry(), []spec.Proxy{proxy("db", "redis"), proxy("web", "http")}, nil, nil, nil)
	if err == nil {
		err = m.Select([]string{"web/refuse"}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if r := m.report(Config{}, time.Now()); len(r.Backends) != 1 || r.Backends[0].Name != "web" {
		t.Errorf("reported are %+v", r.Backends)
	}
}
