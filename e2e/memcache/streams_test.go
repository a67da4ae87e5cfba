package memcache

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// Lists of lines pass, and the connection is understood after them.
func TestLists(t *testing.T) {
	server := memcached(t)
	for i := range 500 {
		store(t, server, fmt.Sprintf("set key%d 0 0 1\r\nx\r\n", i))
	}
	p, addr := proxy(t, server, "--behavior", "30:delay", "--behavior-delay-sleep", "3ms")
	c := dial(t, addr)
	for _, list := range []struct {
		command string
		least   int // lines
	}{
		{"stats", 50}, {"stats settings", 50}, {"stats items", 5}, {"stats slabs", 5}, {"stats conns", 5}, {"stats sizes", 1},
		{"stats cachedump 1 0", 400}, {"stats detail dump", 0}, {"lru_crawler metadump all", 500},
	} {
		c.send(list.command + "\r\n")
		lines := 0
		for c.line() != "END\r\n" {
			lines++
		}
		if lines < list.least {
			t.Errorf("%s: %d lines", list.command, lines)
		}
		if got := c.ask("version\r\n"); !strings.HasPrefix(got, "VERSION") {
			t.Fatalf("after %s: %q", list.command, got)
		}
	}
	b := dial(t, addr)
	b.send(request(0x10, 1, noExtras, "", "", 0) + request(0x0a, 2, noExtras, "", "", 0))
	packets := 0
	for reply := b.packet(); reply[1] == 0x10; reply = b.packet() {
		packets++
	}
	if packets < 50 {
		t.Errorf("%d packets of STAT", packets)
	}
	understood(t, p)
}

// What is watched comes for as long as the connection lasts.
func TestWatch(t *testing.T) {
	server := memcached(t)
	_, addr := proxy(t, server, "--behavior", "100:dummy")
	w := dial(t, addr)
	if got := w.ask("watch fetchers mutations\r\n"); got != "OK\r\n" {
		t.Fatalf("%q", got)
	}
	c := dial(t, addr)
	seen := make(map[string]bool)
	for i := 0; len(seen) < 3 && i < 50; i++ {
		key := fmt.Sprint("watched", i)
		c.ask(fmt.Sprintf("set %s 0 0 1\r\nx\r\n", key))
		if l := w.line(); strings.Contains(l, "key=watched") {
			seen[l] = true
		}
	}
	if len(seen) < 3 {
		t.Errorf("seen: %v", seen)
	}
}

// A session that is not understood goes on as tcp, and says why.
func TestNotUnderstood(t *testing.T) {
	p, addr := proxy(t, memcached(t), "--behavior", "100:dummy")
	c := dial(t, addr)
	// A size with a sign is one to memcached, and not to everybody.
	if got := c.ask("set k 0 0 +5\r\nhello\r\n"); got != "STORED\r\n" {
		t.Errorf("%q", got)
	}
	if got := c.ask("delete k\r\n"); got != "DELETED\r\n" {
		t.Errorf("%q", got)
	}
	lab.Poll(t, func() error {
		if out := p.Out.String(); !strings.Contains(out, "goes on as tcp") {
			return fmt.Errorf("the log does not say so:\n%s", out)
		}
		return nil
	})
}
