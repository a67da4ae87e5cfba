package shop_test

import (
	"testing"

	"github.com/vaurien-proxy/vaurien/vaurientest"
)

// The order is placed, and the database's answer to COMMIT is lost. The shop
// cannot know, and tries again.
func TestCustomerPaysOnce(t *testing.T) {
	db := vaurientest.New(t, server.Database)
	s := open(t, through{database: db.URL()})

	db.With(t, "commit-unknown", vaurientest.Options{"match": `verb == "COMMIT"`, "max": 1})
	s.order(t)

	if n := s.payments(t); n != 1 {
		t.Errorf("one order was paid %d times", n)
	}
	if db.Fired("commit-unknown") != 1 {
		t.Error("no answer was lost")
	}
}

// One who reads finds nothing in the cache and asks the database. Before the
// answer is in the cache, the price changes.
func TestNewPriceStays(t *testing.T) {
	cache := vaurientest.New(t, server.Cache)
	s := open(t, through{cache: cache.URL()})

	write := cache.HoldNext(t, `key.startsWith("item:") && command != "GET"`)
	read := make(chan int)
	go func() { read <- s.price(t) }()
	write.Wait() // the old price is on its way to the cache
	s.reprice(t, 400)
	write.Release()
	<-read

	if p := s.price(t); p != 400 {
		t.Errorf("the price is 400, and the shop shows %d", p)
	}
}
