package memcache

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// plans under which clients must see what they see without vaurien.
var plans = []string{
	"--behavior 100:dummy",
	"--behavior 30:delay --behavior-delay-sleep 3ms",
}

// throughPlans runs a scenario with a server of its own directly, and then with
// others through vaurien, and compares what it returns.
func throughPlans(t *testing.T, scenario func(t *testing.T, addr string) string) {
	want := scenario(t, memcached(t))
	for _, plan := range plans {
		t.Run(plan, func(t *testing.T) {
			p, addr := proxy(t, memcached(t), strings.Fields(plan)...)
			if got := scenario(t, addr); got != want {
				t.Errorf("through vaurien:\n%s\ndirectly:\n%s", got, want)
			}
			understood(t, p)
		})
	}
}

// tool runs one of libmemcached's tools and returns what it wrote and whether
// it failed.
func tool(t *testing.T, addr, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, append([]string{"--servers=" + addr}, args...)...).CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatalf("%s: %v: scripts/setup installs it", name, err)
	}
	said := strings.ReplaceAll(string(out), addr, "SERVER")
	host, port, _ := net.SplitHostPort(addr)
	said = strings.ReplaceAll(strings.ReplaceAll(said, host+": "+port, "SERVER"), port, "PORT")
	if err != nil {
		said += err.Error() + "\n"
	}
	return said
}

// The tools of libmemcached, in text and in binary.
func TestLibmemcached(t *testing.T) {
	for _, dialect := range []string{"text", "binary"} {
		t.Run(dialect, func(t *testing.T) {
			dir := t.TempDir()
			rng := rand.New(rand.NewPCG(1, 2))
			var files, names []string
			for i, size := range []int{0, 1, 100, 3000, 70_000, 900_000} {
				b := make([]byte, size)
				for i := range b {
					b[i] = byte(rng.Uint32())
				}
				names = append(names, fmt.Sprintf("file%d", i))
				files = append(files, filepath.Join(dir, names[i]))
				lab.Must(t, os.WriteFile(files[i], b, 0o644))
			}
			throughPlans(t, func(t *testing.T, addr string) string {
				var all strings.Builder
				note := func(name string, args ...string) {
					if dialect == "binary" {
						args = append([]string{"--binary"}, args...)
					}
					out := tool(t, addr, name, args...)
					if len(out) > 500 {
						out = fmt.Sprintf("%d bytes, %x\n", len(out), sha256.Sum256([]byte(out)))
					}
					fmt.Fprintf(&all, "%s: %s", name, out)
				}
				note("memcping")
				note("memccp", files...)
				for _, f := range names {
					note("memccat", f)
				}
				note("memccat", names...)
				note("memccat", append([]string{"absent"}, names[:3]...)...)
				note("memccp", append([]string{"--add"}, files[0])...)
				note("memccp", append([]string{"--replace"}, files[1])...)
				note("memccp", append([]string{"--buffer"}, files[:4]...)...)
				note("memcexist", names[0], "absent")
				note("memctouch", "--expire=1000", names[0], "absent")
				note("memcrm", names[0], "absent")
				note("memccat", names[0])
				note("memcflush")
				note("memccat", names[1])
				return all.String()
			})
		})
	}
}

// memccapable tries every command of a server, and says which work.
func TestMemccapable(t *testing.T) {
	for _, dialect := range []string{"-a", "-b"} {
		t.Run(dialect, func(t *testing.T) {
			throughPlans(t, func(t *testing.T, addr string) string {
				host, port, _ := net.SplitHostPort(addr)
				out, err := exec.Command("memccapable", "-h", host, "-p", port, "-t", "20", dialect).CombinedOutput()
				return fmt.Sprint(string(out), err)
			})
		})
	}
}

