package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
	"github.com/vaurien-proxy/vaurien/protocol/redis"
)

// An operation is what a client does when a failure of a kind hits it.
type operation struct {
	match string // the command that fails; empty for any that can
	do    func(ctx context.Context, c *goredis.Client) error
}

var (
	sets = operation{`command == "SET"`, func(ctx context.Context, c *goredis.Client) error {
		return c.Set(ctx, "k", "v", 0).Err()
	}}
	gets = operation{`command == "GET"`, func(ctx context.Context, c *goredis.Client) error {
		return c.Get(ctx, "there").Err()
	}}
	getsMany = operation{`command == "MGET"`, func(ctx context.Context, c *goredis.Client) error {
		return c.MGet(ctx, "a", "b").Err()
	}}
	executes = operation{`command == "EXEC"`, func(ctx context.Context, c *goredis.Client) error {
		return c.Watch(ctx, func(tx *goredis.Tx) error {
			_, err := tx.TxPipelined(ctx, func(p goredis.Pipeliner) error { return p.Set(ctx, "k", "v", 0).Err() })
			return err
		}, "k")
	}}
	connects = operation{``, func(ctx context.Context, c *goredis.Client) error { return c.Get(ctx, "there").Err() }}
)

var operations = map[string]operation{
	"max-clients": connects, "noauth": gets, "wrongpass": connects, "nopermission": sets, "noproto": connects,
	"loading": gets, "busy": gets, "readonly": sets, "oom": sets, "misconf": sets, "noreplicas": sets, "masterdown": gets,
	"noscript": {`command == "EVALSHA"`, func(ctx context.Context, c *goredis.Client) error {
		return c.EvalSha(ctx, "ffffffffffffffffffffffffffffffffffffffff", nil).Err()
	}},
	"unblocked": {`command == "BLPOP"`, func(ctx context.Context, c *goredis.Client) error {
		return c.BLPop(ctx, time.Minute, "queue").Err()
	}},
	"execabort": executes, "watch-conflict": executes,
	"moved": gets, "ask": gets, "tryagain": getsMany, "crossslot": getsMany, "clusterdown": gets, "evicted": gets,
}

// Every failure reaches a real client as the error that it takes the server's
// own for; the table says which, whether it asks again, and what becomes of the
// connection.
func TestFailuresAsParsed(t *testing.T) {
	addr := server(t)
	ctx := t.Context()
	direct := dial(t, addr)
	direct.must("SET there v")
	var all []lab.Parsed
	for _, kind := range new(redis.Protocol).Failures() {
		op, ok := operations[kind.Name]
		if !ok {
			t.Errorf("%s: nobody tries it", kind.Name)
			continue
		}
		direct.must("DEL queue")
		direct.must("RPUSH queue 1 2 3")
		args := []string{"--protocol", "redis", "--proxy", "127.0.0.1:0", "--backend", addr, "--behavior", "100:error", "--behavior-error-kind", kind.Name}
		if op.match != "" {
			args = append(args, "--behavior-error-match", op.match, "--behavior-error-max", "2")
		}
		_, through := lab.Vaurien(t, args...)
		options := goredis.Options{Addr: through, PoolSize: 1, MaxRetries: -1}
		if kind.Name == "wrongpass" {
			options.Password = "secret"
		}
		once := options
		c := goredis.NewClient(&once)
		err := op.do(ctx, c)
		saw := fmt.Sprintf("%T: %s", err, normal(fmt.Appendf(nil, "%v", err)))
		switch {
		case err == nil:
			saw = "no error: it goes on in RESP2"
		case kind.Name == "max-clients" && lost(err):
			saw = "by chance the end of the stream, a reset or a broken pipe: the server closes at once, with what the client sent unread"
		}
		if op.match != "" {
			if kind.Name == "unblocked" {
				c.Ping(ctx)
				saw += "; the server closes: the next command fails, or, if it looks in time, the pool has replaced the connection"
				if now := becomes(ctx, c); now != "the connection is replaced" {
					t.Errorf("%s: after another command %s", kind.Name, now)
				}
			} else {
				saw += "; " + becomes(ctx, c)
			}
			retrying := options
			retrying.MaxRetries = 0 // go-redis's own number
			again := goredis.NewClient(&retrying)
			switch err := op.do(ctx, again); {
			case err == nil, err == goredis.Nil && kind.Name != "evicted":
				saw += "; asks again"
			default:
				saw += "; does not ask again"
			}
			again.Close()
		}
		c.Close()
		all = append(all, lab.Parsed{Kind: kind.Name, Client: goRedis, Saw: saw})
	}
	lab.KeepParsed(t, "../../protocol/redis/testdata/clients.tsv", all)
}

// lost reports whether err is that of a connection which the server closed.
func lost(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		strings.Contains(err.Error(), "max number of clients")
}

// becomes says what became of the one connection of c.
func becomes(ctx context.Context, c *goredis.Client) string {
	if err := c.Ping(ctx).Err(); err != nil {
		return fmt.Sprintf("then PING gave %v", err)
	}
	if c.PoolStats().Misses > 1 {
		return "the connection is replaced"
	}
	return "the connection is kept"
}
