//go:build !buggy

// What the tests have taught the shop. buggy.go is how it was before.

package shop

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// insert writes the order's row, unless it is there: when a connection is lost at
// COMMIT, the order may have been placed all the same.
func insert(ctx context.Context, tx pgx.Tx, o *Order) (isNew bool, err error) {
	tag, err := tx.Exec(ctx, `
		insert into orders (id, customer, item, quantity, total) values ($1, $2, $3, $4, $5)
		on conflict (id) do nothing`, o.ID, o.Customer, o.Item, o.Quantity, o.Total)
	return tag.RowsAffected() == 1, err
}

// fill puts an item into the cache that was not in it.
func (s *Shop) fill(ctx context.Context, i Item) error { return s.setNewer(ctx, i) }

// changed puts an item into the cache that was changed.
func (s *Shop) changed(ctx context.Context, i Item) error { return s.setNewer(ctx, i) }

// newer sets a key unless what it has is as new, so that it does not matter who
// comes last.
var newer = redis.NewScript(`
	local old = redis.call('GET', KEYS[1])
	if not old or cjson.decode(old).version < tonumber(ARGV[1]) then
		redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
	end
	return 'OK'`)

func (s *Shop) setNewer(ctx context.Context, i Item) error {
	text, err := json.Marshal(i)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.CacheTime)
	defer cancel()
	return newer.Run(ctx, s.cache, []string{key(i.Name)}, i.Version, text, cacheFor.Milliseconds()).Err()
}
