package redis

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

const captures = "../../protocol/redis/testdata/captures/"

// record lets said talk to the server, and keeps what was said. Lines that
// begin with made say how the server was driven into the failure.
func record(t *testing.T, name, addr string, made []string, said func(c *conn)) {
	t.Helper()
	through, capture := lab.Record(t, addr)
	c := dial(t, through)
	said(c)
	c.Close()
	got := capture()
	// How the test's own client ends is of no interest.
	for len(got.Lines) > 0 && got.Lines[len(got.Lines)-1].End != "" && !endsFirst(name) {
		got.Lines = got.Lines[:len(got.Lines)-1]
	}
	for len(got.Lines) > 0 && endsFirst(name) && !got.Lines[len(got.Lines)-1].Server {
		got.Lines = got.Lines[:len(got.Lines)-1]
	}
	got.Made = append([]string{"redis-server 7.0.15, Debian 12"}, made...)
	for i := range got.Lines {
		got.Lines[i].Bytes = normal(got.Lines[i].Bytes)
	}
	lab.Keep(t, captures+name+".txt", got)
}

// endsFirst reports whether the server ends the connection in a failure.
func endsFirst(name string) bool { return name == "max-clients" || name == "unblocked" }

var address = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)

// normal puts one address in the place of those that differ from run to run.
func normal(b []byte) []byte { return address.ReplaceAll(b, []byte("127.0.0.1:6381")) }

// lines sends commands one after the other.
func lines(commands ...string) func(*conn) {
	return func(c *conn) {
		for _, line := range commands {
			c.do(line)
		}
	}
}

// The real server in each of the failures that have a name.
func TestCaptures(t *testing.T) {
	t.Run("plain", func(t *testing.T) {
		addr := server(t)
		record(t, "noproto", addr, []string{"made by: nothing"}, lines("HELLO 9"))
		record(t, "noscript", addr, []string{"made by: nothing"}, lines("EVALSHA ffffffffffffffffffffffffffffffffffffffff 0"))
		record(t, "evicted", addr, []string{"made by: nothing; in RESP2, and in RESP3 after HELLO"},
			lines("GET k", "HGET k f", "LINDEX k 0", "ZSCORE k m", "HELLO 3", "GET k"))
		record(t, "execabort", addr, []string{"made by: a command that is refused"}, lines("MULTI", "GET", "EXEC"))
		record(t, "exec-refused", addr, []string{"made by: EXEC with an argument"}, lines("MULTI", "EXEC x"))
		other := dial(t, addr)
		record(t, "watch-conflict", addr, []string{"made by: SET k on another connection after WATCH; again in RESP3"}, func(c *conn) {
			for _, first := range []string{"PING", "HELLO 3"} {
				c.do(first)
				c.do("WATCH k")
				other.must("SET k v")
				lines("MULTI", "GET k", "EXEC")(c)
			}
		})
	})
	t.Run("max-clients", func(t *testing.T) {
		addr := server(t)
		other := dial(t, addr)
		other.must("CONFIG SET maxclients 1")
		record(t, "max-clients", addr, []string{"made by: CONFIG SET maxclients 1, with one client"}, func(c *conn) {
			c.reply()
			c.reply()
		})
		other.must("CONFIG SET maxclients 100")
	})
	t.Run("noauth", func(t *testing.T) {
		addr := server(t, "--requirepass", "secret")
		record(t, "noauth", addr, []string{"made by: requirepass"}, lines("GET k", "MULTI", "HELLO 3"))
		record(t, "wrongpass", addr, []string{"made by: requirepass"}, lines("AUTH wrong", "AUTH default wrong", "HELLO 3 AUTH default wrong"))
	})
	t.Run("nopermission", func(t *testing.T) {
		addr := server(t)
		dial(t, addr).must("ACL SETUSER bob on >secret ~* +@all -set -config|set")
		record(t, "nopermission", addr, []string{"made by: ACL SETUSER bob on >secret ~* +@all -set -config|set"},
			lines("AUTH bob secret", "SET k v", "CONFIG SET maxmemory 1", "MULTI", "SET k v", "EXEC"))
	})
	t.Run("loading", func(t *testing.T) {
		dir := t.TempDir()
		addr, first := startServer(t, dir, "--enable-debug-command", "yes")
		c := dial(t, addr)
		c.must("DEBUG POPULATE 20000")
		c.must("SAVE")
		first.Stop()
		addr, _ = startServer(t, dir, "--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024")
		record(t, "loading", addr, []string{"made by: a data set that takes long to load (key-load-delay)"}, lines("GET k", "PING", "SET k v"))
		dial(t, addr).do("CONFIG SET key-load-delay 0")
	})
	t.Run("busy", func(t *testing.T) {
		addr := server(t, "--busy-reply-threshold", "1")
		script, c := dial(t, addr), dial(t, addr)
		script.send("EVAL", "while true do end", "0")
		c.await("GET k", "BUSY")
		record(t, "busy", addr, []string{"made by: a script that never ends"}, lines("GET k", "PING", "EXEC"))
		c.must("SCRIPT KILL")
	})
	t.Run("memory", func(t *testing.T) {
		addr := server(t)
		other := dial(t, addr)
		record(t, "exec-oom", addr, []string{"made by: CONFIG SET maxmemory 1, between SET and EXEC"}, func(c *conn) {
			lines("MULTI", "SET k v")(c)
			other.must("CONFIG SET maxmemory 1")
			c.do("EXEC")
		})
		record(t, "oom", addr, []string{"made by: CONFIG SET maxmemory 1"}, lines("SET k v", "GET k"))
	})
	t.Run("replica", func(t *testing.T) {
		addr := server(t)
		other := dial(t, addr)
		record(t, "unblocked", addr, []string{"made by: REPLICAOF 127.0.0.1 1, while the client waits"}, func(c *conn) {
			c.send("BLPOP", "k", "0")
			other.await("INFO clients", "blocked_clients:1")
			other.must("REPLICAOF 127.0.0.1 1")
			c.reply()
			c.reply()
		})
		record(t, "readonly", addr, []string{"made by: REPLICAOF 127.0.0.1 1"}, lines("SET k v", "GET k"))
		other.must("CONFIG SET replica-serve-stale-data no")
		record(t, "masterdown", addr, []string{"made by: REPLICAOF 127.0.0.1 1, replica-serve-stale-data no"}, lines("GET k", "PING"))
	})
	t.Run("noreplicas", func(t *testing.T) {
		addr := server(t, "--min-replicas-to-write", "1")
		record(t, "noreplicas", addr, []string{"made by: min-replicas-to-write 1"}, lines("SET k v", "GET k"))
	})
	t.Run("misconf", func(t *testing.T) {
		dir := t.TempDir()
		addr, _ := startServer(t, dir, "--save", "3600 1")
		lab.Must(t, os.Mkdir(filepath.Join(dir, "dump.rdb"), 0o755))
		c := dial(t, addr)
		c.must("BGSAVE")
		c.await("INFO persistence", "rdb_last_bgsave_status:err")
		record(t, "misconf", addr, []string{"made by: a snapshot that cannot be saved, since a directory has its name"}, lines("SET k v", "PING", "GET k"))
		lab.Must(t, os.Remove(filepath.Join(dir, "dump.rdb"))) // so that it can end
	})
	t.Run("cluster", captureCluster)
}

