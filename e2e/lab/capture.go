package lab

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

var update = flag.Bool("update", false, "write the captures, and what clients make of failures, anew")

// Record relays one connection to a real server and notes what is said on it.
// The capture is complete once both sides have ended.
func Record(t testing.TB, server string) (addr string, capture func() protocoltest.Capture) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Must(t, err)
	t.Cleanup(func() { l.Close() })
	var mu sync.Mutex
	var c protocoltest.Capture
	note := func(line protocoltest.CaptureLine) {
		mu.Lock()
		defer mu.Unlock()
		if n := len(c.Lines); line.End == "" && n > 0 && c.Lines[n-1].Server == line.Server && c.Lines[n-1].End == "" {
			c.Lines[n-1].Bytes = append(c.Lines[n-1].Bytes, line.Bytes...)
			return
		}
		c.Lines = append(c.Lines, line)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		client, err := l.Accept()
		if err != nil {
			return
		}
		defer client.Close()
		backend, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		defer backend.Close()
		relay := func(from, to net.Conn, server bool) {
			b := make([]byte, 64<<10)
			for {
				n, err := from.Read(b)
				if n > 0 {
					note(protocoltest.CaptureLine{Server: server, Bytes: append([]byte(nil), b[:n]...)})
					to.Write(b[:n])
				}
				if err != nil {
					end := "close"
					if err != io.EOF {
						end = "reset"
					}
					note(protocoltest.CaptureLine{Server: server, End: end})
					to.(*net.TCPConn).CloseWrite()
					return
				}
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() { relay(client, backend, false) })
		wg.Go(func() { relay(backend, client, true) })
		wg.Wait()
	}()
	return l.Addr().String(), func() protocoltest.Capture {
		<-done
		mu.Lock()
		defer mu.Unlock()
		return c
	}
}

// Keep compares a capture with the one kept in a file; with -update it writes
// it there. What differs from run to run must be made equal before.
func Keep(t testing.TB, file string, c protocoltest.Capture) {
	t.Helper()
	keep(t, file, c.String())
}

// A Parsed is what a client made of a failure.
type Parsed struct {
	Kind   string // the failure's name
	Client string // the client library or program, with its version
	Saw    string // the typed error as it parsed it, and what became of the connection
}

// KeepParsed compares what clients made of failures with the table kept in a
// file, from which docs/fidelity.md is made; with -update it writes it there.
func KeepParsed(t testing.TB, file string, all []Parsed) {
	t.Helper()
	var b strings.Builder
	for _, p := range all {
		fmt.Fprintf(&b, "%s\t%s\t%s\n", p.Kind, p.Client, strings.Join(strings.Fields(p.Saw), " "))
	}
	keep(t, file, b.String())
}

func keep(t testing.TB, file, text string) {
	t.Helper()
	if *update {
		Must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		Must(t, os.WriteFile(file, []byte(text), 0o644))
		return
	}
	kept, err := os.ReadFile(file)
	Must(t, err)
	if string(kept) != text {
		t.Errorf("%s is not what was seen now (run with -update to keep it):\nkept:\n%s\nnow:\n%s", file, kept, text)
	}
}
