package redis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// While plans come and go, the books balance, every reply is that to its own
// command, and nobody waits for ever.
func TestSoak(t *testing.T) {
	addr := server(t)
	direct := goredis.NewClient(&goredis.Options{Addr: addr})
	defer direct.Close()
	for _, version := range []int{2, 3} {
		t.Run(fmt.Sprint("RESP", version), func(t *testing.T) {
			lab.Must(t, direct.FlushAll(t.Context()).Err())
			p, through, put := lab.Soaked(t, "--protocol", "redis", "--proxy", "127.0.0.1:0", "--backend", addr)
			c := goredis.NewClient(&goredis.Options{Addr: through, Protocol: version, PoolSize: 6, MaxRetries: -1,
				ReadTimeout: -1, WriteTimeout: -1, ContextTimeoutEnabled: true})
			defer c.Close()
			b := books{applied: make(map[string]bool), not: make(map[string]bool)}
			lab.Soak(t, put, lab.SoakPlans(`command != "MULTI"`), 6, func(worker int, rng *rand.Rand) {
				if rng.IntN(2) == 0 {
					b.transfer(t, c, rng)
				} else {
					echoes(t, c, rng)
				}
			})
			if err := c.Ping(t.Context()).Err(); err != nil {
				t.Error(err)
			}
			b.check(t, direct)
			if out := p.Out.String(); strings.Contains(out, "goes on as tcp") || strings.Contains(out, "panic") {
				t.Error(out)
			}
		})
	}
}

// echoes asks for unique texts in a pipeline.
func echoes(t *testing.T, c *goredis.Client, rng *rand.Rand) {
	ctx := context.Background()
	pipe := c.Pipeline()
	var want []string
	var got []*goredis.StringCmd
	for range 1 + rng.IntN(20) {
		text := fmt.Sprintf("%x", rng.Uint64())
		if rng.IntN(20) == 0 {
			text = strings.Repeat(text, 4000)
		}
		want = append(want, text)
		got = append(got, pipe.Echo(ctx, text))
	}
	pipe.Exec(ctx)
	for i, cmd := range got {
		if s, err := cmd.Result(); err == nil && s != want[i] {
			t.Errorf("an echo of %.20q is %.20q", want[i], s)
		}
	}
}

type books struct {
	mu           sync.Mutex
	applied, not map[string]bool
	unknown      int
}

// transfer moves money in a transaction.
func (b *books) transfer(t *testing.T, c *goredis.Client, rng *rand.Rand) {
	ctx := context.Background()
	id := fmt.Sprintf("%x", rng.Uint64())
	amount := int64(rng.IntN(100))
	from, to := fmt.Sprint("account:", rng.IntN(10)), fmt.Sprint("account:", rng.IntN(10))
	move := func(p goredis.Pipeliner) error {
		p.IncrBy(ctx, from, -amount)
		p.SAdd(ctx, "done", id)
		p.IncrBy(ctx, to, amount)
		return nil
	}
	var err error
	if rng.IntN(2) == 0 {
		err = c.Watch(ctx, func(tx *goredis.Tx) error {
			if err := tx.Get(ctx, from).Err(); err != nil && err != goredis.Nil {
				return err
			}
			_, err := tx.TxPipelined(ctx, move)
			return err
		}, from)
	} else {
		_, err = c.TxPipelined(ctx, move)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var said goredis.Error
	switch {
	case err == nil:
		b.applied[id] = true
	case errors.As(err, &said):
		b.not[id] = true
	default:
		b.unknown++
	}
}

func (b *books) check(t *testing.T, direct *goredis.Client) {
	ctx := t.Context()
	sum := 0
	for i := range 10 {
		n, _ := direct.Get(ctx, fmt.Sprint("account:", i)).Int()
		sum += n
	}
	if sum != 0 {
		t.Errorf("the books are out by %d", sum)
	}
	done := make(map[string]bool)
	for _, id := range direct.SMembers(ctx, "done").Val() {
		done[id] = true
	}
	for id := range b.applied {
		if !done[id] {
			t.Errorf("%s was not applied", id)
		}
	}
	for id := range b.not {
		if done[id] {
			t.Errorf("%s was applied", id)
		}
	}
	t.Logf("%d applied, %d not, %d unknown", len(b.applied), len(b.not), b.unknown)
}
