// Package books is for those who look whether the shop has kept its promises. It
// asks the servers themselves, with no proxy between.
package books

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/vaurien-proxy/vaurien/examples/shop"
)

// Books are those of one shop, which has tables of its own.
type Books struct {
	db      *pgx.Conn
	payment string
	schema  string
}

// Open makes the tables of a shop. The URLs are those of the servers themselves.
func Open(ctx context.Context, database, payment string) (*Books, error) {
	db, err := pgx.Connect(ctx, database)
	if err != nil {
		return nil, err
	}
	b := &Books{db: db, payment: payment, schema: "shop_" + strings.ToLower(rand.Text())}
	_, err = db.Exec(ctx, fmt.Sprintf("create schema %[1]s; set search_path to %[1]s; %[2]s", b.schema, shop.Schema))
	if err != nil {
		db.Close(ctx)
		return nil, err
	}
	return b, nil
}

// Close ends the connection. The tables stay: transactions that a failure has left
// behind may still use them.
func (b *Books) Close(ctx context.Context) error { return b.db.Close(ctx) }

// Database returns a URL of the database, such as a proxy's, for this shop's
// tables.
func (b *Books) Database(database string) (string, error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", err
	}
	query := u.Query()
	query.Set("search_path", b.schema)
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// Stock puts something into the shop and returns its name, which no other shop
// has: they all have one cache.
func (b *Books) Stock(ctx context.Context, price, n int) (item string, err error) {
	item = "tea-" + rand.Text()[:6]
	_, err = b.db.Exec(ctx, "insert into items (name, price, stock) values ($1, $2, $3)", item, price, n)
	return item, err
}

// Left returns how many of an item are in the shop.
func (b *Books) Left(ctx context.Context, item string) (n int, err error) {
	err = b.db.QueryRow(ctx, "select stock from items where name = $1", item).Scan(&n)
	return n, err
}

// Orders returns how many orders a customer has.
func (b *Books) Orders(ctx context.Context, customer string) (n int, err error) {
	err = b.db.QueryRow(ctx, "select count(*) from orders where customer = $1", customer).Scan(&n)
	return n, err
}

// Charges returns what a customer has paid.
func (b *Books) Charges(ctx context.Context, customer string) ([]shop.Charge, error) {
	r, err := http.NewRequestWithContext(ctx, "GET", b.payment+"/charges?"+url.Values{"customer": {customer}}.Encode(), nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var charges []shop.Charge
	return charges, json.NewDecoder(res.Body).Decode(&charges)
}
