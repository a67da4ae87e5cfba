package main

import (
	"errors"
	"net"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"vaurienctl": main}) }

// TestScripts runs the scripts, each with a daemon of its own behind HOST, one
// more that wants a token behind GUARDED, and nobody at NOBODY.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status},
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", "atexit_sleep_ms=0") // under -race, each run would end a second late
			d, _ := controltest.NewDaemon(t, builtin.Registry())
			e.Defer(func() { d.Close() })
			for name, address := range map[string]string{spec.DefaultProxy: "127.0.0.1:8000", "web": "127.0.0.1:8001"} {
				p := spec.Proxy{Name: name, Settings: option.Values{"proxy": {Text: address}, "protocol": {Text: "http"}}}
				if _, err := d.Put(t.Context(), p); err != nil {
					return err
				}
			}
			serve := func(name string, o control.HandlerOptions) {
				server := httptest.NewServer(control.NewHandler(d, o))
				e.Defer(server.Close)
				e.Setenv(name, server.Listener.Addr().String())
			}
			serve("HOST", control.HandlerOptions{})
			serve("GUARDED", control.HandlerOptions{Token: "s3cret"})
			nobody, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			e.Setenv("NOBODY", nobody.Addr().String())
			return nobody.Close()
		},
	})
}

// status runs a program that must end with a status: status 2 vaurienctl …
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N program args...")
	}
	got := "0"
	if exit, ok := errors.AsType[*exec.ExitError](ts.Exec(args[1], args[2:]...)); ok {
		got = strconv.Itoa(exit.ExitCode())
	}
	if got != args[0] {
		ts.Fatalf("the status is %s, not %s", got, args[0])
	}
}
