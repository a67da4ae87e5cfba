package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// goRedis is the client library, as the tables name it.
const goRedis = "go-redis v9.23.0"

// All that go-redis does, in both versions of the protocol.
func TestGoRedis(t *testing.T) {
	addr := server(t)
	for _, version := range []int{2, 3} {
		t.Run(fmt.Sprint("RESP", version), func(t *testing.T) {
			proxied(t, addr, func(t *testing.T, through string) {
				c := goredis.NewClient(&goredis.Options{Addr: through, Protocol: version})
				defer c.Close()
				useGoRedis(t, t.Context(), c)
			})
		})
	}
}

func useGoRedis(t *testing.T, ctx context.Context, c *goredis.Client) {
	must := func(err error) {
		t.Helper()
		lab.Must(t, err)
	}
	must(c.FlushAll(ctx).Err())
	large := strings.Repeat("0123456789abcdef", 512<<10)
	must(c.Set(ctx, "large", large, 0).Err())
	if got, err := c.Get(ctx, "large").Result(); err != nil || got != large {
		t.Errorf("a value of %d bytes came back with %d, %v", len(large), len(got), err)
	}
	if err := c.Get(ctx, "none").Err(); err != goredis.Nil {
		t.Errorf("a key that is not there: %v", err)
	}
	must(c.HSet(ctx, "hash", "a", 1, "b", 2).Err())
	if all, err := c.HGetAll(ctx, "hash").Result(); err != nil || len(all) != 2 {
		t.Errorf("a hash: %v, %v", all, err)
	}

	// A pipeline of more commands than may be in flight.
	const many = 3000
	gets := make([]*goredis.StringCmd, many)
	_, err := c.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for i := range many {
			p.Set(ctx, fmt.Sprint("k", i), i, 0)
			gets[i] = p.Get(ctx, fmt.Sprint("k", i))
		}
		return nil
	})
	must(err)
	for i, get := range gets {
		if get.Val() != fmt.Sprint(i) {
			t.Fatalf("k%d is %q", i, get.Val())
		}
	}
	var keys int
	for it := c.Scan(ctx, 0, "k*", 500).Iterator(); it.Next(ctx); {
		keys++
	}
	if keys != many {
		t.Errorf("%d keys scanned of %d", keys, many)
	}

	// A transaction, one after WATCH, and one that conflicts.
	increment := func(tx *goredis.Tx) error {
		n, err := tx.Get(ctx, "n").Int()
		if err != nil && err != goredis.Nil {
			return err
		}
		_, err = tx.TxPipelined(ctx, func(p goredis.Pipeliner) error { return p.Set(ctx, "n", n+1, 0).Err() })
		return err
	}
	must(c.Watch(ctx, increment, "n"))
	err = c.Watch(ctx, func(tx *goredis.Tx) error {
		must(c.Incr(ctx, "n").Err())
		return increment(tx)
	}, "n")
	if n, _ := c.Get(ctx, "n").Int(); err != goredis.TxFailedErr || n != 2 {
		t.Errorf("a conflict: %v, n is %d", err, n)
	}

	// Publish and subscribe, patterns too, while the client is in use.
	sub := c.Subscribe(ctx, "news", "sport")
	defer sub.Close()
	must(sub.PSubscribe(ctx, "n*"))
	for range 3 {
		_, err := sub.Receive(ctx)
		must(err)
	}
	for i := range 10 {
		must(c.Publish(ctx, "news", i).Err())
	}
	for range 20 {
		m, err := sub.ReceiveMessage(ctx)
		must(err)
		if m.Channel != "news" {
			t.Errorf("a message of %s", m.Channel)
		}
	}
	must(sub.Ping(ctx))
	must(sub.Unsubscribe(ctx, "sport"))

	// Waiting, scripts, another database, streams.
	go func() { c.RPush(ctx, "queue", "job") }()
	if job, err := c.BLPop(ctx, time.Minute, "queue").Result(); err != nil || len(job) != 2 || job[1] != "job" {
		t.Errorf("waited for %v, %v", job, err)
	}
	script := goredis.NewScript(`return {KEYS[1], ARGV[1], {1, 2, false}}`)
	if got, err := script.Run(ctx, c, []string{"k"}, "v").Slice(); err != nil || len(got) != 3 {
		t.Errorf("a script: %v, %v", got, err)
	}
	must(c.XAdd(ctx, &goredis.XAddArgs{Stream: "s", Values: []string{"f", "v"}}).Err())
	if got, err := c.XRead(ctx, &goredis.XReadArgs{Streams: []string{"s", "0"}, Block: -1}).Result(); err != nil || len(got) != 1 {
		t.Errorf("a stream: %v, %v", got, err)
	}
	other := c.Conn()
	defer other.Close()
	must(other.Select(ctx, 3).Err())
	if err := other.Get(ctx, "n").Err(); err != goredis.Nil {
		t.Errorf("n in another database: %v", err)
	}
	var redisErr goredis.Error
	if err := c.Do(ctx, "NOSUCH").Err(); !errors.As(err, &redisErr) {
		t.Errorf("an unknown command: %v", err)
	}
}
