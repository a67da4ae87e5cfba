// Shopper buys something and then looks into the books. It opens a shop of its
// own, before the servers that DATABASE_URL, REDIS_URL and PAYMENT_URL say; the
// books are those of SHOP_DATABASE_URL and SHOP_PAYMENT_URL.
//
//	status 0  it has bought what it wanted, and the shop has kept its promises
//	       3  the shop was sorry for as long as the shopper had patience, and has kept them
//	       1  the shop has broken one
//	       2  nobody can tell: the books cannot be read
//
// The promises: each request is answered in time; what was ordered once is in the
// books once and paid once, at the price that was shown; what was not ordered, not
// at all.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/vaurien-proxy/vaurien/examples/shop"
	"github.com/vaurien-proxy/vaurien/examples/shop/internal/books"
)

// Where "go run ./servers" puts the servers.
const (
	database = "postgres://postgres@localhost:25432/postgres?sslmode=disable"
	cache    = "redis://localhost:26379/0"
	payment  = "http://localhost:28080"
)

const (
	patience = 6 * time.Second // twice as long as a server of "vaurien matrix" is gone for
	bookTime = 20 * time.Second
)

func main() {
	ctx := context.Background()
	book, err := books.Open(ctx, env("SHOP_DATABASE_URL", database), env("SHOP_PAYMENT_URL", payment))
	if err != nil {
		exit(2, err)
	}
	status, err := shopping(ctx, book)
	book.Close(ctx)
	exit(status, err)
}

func env(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }

func exit(status int, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "shopper:", err)
	}
	os.Exit(status)
}

// shopping buys something, closes the shop, and reads the books.
func shopping(ctx context.Context, book *books.Books) (status int, err error) {
	item, err := book.Stock(ctx, price, inStock)
	if err != nil {
		return 2, err
	}
	db, err := book.Database(env("DATABASE_URL", database))
	if err != nil {
		return 2, err
	}
	s, err := shop.New(ctx, db, env("REDIS_URL", cache), env("PAYMENT_URL", payment))
	if err != nil {
		return 2, err
	}
	server := httptest.NewServer(s.Handler())
	running, stop := context.WithCancel(ctx)
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		s.Run(running)
	}()

	c := &customer{name: "ann-" + rand.Text()[:6], item: item, url: server.URL, http: http.Client{Timeout: answerTime}}
	sorry := c.buy(ctx)
	stop()
	<-settled
	server.Close()
	s.Close()

	if broken, ok := errors.AsType[brokenPromise](sorry); ok {
		return 1, broken
	}
	ctx, cancel := context.WithTimeout(ctx, bookTime)
	defer cancel()
	switch broken, err := c.audit(ctx, book); {
	case err != nil:
		return 2, err
	case broken != nil:
		return 1, broken
	case sorry != nil:
		return 3, fmt.Errorf("no tea: %w", sorry)
	}
	fmt.Println("tea!")
	return 0, nil
}
