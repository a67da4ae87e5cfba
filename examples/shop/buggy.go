//go:build buggy

// The shop before. Each of these is good code, as long as nothing goes wrong at
// the wrong moment.

package shop

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"
)

// insert writes the order's row. The database gives it its number.
func insert(ctx context.Context, tx pgx.Tx, o *Order) (isNew bool, err error) {
	err = tx.QueryRow(ctx, `
		insert into orders (customer, item, quantity, total) values ($1, $2, $3, $4)
		returning id`, o.Customer, o.Item, o.Quantity, o.Total).Scan(&o.ID)
	return true, err
}

// fill puts an item into the cache that was not in it.
func (s *Shop) fill(ctx context.Context, i Item) error {
	text, err := json.Marshal(i)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.CacheTime)
	defer cancel()
	return s.cache.Set(ctx, key(i.Name), text, cacheFor).Err()
}

// changed makes the cache forget an item that was changed.
func (s *Shop) changed(ctx context.Context, i Item) error {
	ctx, cancel := context.WithTimeout(ctx, s.CacheTime)
	defer cancel()
	return s.cache.Del(ctx, key(i.Name)).Err()
}