// The load generators of libmemcached see no error.
func TestLoad(t *testing.T) {
	addr := "127.0.0.1:" + lab.FreePort(t)
	p := lab.Start(t, nil, "vaurien", "--proxy", addr, "--backend", memcached(t), "--protocol", "memcache",
		"--behavior", "10:delay", "--behavior-delay-sleep", "1ms", "--log-level", "warning") // no line for each delay
	listens(t, addr)
	for _, args := range [][]string{
		{"memcslap", "--concurrency=4", "--execute-number=200", "--test=get"},
		{"memcslap", "--concurrency=4", "--execute-number=200", "--test=set", "--noreply"},
		{"memcslap", "--concurrency=4", "--execute-number=200", "--test=mget", "--binary"},
		{"memcslap", "--concurrency=4", "--execute-number=200", "--test=set", "--binary"},
		{"memcaslap", "-T", "1", "-c", "4", "-x", "2000", "-v", "1"},
		{"memcaslap", "-T", "1", "-c", "4", "-x", "2000", "-v", "1", "-d", "10"},
		{"memcaslap", "-T", "1", "-c", "4", "-x", "2000", "-v", "1", "--binary"},
	} {
		out := tool(t, addr, args[0], args[1:]...)
		for _, bad := range []string{"rror", "ailed", "exit status", "mismatch: 1", "ERROR"} {
			for line := range strings.Lines(out) {
				if strings.Contains(line, bad) && !strings.HasSuffix(strings.TrimSpace(line), ": 0") {
					t.Errorf("%v: %s", args, line)
				}
			}
		}
	}
	understood(t, p)
}

// client returns gomemcache's client of one server, and how often it has
// connected.
func client(addr string) (*memcache.Client, *int) {
	c, dials := memcache.New(addr), new(int)
	c.Timeout = lab.Patience
	c.MaxIdleConns = 1
	c.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		*dials++
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return c, dials
}

func TestGomemcache(t *testing.T) {
	throughPlans(t, func(t *testing.T, addr string) string {
		c, dials := client(addr)
		defer c.Close()
		var all strings.Builder
		note := func(what string, v any, err error) { fmt.Fprintf(&all, "%s: %v, %v\n", what, v, err) }
		item := func(key, value string) *memcache.Item {
			return &memcache.Item{Key: key, Value: []byte(value), Flags: 7, Expiration: 1000}
		}
		big := strings.Repeat("0123456789", 100_000)
		note("ping", "", c.Ping())
		note("set", "", c.Set(item("a", "1")))
		note("set big", "", c.Set(item("big", big)))
		note("set too big", "", c.Set(item("too-big", big+big)))
		for _, key := range []string{"a", "big", "absent"} {
			it, err := c.Get(key)
			if it != nil {
				it.Value = fmt.Appendf(nil, "%d %x", len(it.Value), sha256.Sum256(it.Value))
			}
			note("get "+key, fmt.Sprintf("%+v", it), err)
		}
		note("add", "", c.Add(item("a", "2")))
		note("add new", "", c.Add(item("n", "10")))
		note("replace", "", c.Replace(item("absent", "2")))
		note("append", "", c.Append(item("n", "0")))
		note("prepend", "", c.Prepend(item("n", "3")))
		n, err := c.Increment("n", 5)
		note("increment", n, err)
		n, err = c.Decrement("n", 5000)
		note("decrement", n, err)
		n, err = c.Increment("big", 5)
		note("increment what is no number", n, err)
		note("touch", "", c.Touch("a", 500))
		note("touch absent", "", c.Touch("absent", 500))
		it, err := c.Get("a")
		note("get", "", err)
		it.Value = []byte("changed")
		note("cas", "", c.CompareAndSwap(it))
		note("cas again", "", c.CompareAndSwap(it))
		many, err := c.GetMulti([]string{"a", "n", "absent", "big"})
		keys := make([]string, 0)
		for k, it := range many {
			keys = append(keys, fmt.Sprint(k, len(it.Value)))
		}
		sort.Strings(keys)
		note("get multi", keys, err)
		it, err = c.GetAndTouch("a", 100)
		note("get and touch", string(it.Value), err)
		note("delete", "", c.Delete("a"))
		note("delete absent", "", c.Delete("a"))
		note("delete all", "", c.DeleteAll())
		note("flush", "", c.FlushAll())
		note("get", "", func() error { _, err := c.Get("n"); return err }())
		note("connections", *dials, nil)
		return all.String()
	})
}
