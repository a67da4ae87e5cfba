package memcache

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// A set that fails for want of memory, or of room, leaves no old value behind,
// of the real server and of ours; an add leaves it.
func TestFailedSetDeletes(t *testing.T) {
	big := strings.Repeat("x", 1100)
	sets := []struct {
		request string
		gone    bool
	}{
		{fmt.Sprintf("set k 0 0 %d\r\n%s\r\n", len(big), big), true},
		{fmt.Sprintf("set k 0 0 %d noreply\r\n%s\r\nmn\r\n", len(big), big), true},
		{fmt.Sprintf("ms k %d\r\n%s\r\n", len(big), big), true},
		{fmt.Sprintf("ms k %d q\r\n%s\r\n", len(big), big), true},
		{fmt.Sprintf("ms k %d q O1\r\n%s\r\n", len(big), big), true},
		{fmt.Sprintf("ms aw== %d b\r\n%s\r\n", len(big), big), true}, // k in base64
		{fmt.Sprintf("add k 0 0 %d\r\n%s\r\n", len(big), big), false},
		{fmt.Sprintf("append k 0 0 %d\r\n%s\r\n", len(big), big), false},
		{request(0x01, 7, zeroFlags, "k", big, 0), true},
		{request(0x11, 7, zeroFlags, "k", big, 0), true},
		{request(0x02, 7, zeroFlags, "k", big, 0), false},
	}
	small, well := memcached(t, "-I", "1k", "-o", "slab_chunk_max=512"), memcached(t)
	p, addr := failing(t, well, "too-large")
	for _, s := range sets {
		var replies [2]string
		for i, at := range []struct{ server, addr string }{{small, small}, {well, addr}} {
			store(t, at.server, "set k 0 0 3\r\nold\r\n")
			replies[i] = dial(t, at.addr).ask(s.request)
			if gone := dial(t, at.server).ask("get k\r\n") == "END\r\n"; gone != s.gone {
				t.Errorf("%.30q, server %d: the old value is gone: %v", s.request, i, gone)
			}
		}
		if replies[0] != replies[1] {
			t.Errorf("%.30q: the real server says %q, ours %q", s.request, replies[0], replies[1])
		}
	}
	understood(t, p)
}

// The value of a failed set is read and forgotten, however long it is, and the
// connection is as good as before.
func TestFailedLongValue(t *testing.T) {
	p, addr := failing(t, memcached(t, "-I", "8m"), "too-large")
	c, big := dial(t, addr), strings.Repeat("x", 5_000_000)
	for range 3 {
		if got := c.ask(fmt.Sprintf("set k 0 0 %d\r\n%s\r\n", len(big), big)); got != "SERVER_ERROR object too large for cache\r\n" {
			t.Fatalf("%q", got)
		}
		if got := c.ask("version\r\n"); !strings.HasPrefix(got, "VERSION") {
			t.Fatalf("%q", got)
		}
	}
	understood(t, p)
}

// In a pipeline a failure stands in its own turn.
func TestFailureInItsTurn(t *testing.T) {
	server := memcached(t)
	for i := range 8 {
		store(t, server, fmt.Sprintf("set k%d 0 0 1\r\n%d\r\n", i, i))
	}
	p, addr := failing(t, server, "miss", "--behavior-error-match", `key == "k2" || key == "k5"`)
	for _, tt := range []struct{ name, ask, hit, miss string }{
		{"text", "get k#\r\n", "VALUE k# 0 1\r\n#\r\nEND\r\n", "END\r\n"},
		{"meta", "mg k# v O#\r\n", "VA 1 O#\r\n#\r\n", "EN O#\r\n"},
		{"quiet", "mg k# v q O#\r\n", "VA 1 O#\r\n#\r\n", ""},
	} {
		ask, want := "", ""
		for i := range 8 {
			reply := tt.hit
			if i == 2 || i == 5 {
				reply = tt.miss
			}
			ask += strings.ReplaceAll(tt.ask, "#", fmt.Sprint(i))
			want += strings.ReplaceAll(reply, "#", fmt.Sprint(i))
		}
		c := dial(t, addr)
		c.send(ask + "mn\r\nquit\r\n")
		var got strings.Builder
		if _, err := c.r.WriteTo(&got); err != nil || got.String() != want+"MN\r\n" {
			t.Errorf("%s: %q, %v\nwant %q", tt.name, got.String(), err, want)
		}
	}
	understood(t, p)
}

