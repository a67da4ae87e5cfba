package memcache

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// failing starts vaurien so that all that can fail in a way does.
func failing(t *testing.T, server, kind string, args ...string) (*lab.Process, string) {
	t.Helper()
	return proxy(t, server, append([]string{"--behavior", "100:error", "--behavior-error-kind", kind}, args...)...)
}

// typed names an error of gomemcache as its callers know it.
func typed(err error) string {
	for _, known := range []struct {
		err  error
		name string
	}{
		{memcache.ErrCacheMiss, "ErrCacheMiss"}, {memcache.ErrNotStored, "ErrNotStored"}, {memcache.ErrCASConflict, "ErrCASConflict"},
		{memcache.ErrServerError, "ErrServerError"}, {memcache.ErrNoStats, "ErrNoStats"},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	if err == nil {
		return "no error"
	}
	return address.ReplaceAllString(err.Error(), "ADDRESS")
}

var (
	address = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	pointer = regexp.MustCompile(`\(0x[0-9a-f]+\) `)
)

// moduleVersion returns the version of a library that the tests use.
func moduleVersion(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "go.mod"))
	lab.Must(t, err)
	m := regexp.MustCompile(regexp.QuoteMeta(path) + ` (\S+)`).FindSubmatch(b)
	if m == nil {
		t.Fatalf("%s is not in go.mod", path)
	}
	return string(m[1])
}

// sawByGomemcache are calls of gomemcache and the failures that they meet.
var sawByGomemcache = []struct {
	kind, call string
	do         func(c *memcache.Client) error
}{
	{"too-many-connections", "Get", func(c *memcache.Client) error { _, err := c.Get("there"); return err }},
	{"miss", "Get", func(c *memcache.Client) error { _, err := c.Get("there"); return err }},
	{"miss", "GetMulti", func(c *memcache.Client) error {
		if m, err := c.GetMulti([]string{"there", "number"}); err != nil || len(m) > 0 {
			return fmt.Errorf("%d items, %v", len(m), err)
		}
		return errors.New("0 items, no error")
	}},
	{"miss", "GetAndTouch", func(c *memcache.Client) error { _, err := c.GetAndTouch("there", 100); return err }},
	{"out-of-memory", "Set", func(c *memcache.Client) error { return c.Set(&memcache.Item{Key: "k", Value: []byte("x")}) }},
	{"out-of-memory", "Append", func(c *memcache.Client) error { return c.Append(&memcache.Item{Key: "there", Value: []byte("x")}) }},
	{"out-of-memory", "Increment", func(c *memcache.Client) error { _, err := c.Increment("number", 1); return err }},
	{"too-large", "Set", func(c *memcache.Client) error {
		return c.Set(&memcache.Item{Key: "k", Value: []byte(strings.Repeat("x", 900_000))})
	}},
	{"not-stored", "Add", func(c *memcache.Client) error { return c.Add(&memcache.Item{Key: "new", Value: []byte("x")}) }},
	{"not-stored", "Replace", func(c *memcache.Client) error { return c.Replace(&memcache.Item{Key: "there", Value: []byte("x")}) }},
	{"exists", "CompareAndSwap", compareAndSwap},
	{"not-found", "CompareAndSwap", compareAndSwap},
	{"not-found", "Delete", func(c *memcache.Client) error { return c.Delete("there") }},
	{"not-found", "Touch", func(c *memcache.Client) error { return c.Touch("there", 100) }},
	{"not-found", "Increment", func(c *memcache.Client) error { _, err := c.Increment("number", 1); return err }},
	{"non-numeric", "Increment", func(c *memcache.Client) error { _, err := c.Increment("number", 1); return err }},
	{"out-of-memory-writing", "Get", func(c *memcache.Client) error { _, err := c.Get("there"); return err }},
	{"out-of-memory-reading", "Get", func(c *memcache.Client) error { _, err := c.Get("there"); return err }},
	{"unauthenticated", "Get", func(c *memcache.Client) error { _, err := c.Get("there"); return err }},
	{"unauthenticated", "Set", func(c *memcache.Client) error { return c.Set(&memcache.Item{Key: "k", Value: []byte("x")}) }},
	{"unknown-command", "Touch", func(c *memcache.Client) error { return c.Touch("there", 100) }},
	{"flush-not-allowed", "FlushAll", func(c *memcache.Client) error { return c.FlushAll() }},
}

func compareAndSwap(c *memcache.Client) error {
	it, err := c.Get("there")
	if err != nil {
		return err
	}
	it.Value = []byte("changed")
	return c.CompareAndSwap(it)
}

