package memcache

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// record asks a server one thing after the other, on one connection in text
// and on another in binary, and keeps what was said.
func record(t *testing.T, name, made, server string, requests ...string) {
	t.Helper()
	version := strings.TrimSpace(lab.Run(t, "memcached", "-V"))
	all := protocoltest.Capture{Made: []string{version, "made by: " + made}}
	for _, binary := range []bool{false, true} {
		addr, capture := lab.Record(t, server)
		var c *raw
		for _, r := range requests {
			if (r[0] == 0x80) != binary {
				continue
			}
			if c == nil {
				c = dial(t, addr)
			}
			c.ask(r)
		}
		if c == nil {
			continue
		}
		if name == "unauthenticated-binary" && !c.ended() {
			t.Error("the connection stays")
		}
		c.Close()
		for _, l := range capture().Lines {
			if l.End != "" && !l.Server {
				break // it was this test that ended it
			}
			all.Lines = append(all.Lines, l)
		}
	}
	lab.Keep(t, captures+name+".txt", all)
}

// store prepares a server.
func store(t *testing.T, server string, requests ...string) {
	t.Helper()
	c := dial(t, server)
	for _, r := range requests {
		c.ask(r)
	}
}

func TestCaptures(t *testing.T) {
	t.Run("too-many-connections", func(t *testing.T) {
		server := memcached(t, "-c", "64", "-o", "maxconns_fast")
		var last *raw
		for refused := false; !refused; {
			last = dial(t, server)
			last.send("version\r\n")
			refused = strings.HasPrefix(last.line(), "ERROR")
		}
		addr, capture := lab.Record(t, server)
		c, err := net.Dial("tcp", addr)
		lab.Must(t, err)
		r := &raw{t: t, Conn: c}
		buf := make([]byte, 100)
		n, _ := c.Read(buf)
		_, err = c.Read(buf[n:])
		if err == nil {
			t.Error("the connection stays")
		}
		r.Close()
		got := capture()
		got.Made = []string{strings.TrimSpace(lab.Run(t, "memcached", "-V")), "made by: -c 64 -o maxconns_fast; connections until one is refused, then another"}
		got.Lines = slices.DeleteFunc(got.Lines, func(l protocoltest.CaptureLine) bool { return !l.Server }) // the test's own end
		lab.Keep(t, captures+"too-many-connections.txt", got)
	})
	t.Run("miss", func(t *testing.T) {
		record(t, "miss", "keys that are not there", memcached(t),
			"get a\r\n", "gets a b c\r\n", "gat 0 a\r\n", "gats 0 a b\r\n",
			"mg a\r\n", "mg a v\r\n", "mg a s v k O123 t\r\n", "mg a O9 k v\r\n", "mg YQ== b k v O1\r\n", "mg a q v O2\r\nmg b v O1\r\n",
			request(0x00, 1, noExtras, "a", "", 0), request(0x0c, 2, noExtras, "a", "", 0),
			request(0x1d, 3, zeroTime, "a", "", 0), request(0x23, 4, zeroTime, "a", "", 0))
	})
	t.Run("too-large", func(t *testing.T) {
		big := strings.Repeat("x", 1100)
		n := len(big)
		server := memcached(t, "-I", "1k", "-o", "slab_chunk_max=512")
		record(t, "too-large", "-I 1k -o slab_chunk_max=512; values of 1100 bytes", server,
			fmt.Sprintf("set a 0 0 %d\r\n%s\r\n", n, big), fmt.Sprintf("add a 0 0 %d\r\n%s\r\n", n, big), fmt.Sprintf("cas a 0 0 %d 1\r\n%s\r\n", n, big),
			fmt.Sprintf("append a 0 0 %d\r\n%s\r\n", n, big), fmt.Sprintf("ms a %d\r\n%s\r\n", n, big), fmt.Sprintf("ms a %d k O1 ME\r\n%s\r\n", n, big),
			fmt.Sprintf("ms a %d q\r\n%s\r\n", n, big),
			request(0x01, 1, zeroFlags, "a", big, 0), request(0x02, 2, zeroFlags, "a", big, 0), request(0x0e, 3, noExtras, "a", big, 0),
			request(0x11, 4, zeroFlags, "a", big, 0), request(0x19, 5, noExtras, "a", big, 0))
	})
	t.Run("out-of-memory", func(t *testing.T) {
		server := memcached(t, "-m", "1", "-M", "-I", "16k", "-o", "slab_chunk_max=8192,no_modern")
		store(t, server, "set n 0 0 2\r\n99\r\n")
		c, value := dial(t, server), strings.Repeat("x", 100)
		for _, v := range []string{"99", value} {
			reply := ""
			for i := 0; !strings.HasPrefix(reply, "SERVER_ERROR"); i++ {
				reply = c.ask(fmt.Sprintf("set %d-%d 0 0 %d\r\n%s\r\n", len(v), i, len(v), v))
			}
		}
		record(t, "out-of-memory", "-m 1 -M -I 16k -o slab_chunk_max=8192,no_modern; values stored until there is no memory left", server,
			"set a 0 0 100\r\n"+value+"\r\n", "add a 0 0 100\r\n"+value+"\r\n", "ms a 100 k O1\r\n"+value+"\r\n", "ms a 100 q\r\n"+value+"\r\n",
			"incr n 1\r\n", "ma n k O1\r\n", "ma n q\r\n",
			request(0x01, 1, zeroFlags, "a", value, 0), request(0x0e, 2, noExtras, "a", value, 0), request(0x11, 3, zeroFlags, "a", value, 0),
			request(0x05, 4, countOnly, "n", "", 0))
	})
	t.Run("not-stored", func(t *testing.T) {
		server := memcached(t)
		store(t, server, "set there 0 0 1\r\nx\r\n")
		record(t, "not-stored", "add of a key that is there, others of one that is not", server,
			"add there 0 0 1\r\nx\r\n", "replace a 0 0 1\r\nx\r\n", "append a 0 0 1\r\nx\r\n", "prepend a 0 0 1\r\nx\r\n",
			"ms there 1 ME k O1\r\nx\r\n", "ms a 1 O1 MR\r\nx\r\n", "ms a 1 MA\r\nx\r\n", "ms a 1 MP q\r\nx\r\n",
			request(0x0e, 1, noExtras, "a", "x", 0), request(0x0f, 2, noExtras, "a", "x", 0), request(0x19, 3, noExtras, "a", "x", 0))
	})
	t.Run("exists", func(t *testing.T) {
		server := memcached(t)
		store(t, server, "set there 0 0 1\r\n1\r\n")
		record(t, "exists", "versions other than the item's, or, in binary, add of a key that is there", server,
			"cas there 0 0 1 999\r\nx\r\n", "ms there 1 C999\r\nx\r\n", "ms there 1 C999 O1 k q\r\nx\r\n", "md there C999\r\n", "md there q C999 O1 k\r\n", "ma there C999 k\r\n",
			request(0x01, 1, zeroFlags, "there", "x", 999), request(0x11, 2, zeroFlags, "there", "x", 999), request(0x04, 3, noExtras, "there", "", 999),
			request(0x05, 4, countOnly, "there", "", 999), request(0x02, 5, zeroFlags, "there", "x", 0), request(0x12, 6, zeroFlags, "there", "x", 0))
	})
	t.Run("not-found", func(t *testing.T) {
		record(t, "not-found", "keys that are not there", memcached(t),
			"cas a 0 0 1 999\r\nx\r\n", "delete a\r\n", "incr a 1\r\n", "decr a 1\r\n", "touch a 0\r\n",
			"md a\r\n", "md a q O1 k\r\n", "ma a\r\n", "ma a O1 k\r\n", "ms a 1 C999 k\r\nx\r\n", "ms a 1 C999 MR\r\nx\r\n", "md YQ== b k\r\n",
			request(0x01, 1, zeroFlags, "a", "x", 999), request(0x03, 2, zeroFlags, "a", "x", 0), request(0x04, 3, noExtras, "a", "", 0),
			request(0x14, 4, noExtras, "a", "", 0), request(0x05, 5, countOnly, "a", "", 0), request(0x1c, 6, zeroTime, "a", "", 0))
	})
	t.Run("non-numeric", func(t *testing.T) {
		server := memcached(t)
		store(t, server, "set there 0 0 1\r\nx\r\n")
		record(t, "non-numeric", "a value that is no number", server,
			"incr there 1\r\n", "decr there 1\r\n", "ma there\r\n", "ma there O1 k q\r\n",
			request(0x05, 1, countOnly, "there", "", 0), request(0x15, 2, countOnly, "there", "", 0))
	})
	t.Run("unauthenticated", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "users")
		lab.Must(t, os.WriteFile(file, []byte("user:password\n"), 0o600))
		record(t, "unauthenticated", "-Y a file of users", memcached(t, "-Y", file),
			"get a\r\n", "delete a\r\n", "delete a noreply\r\n", "mg a v\r\n", "set a 0 0 10\r\nuser wrong\r\n")
	})
	t.Run("authentication-failed", func(t *testing.T) {
		record(t, "authentication-failed", "-S; a user that there is not", withSASL(t),
			request(0x21, 1, noExtras, "PLAIN", "\x00user\x00password", 0), request(0x22, 2, noExtras, "PLAIN", "x", 0))
	})
	t.Run("unauthenticated in binary", func(t *testing.T) {
		record(t, "unauthenticated-binary", "-S", withSASL(t), request(0x09, 1, noExtras, "a", "", 0))
	})
	t.Run("unknown-command", func(t *testing.T) {
		record(t, "unknown-command", "a subcommand of a later version; SASL where there is none", memcached(t),
			"lru_crawler mgdump all\r\n", request(0x20, 1, noExtras, "", "", 0))
	})
	t.Run("flush-not-allowed", func(t *testing.T) {
		record(t, "flush-not-allowed", "-F", memcached(t, "-F"),
			"flush_all\r\n", "flush_all 10\r\n", request(0x08, 1, noExtras, "", "", 0))
	})
}

// withSASL starts a server that wants to know who speaks, and knows nobody.
func withSASL(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	conf := fmt.Sprintf("mech_list: plain\nsasldb_path: %s/users\n", dir)
	lab.Must(t, os.WriteFile(filepath.Join(dir, "memcached.conf"), []byte(conf), 0o644))
	t.Setenv("SASL_CONF_PATH", dir)
	return memcached(t, "-S")
}
