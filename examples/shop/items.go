package shop

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// cacheFor is how long a price is cached.
const cacheFor = time.Minute

// An Item is what the shop sells.
type Item struct {
	Name    string `json:"name"`
	Price   int    `json:"price"`   // cents
	Version int    `json:"version"` // of the price: each change is one more
}

// Item returns an item: as the cache knows it, or else from the database.
func (s *Shop) Item(ctx context.Context, name string) (Item, error) {
	if i, ok := s.cached(ctx, name); ok {
		return i, nil
	}
	i, err := s.queryItem(ctx, `select name, price, version from items where name = $1`, name)
	if err != nil {
		return i, err
	}
	if err := s.fill(ctx, i); err != nil {
		slog.Warn("a price is not cached", "item", name, "error", err)
	}
	return i, nil
}

// SetPrice changes the price of an item. When it succeeds, all who ask from then
// on are told the new one.
func (s *Shop) SetPrice(ctx context.Context, name string, price int) (Item, error) {
	i, err := s.queryItem(ctx, `
		update items set price = $2, version = version + 1
		where name = $1 returning name, price, version`, name, price)
	if err != nil {
		return i, err
	}
	return i, s.changed(ctx, i)
}

func (s *Shop) queryItem(ctx context.Context, sql string, args ...any) (i Item, err error) {
	err = retry(ctx, func() error {
		return s.db.QueryRow(ctx, sql, args...).Scan(&i.Name, &i.Price, &i.Version)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = errNotFound
	}
	return i, err
}

// cached asks the cache. One that is gone, slow or out of its mind knows nothing.
func (s *Shop) cached(ctx context.Context, name string) (i Item, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, s.CacheTime)
	defer cancel()
	text, err := s.cache.Get(ctx, key(name)).Bytes()
	ok = err == nil && json.Unmarshal(text, &i) == nil && i.Name == name
	return i, ok
}

func key(item string) string { return "item:" + item }