// sawByTools are the tools of libmemcached and the failures that they meet.
var sawByTools = []struct {
	kind string
	args []string
}{
	{"too-many-connections", []string{"memccat", "there"}},
	{"miss", []string{"memccat", "there"}},
	{"miss", []string{"memccat", "--binary", "there"}},
	{"out-of-memory", []string{"memccp", "FILE"}},
	{"out-of-memory", []string{"memccp", "--binary", "FILE"}},
	{"too-large", []string{"memccp", "FILE"}},
	{"too-large", []string{"memccp", "--binary", "FILE"}},
	{"not-stored", []string{"memccp", "--add", "FILE"}},
	{"exists", []string{"memccp", "--binary", "--add", "FILE"}},
	{"not-found", []string{"memcrm", "there"}},
	{"not-found", []string{"memcrm", "--binary", "there"}},
	{"not-found", []string{"memctouch", "--binary", "there"}},
	{"not-found", []string{"memccp", "--binary", "--replace", "FILE"}},
	{"out-of-memory-writing", []string{"memccat", "there"}},
	{"out-of-memory-reading", []string{"memccat", "there"}},
	{"authentication-failed", []string{"memccat", "--binary", "--username=user", "--password=password", "there"}},
	{"unauthenticated", []string{"memccat", "there"}},
	{"unauthenticated", []string{"memccp", "--binary", "FILE"}},
	{"unknown-command", []string{"memccat", "there"}},
	{"unknown-command", []string{"memccp", "--binary", "FILE"}},
	{"flush-not-allowed", []string{"memcflush"}},
	{"busy", []string{"memccp", "--binary", "FILE"}},
	{"temporary-failure", []string{"memccp", "--binary", "FILE"}},
}

// byChance is what a client makes of a server that closes at once, with the
// client's request unread.
const byChance = "by chance the line that the server sent, or a reset"

// Each failure is received by real clients as what it is.
func TestFailuresAsClientsSeeThem(t *testing.T) {
	server, secret := memcached(t), withSASL(t)
	file := filepath.Join(t.TempDir(), "there")
	lab.Must(t, os.WriteFile(file, []byte("hello"), 0o644))
	proxies := make(map[string]*lab.Process)
	addrs := make(map[string]string)
	via := func(kind string) string {
		if addrs[kind] == "" {
			backend := server
			if kind == "authentication-failed" {
				backend = secret
			}
			proxies[kind], addrs[kind] = failing(t, backend, kind)
		}
		return addrs[kind]
	}
	prepare := func() { store(t, server, "set there 0 0 1\r\nx\r\n", "set number 0 0 1\r\n5\r\n") }

	var rows []lab.Parsed
	gomemcache := "gomemcache " + moduleVersion(t, "github.com/bradfitz/gomemcache")
	for _, s := range sawByGomemcache {
		prepare()
		c, dials := client(via(s.kind))
		err := s.do(c)
		if err == nil {
			t.Errorf("%s, %s: no error", s.kind, s.call)
		}
		// What it does next tells what it made of the connection.
		before := *dials
		c.Delete("another")
		then := "keeps the connection"
		if *dials > before {
			then = "makes a new connection"
		}
		c.Close()
		saw := typed(err)
		if s.kind == "too-many-connections" {
			saw = byChance
		}
		rows = append(rows, lab.Parsed{Kind: s.kind, Client: gomemcache, Saw: s.call + ": " + saw + "; " + then})
	}
	libmemcached := regexp.MustCompile(`libmemcached v?([\d.]+)`).FindStringSubmatch(lab.Run(t, "memccat", "--version"))
	if libmemcached == nil {
		libmemcached = []string{"", "1.1.4"}
	}
	for _, s := range sawByTools {
		prepare()
		args := append([]string{"--verbose"}, s.args[1:]...)
		for i := range args {
			if args[i] == "FILE" {
				args[i] = file
			}
		}
		said := strings.ReplaceAll(tool(t, via(s.kind), s.args[0], args...), file, "FILE")
		said = pointer.ReplaceAllString(said, "")
		if !strings.Contains(said, "exit status") {
			t.Errorf("%s, %v: succeeds: %s", s.kind, s.args, said)
		}
		if s.kind == "too-many-connections" {
			said = byChance
		}
		rows = append(rows, lab.Parsed{Kind: s.kind, Client: "libmemcached " + libmemcached[1], Saw: strings.Join(s.args, " ") + ": " + said})
	}
	lab.KeepParsed(t, "../../protocol/memcache/testdata/clients.tsv", rows)
	for _, p := range proxies {
		understood(t, p)
	}
}
