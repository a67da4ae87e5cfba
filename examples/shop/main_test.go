package shop_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/examples/shop"
	"github.com/vaurien-proxy/vaurien/examples/shop/internal/books"
	"github.com/vaurien-proxy/vaurien/examples/shop/internal/servers"
)

// server are the servers that all tests share.
var server *servers.Set

func TestMain(m *testing.M) {
	var err error
	if server, err = servers.Start(0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// through are the URLs of proxies; where there is none, the shop talks to the
// server itself.
type through struct{ database, cache, payment string }

// A stand is a shop with tables, an item and a customer of its own.
type stand struct {
	*shop.Shop
	books          *books.Books
	item, customer string
}

const price, inStock = 350, 10

func open(t *testing.T, by through) *stand {
	t.Helper()
	b, err := books.Open(t.Context(), server.Database, server.Payment)
	must(t, err)
	t.Cleanup(func() { b.Close(context.Background()) })
	item, err := b.Stock(t.Context(), price, inStock)
	must(t, err)
	database, err := b.Database(cmp.Or(by.database, server.Database))
	must(t, err)
	s, err := shop.New(t.Context(), database, cmp.Or(by.cache, server.Cache), cmp.Or(by.payment, server.Payment))
	must(t, err)
	t.Cleanup(s.Close)
	s.CacheTime = time.Minute // the machine may be busy
	return &stand{s, b, item, "ann-" + rand.Text()[:6]}
}

// place orders so many of the item.
func (s *stand) place(t *testing.T, quantity int) (shop.Order, error) {
	t.Helper()
	return s.Place(t.Context(), shop.Order{ID: rand.Text(), Customer: s.customer, Item: s.item, Quantity: quantity})
}

// order orders one, and gets it.
func (s *stand) order(t *testing.T) {
	t.Helper()
	_, err := s.place(t, 1)
	must(t, err)
}

// payments settles and returns how often the customer has paid.
func (s *stand) payments(t *testing.T) int {
	t.Helper()
	must(t, s.Settle(t.Context()))
	charges, err := s.books.Charges(t.Context(), s.customer)
	must(t, err)
	return len(charges)
}

// price returns what the shop shows.
func (s *stand) price(t *testing.T) int {
	t.Helper()
	i, err := s.Item(t.Context(), s.item)
	if err != nil {
		t.Error(err)
	}
	return i.Price
}

// reprice changes the price.
func (s *stand) reprice(t *testing.T, to int) {
	t.Helper()
	_, err := s.SetPrice(t.Context(), s.item, to)
	must(t, err)
}

// expect looks into the books.
func (s *stand) expect(t *testing.T, orders, payments, left int) {
	t.Helper()
	paid := s.payments(t)
	o, err := s.books.Orders(t.Context(), s.customer)
	must(t, err)
	l, err := s.books.Left(t.Context(), s.item)
	must(t, err)
	if o != orders || paid != payments || l != left {
		t.Errorf("%d orders, %d payments and %d left; want %d, %d and %d", o, paid, l, orders, payments, left)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
