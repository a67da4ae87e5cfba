package redis

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// failing starts a proxy that fails the commands for which match is true.
func failing(t *testing.T, addr, kind, match string, more ...string) string {
	t.Helper()
	_, through := lab.Vaurien(t, append([]string{"--protocol", "redis", "--proxy", "127.0.0.1:0", "--backend", addr,
		"--behavior", "100:error", "--behavior-error-kind", kind, "--behavior-error-match", match}, more...)...)
	return through
}

// A command that fails in a transaction fails it in the server too.
func TestTransactionIsDiscarded(t *testing.T) {
	addr := server(t)
	direct := dial(t, addr)
	const aborted = "-EXECABORT Transaction discarded because of previous errors.\r\n"
	const oom = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
	for _, pipelined := range []bool{false, true} {
		t.Run(fmt.Sprint("pipelined ", pipelined), func(t *testing.T) {
			direct.must("FLUSHALL")
			c := dial(t, failing(t, addr, "oom", `key == "b"`))
			script := []string{"MULTI", "SET a 1", "SET b 2", "SET c 3", "EXEC", "GET a", "MULTI", "SET a 4", "EXEC"}
			want := []string{"+OK\r\n", "+QUEUED\r\n", oom, "+QUEUED\r\n", aborted, "$-1\r\n", "+OK\r\n", "+QUEUED\r\n", "*1\r\n+OK\r\n"}
			if pipelined {
				go io.WriteString(c, words(script...))
			}
			for i, line := range script {
				if !pipelined {
					c.send(strings.Fields(line)...)
				}
				if got := c.reply(); got != want[i] {
					t.Errorf("%s gave %q, want %q", line, got, want[i])
				}
			}
			if got := direct.do("MGET a b c"); got != "*3\r\n$1\r\n4\r\n$-1\r\n$-1\r\n" {
				t.Errorf("then there are %q", got)
			}
		})
	}
}

// An EXEC that fails has not been executed, and leaves the connection outside
// of a transaction and watching nothing.
func TestExecFails(t *testing.T) {
	addr := server(t)
	direct := dial(t, addr)
	for _, tt := range []struct{ kind, told string }{
		{"execabort", "-EXECABORT Transaction discarded because of previous errors.\r\n"},
		{"readonly", "-EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.\r\n"},
		{"watch-conflict", "*-1\r\n"},
		{"moved", "-MOVED 15495 " + addr + "\r\n"},
	} {
		direct.must("FLUSHALL")
		c := dial(t, failing(t, addr, tt.kind, `command == "EXEC"`, "--behavior-error-max", "1"))
		for _, step := range [][2]string{
			{"WATCH a", "+OK\r\n"}, {"MULTI", "+OK\r\n"}, {"SET a 1", "+QUEUED\r\n"}, {"EXEC", tt.told},
			{"GET a", "$-1\r\n"}, {"EXEC", "-ERR EXEC without MULTI\r\n"},
			{"SET a 1", "+OK\r\n"}, {"MULTI", "+OK\r\n"}, {"INCR a", "+QUEUED\r\n"}, {"EXEC", "*1\r\n:2\r\n"},
		} {
			if got := c.do(step[0]); got != step[1] {
				t.Errorf("%s: %s gave %q, want %q", tt.kind, step[0], got, step[1])
			}
		}
	}
}

// go-redis takes a discarded transaction for one, and goes on with the
// connection.
func TestGoRedisTransaction(t *testing.T) {
	addr := server(t)
	ctx := t.Context()
	for _, version := range []int{2, 3} {
		c := goredis.NewClient(&goredis.Options{Addr: failing(t, addr, "oom", `key == "b"`), Protocol: version, PoolSize: 1, MaxRetries: -1})
		defer c.Close()
		lab.Must(t, c.FlushAll(ctx).Err())
		_, err := c.TxPipelined(ctx, func(p goredis.Pipeliner) error {
			p.Set(ctx, "a", 1, 0)
			p.Set(ctx, "b", 2, 0)
			return nil
		})
		if !goredis.IsOOMError(err) && !goredis.IsExecAbortError(err) {
			t.Errorf("RESP%d: the transaction: %v", version, err)
		}
		if err := c.Get(ctx, "a").Err(); err != goredis.Nil {
			t.Errorf("RESP%d: then a: %v", version, err)
		}
		if stats := c.PoolStats(); stats.Misses != 1 {
			t.Errorf("RESP%d: %d connections were needed", version, stats.Misses)
		}

		conflict := goredis.NewClient(&goredis.Options{Addr: failing(t, addr, "watch-conflict", `command == "EXEC"`), Protocol: version})
		defer conflict.Close()
		err = conflict.Watch(ctx, func(tx *goredis.Tx) error {
			_, err := tx.TxPipelined(ctx, func(p goredis.Pipeliner) error { return p.Set(ctx, "a", 1, 0).Err() })
			return err
		}, "a")
		if !errors.Is(err, goredis.TxFailedErr) {
			t.Errorf("RESP%d: a conflict: %v", version, err)
		}
		if err := conflict.Get(ctx, "a").Err(); err != goredis.Nil {
			t.Errorf("RESP%d: after the conflict a: %v", version, err)
		}
	}
}

// A reply is lost and the command has taken effect: also that of EXEC.
func TestReplyIsLost(t *testing.T) {
	addr := server(t)
	direct := dial(t, addr)
	_, through := lab.Vaurien(t, "--protocol", "redis", "--proxy", "127.0.0.1:0", "--backend", addr,
		"--behavior", "100:abort", "--behavior-abort-match", `command in ["INCR", "EXEC"]`)
	for _, script := range [][]string{{"INCR n"}, {"MULTI", "SET n 1", "EXEC"}} {
		direct.must("DEL n")
		c := dial(t, through)
		for i, line := range script {
			got := c.do(line)
			if last := i == len(script)-1; last != strings.HasSuffix(got, "EOF") {
				t.Errorf("%s gave %q", line, got)
			}
		}
		if got := direct.do("GET n"); got != "$1\r\n1\r\n" {
			t.Errorf("after %v n is %q", script, got)
		}
	}

	// go-redis asks again: what was counted once is counted four times.
	c := goredis.NewClient(&goredis.Options{Addr: through})
	defer c.Close()
	direct.must("DEL n")
	err := c.Incr(t.Context(), "n").Err()
	if !errors.Is(err, io.EOF) {
		t.Errorf("INCR: %v", err)
	}
	if got := direct.do("GET n"); got != "$1\r\n4\r\n" {
		t.Errorf("n is %q", got)
	}
}
