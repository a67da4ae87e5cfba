package e2e

import (
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	lab.Must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func checksum(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	lab.Must(t, err)
	return fmt.Sprintf("%x", sha256.Sum256(b))
}

// curl gets through every protocol and plan what it gets from nginx itself.
func TestCurlGetsTheSameAsDirect(t *testing.T) {
	backend := nginx(t)
	dir := t.TempDir()
	direct := filepath.Join(dir, "direct")
	lab.Run(t, "curl", "-sSf", "-o", direct, "http://"+backend+"/large")
	for _, args := range []string{
		"--protocol tcp",
		"--protocol http",
		"--protocol http --behavior 100:delay --behavior-delay-sleep 50ms",
		"--protocol http --behavior 100:delay --behavior-delay-sleep 50ms --behavior-delay-before=false",
		"--protocol tcp --behavior 100:delay --behavior-delay-sleep 20ms --behavior-delay-jitter 20ms --behavior-delay-distribution pareto",
		"--protocol http --protocol-http-overwrite-host-header",
	} {
		_, addr := lab.Vaurien(t, append(strings.Fields(args), "--proxy", "localhost:0", "--backend", backend)...)
		got := filepath.Join(dir, "got")
		for _, version := range []string{"--http1.0", "--http1.1"} {
			lab.Run(t, "curl", "-sSf", version, "-o", got, "http://"+addr+"/large")
			if checksum(t, got) != checksum(t, direct) {
				t.Errorf("%s, %s: the file differs", args, version)
			}
			lab.Run(t, "curl", "-sSf", version, "-I", "http://"+addr+"/large")
		}
		// Ranges, several on one connection, and an upload that waits for leave.
		out := lab.Run(t, "curl", "-sSf", "-r", "16-31", "http://"+addr+"/large", "http://"+addr+"/large")
		if out != strings.Repeat("0123456789abcdef", 2) {
			t.Errorf("%s: ranges gave %q", args, out)
		}
		status := lab.Run(t, "curl", "-s", "-o", got, "-w", "%{http_code}", "-H", "Expect: 100-continue", "-T", direct, "http://"+addr+"/upload")
		if status != "405" {
			t.Errorf("%s: an upload gave %s", args, status)
		}
	}
}

var (
	wrkRequests = regexp.MustCompile(`(\d+) requests in`)
	wrkErrors   = regexp.MustCompile(`Socket errors.*`)
	wrkNon2xx   = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
)

// wrk's keep-alive connections pass without an error, and where the plan makes
// errors it sees errors, and no others.
func TestWrk(t *testing.T) {
	backend := nginx(t)
	for _, c := range []struct {
		args   string
		errors bool
	}{
		{"--protocol tcp", false},
		{"--protocol http", false},
		{"--protocol http --behavior 30:delay --behavior-delay-sleep 2ms", false},
		{"--protocol http --behavior 10:error", true},
	} {
		// Without a line for each fault, and so without one that has the address.
		addr := "127.0.0.1:" + lab.FreePort(t)
		lab.Start(t, nil, "vaurien", append(strings.Fields(c.args), "--proxy", addr, "--backend", backend, "--log-level", "error")...)
		lab.Poll(t, func() error {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				c.Close()
			}
			return err
		})
		out := lab.Run(t, "wrk", "-t1", "-c32", "-d1s", "http://"+addr+"/small.html")
		if m := wrkRequests.FindStringSubmatch(out); m == nil || m[1] == "0" {
			t.Errorf("%s: no requests:\n%s", c.args, out)
		}
		if e := wrkErrors.FindString(out); e != "" {
			t.Errorf("%s: %s", c.args, e)
		}
		if bad := wrkNon2xx.FindStringSubmatch(out); (bad != nil) != c.errors {
			t.Errorf("%s: responses other than 2xx: %v", c.args, bad)
		}
	}
}