// Whatever fails, each command of a mixture is answered once and in its turn.
func TestMixturesThatFail(t *testing.T) {
	server := memcached(t)
	for _, kind := range []string{"miss", "not-found", "exists", "out-of-memory", "too-large", "non-numeric"} {
		p, addr := proxy(t, server, "--behavior", "30:error", "--behavior-error-kind", kind)
		rng := rand.New(rand.NewPCG(1, 2))
		var said strings.Builder
		quiet := make(map[uint32]bool)
		for i := range uint32(1000) {
			key, op := fmt.Sprint("key", rng.IntN(8)), rng.IntN(6)
			loud := []byte{0x00, 0x0c, 0x01, 0x02, 0x04, 0x05}[op]
			opcode := []byte{0x09, 0x0d, 0x11, 0x12, 0x14, 0x15}[op]
			if quiet[i] = rng.IntN(2) == 0; !quiet[i] {
				opcode = loud
			}
			switch op {
			case 2, 3:
				said.WriteString(request(opcode, i, zeroFlags, key, value(rng), uint64(rng.IntN(2))*9))
			case 5:
				said.WriteString(request(opcode, i, countOnly, key, "", 0))
			default:
				said.WriteString(request(opcode, i, noExtras, key, "", 0))
			}
		}
		const last = 1000
		said.WriteString(request(0x0a, last, noExtras, "", "", 0))
		c := dial(t, addr)
		go c.Write([]byte(said.String()))
		next := uint32(0)
		for next <= last {
			reply := c.packet()
			opaque := binary.BigEndian.Uint32([]byte(reply[12:]))
			for next < opaque && quiet[next] {
				next++
			}
			if opaque != next {
				t.Fatalf("%s: the reply to %d comes where that to %d should: %s", kind, opaque, next, show(reply))
			}
			next++
		}
		understood(t, p)

		// The same of meta commands, told by opaques.
		said.Reset()
		for i := range 1000 {
			key, flags, v := fmt.Sprint("key", rng.IntN(8)), fmt.Sprintf(" O%d", i), value(rng)
			if quiet[uint32(i)] {
				flags += " q"
			}
			switch rng.IntN(3) {
			case 0:
				fmt.Fprintf(&said, "mg %s v%s\r\n", key, flags)
			case 1:
				fmt.Fprintf(&said, "md %s C9%s\r\n", key, flags)
			case 2:
				fmt.Fprintf(&said, "ms %s %d C9%s\r\n%s\r\n", key, len(v), flags, v)
			}
		}
		if kind != "miss" && kind != "not-found" && kind != "exists" {
			continue // errors have no opaque
		}
		c = dial(t, addr)
		go c.send(said.String() + "mn\r\n")
		next = 0
		for {
			l := c.line()
			if l == "MN\r\n" {
				break
			}
			var size int
			var opaque uint32
			if _, err := fmt.Sscanf(l, "VA %d", &size); err == nil {
				_, err := c.r.Discard(size + 2)
				lab.Must(t, err)
			}
			if _, err := fmt.Sscanf(l[strings.Index(l, "O"):], "O%d", &opaque); err != nil {
				t.Fatalf("%s: %q", kind, l)
			}
			for next < opaque && quiet[next] {
				next++
			}
			if opaque != next {
				t.Fatalf("%s: the reply to %d comes where that to %d should: %q", kind, opaque, next, l)
			}
			next++
		}
		understood(t, p)
	}
}

// With no kind named the dice choose, and a client meets errors that it knows.
func TestDrawnFailures(t *testing.T) {
	p, addr := proxy(t, memcached(t), "--behavior", "40:error")
	c, _ := client(addr)
	defer c.Close()
	seen := make(map[string]int)
	for i := range 300 {
		key := fmt.Sprint("key", i%5)
		for _, err := range []error{
			c.Set(&memcache.Item{Key: key, Value: []byte("5")}),
			func() error { _, err := c.Get(key); return err }(),
			func() error { _, err := c.Increment(key, 1); return err }(),
			c.Add(&memcache.Item{Key: key, Value: []byte("x")}),
			c.Delete(key),
		} {
			seen[typed(err)]++
		}
	}
	for _, want := range []string{"no error", "ErrCacheMiss", "ErrNotStored", "memcache: client error: cannot increment or decrement non-numeric value"} {
		if seen[want] == 0 {
			t.Errorf("never: %s", want)
		}
	}
	for err := range seen {
		if !strings.Contains(err, "SERVER_ERROR") && !strings.Contains(err, "client error") && !strings.HasPrefix(err, "Err") && err != "no error" {
			t.Errorf("%d times %s", seen[err], err)
		}
	}
	understood(t, p)
}

// The reply is lost and the write has taken effect.
func TestCommitUnknown(t *testing.T) {
	for _, how := range []string{"reset", "close"} {
		server := memcached(t)
		store(t, server, "set n 0 0 1\r\n5\r\n")
		_, addr := proxy(t, server, "--behavior", "100:commit-unknown", "--behavior-commit-unknown-how", how,
			"--behavior-commit-unknown-match", `command == "incr"`)
		c, _ := client(addr)
		if _, err := c.Increment("n", 1); err == nil {
			t.Errorf("%s: the client knows", how)
		}
		c.Close()
		direct := dial(t, server)
		direct.send("get n\r\n")
		direct.line()
		if got := direct.line(); got != "6\r\n" {
			t.Errorf("%s: the server has %q", how, got)
		}
	}
}