// captureCluster captures what nodes of a cluster say; there are two, of which
// the first has the slots of {a} and {b}, and the other that of {c}.
func captureCluster(t *testing.T) {
	cluster := []string{"--cluster-enabled", "yes", "--cluster-require-full-coverage", "no", "--cluster-node-timeout", "60000"}
	addr, to := server(t, cluster...), server(t, cluster...)
	a, b := dial(t, addr), dial(t, to)
	slot := func(key string) string { return strings.Trim(a.must("CLUSTER KEYSLOT "+key), ":\r\n") }
	a.must("CLUSTER ADDSLOTS " + slot("{a}") + " " + slot("{b}"))
	_, port, _ := strings.Cut(to, ":")
	a.must("CLUSTER MEET 127.0.0.1 " + port)
	a.await("CLUSTER INFO", "cluster_known_nodes:2")
	id := strings.Fields(b.must("CLUSTER MYID"))[1]
	lab.Poll(t, func() error {
		if nodes := a.do("CLUSTER NODES"); !strings.Contains(nodes, id) || strings.Contains(nodes, "handshake") {
			return fmt.Errorf("no node %s in %q", id, nodes)
		}
		return nil
	})
	b.must("CLUSTER ADDSLOTS " + slot("{c}"))
	a.await("CLUSTER NODES", " connected "+slot("{c}"))
	a.await("CLUSTER INFO", "cluster_state:ok")

	record(t, "moved", addr, []string{"made by: two nodes, the other has the slot"}, lines("GET {c}", "MULTI", "SET {c} v", "EXEC"))
	record(t, "crossslot", addr, []string{"made by: two keys of two slots of this node"}, lines("MGET {a} {b}"))
	a.must("SET {a}1 v")
	a.must("CLUSTER SETSLOT " + slot("{a}") + " MIGRATING " + id)
	record(t, "ask", addr, []string{"made by: CLUSTER SETSLOT slot MIGRATING other, and a key that is not here"}, lines("GET {a}2"))
	record(t, "tryagain", addr, []string{"made by: CLUSTER SETSLOT slot MIGRATING other, and one of two keys is here"}, lines("MGET {a}1 {a}2"))

	alone := server(t, "--cluster-enabled", "yes")
	dial(t, alone).must("CLUSTER ADDSLOTS " + slot("k"))
	record(t, "clusterdown", alone, []string{"made by: a node that has the slot, while nobody has the others"}, lines("GET k", "MULTI", "SET k v", "EXEC"))
}
