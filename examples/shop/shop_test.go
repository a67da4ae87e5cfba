package shop_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/examples/shop"
	"github.com/vaurien-proxy/vaurien/vaurientest"
)

// What any shop's tests have.
func TestShop(t *testing.T) {
	for _, test := range []struct {
		name                   string
		quantities             []int
		orders, payments, left int
	}{
		{"one", []int{1}, 1, 1, 9},
		{"several", []int{2, 3}, 2, 2, 5},
		{"all", []int{10}, 1, 1, 0},
		{"too many", []int{8, 3, 2}, 2, 2, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, through{})
			for _, q := range test.quantities {
				s.place(t, q) // some are sold out
			}
			s.expect(t, test.orders, test.payments, test.left)
		})
	}
}

func TestDeclined(t *testing.T) {
	s := open(t, through{})
	s.reprice(t, 1_000_000)
	o, err := s.place(t, 1)
	must(t, err)
	s.expect(t, 1, 0, inStock)
	if o, err = s.Order(t.Context(), o.ID); err != nil || o.State != "declined" {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestPriceChanges(t *testing.T) {
	s := open(t, through{})
	for _, p := range []int{price, 400, 300, 1} {
		s.reprice(t, p)
		for range 2 { // from the database, from the cache
			if shown := s.price(t); shown != p {
				t.Errorf("the price is %d, and the shop shows %d", p, shown)
			}
		}
	}
}

func TestHTTP(t *testing.T) {
	s := open(t, through{})
	ask := func(method, path, body string, want int) string {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s %s %s: %d %s; want %d", method, path, body, w.Code, w.Body, want)
		}
		return w.Body.String()
	}
	order := func(item, quantity string) string {
		return `{"customer": "` + s.customer + `", "item": "` + item + `", "quantity": ` + quantity + `}`
	}
	ask("PUT", "/items/"+s.item+"/price", `{"price": 500}`, http.StatusOK)
	ask("GET", "/items/"+s.item, "", http.StatusOK)
	var o shop.Order
	must(t, json.Unmarshal([]byte(ask("POST", "/orders", order(s.item, "2"), http.StatusCreated)), &o))
	must(t, s.Settle(t.Context()))
	must(t, json.Unmarshal([]byte(ask("GET", "/orders/"+o.ID, "", http.StatusOK)), &o))
	if o.State != "paid" || o.Total != 1000 {
		t.Errorf("the order is %+v", o)
	}
	ask("GET", "/items/nothing", "", http.StatusNotFound)
	ask("GET", "/orders/nothing", "", http.StatusNotFound)
	ask("POST", "/orders", order("nothing", "1"), http.StatusNotFound)
	ask("POST", "/orders", order(s.item, "9"), http.StatusConflict)
	ask("POST", "/orders", order(s.item, "0"), http.StatusBadRequest)
	ask("POST", "/orders", "tea, please", http.StatusBadRequest)
	ask("PUT", "/items/"+s.item+"/price", `{"price": -1}`, http.StatusBadRequest)
}

// What goes wrong every day: the shop is used to it, with its bugs and without.
func TestOrdinaryFailures(t *testing.T) {
	type fault struct {
		of, behavior string
		options      vaurientest.Options
	}
	for _, test := range []struct {
		name  string
		fault fault
	}{
		{"the database is slow", fault{"database", "delay", vaurientest.Options{"sleep": "20ms"}}},
		{"the database starts", fault{"database", "error", vaurientest.Options{"kind": "starting-up", "first": 2}}},
		{"the database is full", fault{"database", "error", vaurientest.Options{"kind": "too-many-connections", "first": 2}}},
		{"the database closes a connection", fault{"database", "blackout", vaurientest.Options{"match": `verb == "UPDATE"`, "max": 1}}},
		{"a transaction loses a race", fault{"database", "error", vaurientest.Options{"kind": "serialization-at-commit", "max": 1}}},
		{"a deadlock", fault{"database", "error", vaurientest.Options{"kind": "deadlock", "match": `verb == "UPDATE"`, "max": 1}}},
		{"the cache is gone", fault{"cache", "blackout", nil}},
		{"the cache is slow", fault{"cache", "delay", vaurientest.Options{"sleep": "20ms"}}},
		{"the cache starts", fault{"cache", "error", vaurientest.Options{"kind": "loading"}}},
		{"the provider is slow", fault{"payment", "delay", vaurientest.Options{"sleep": "20ms"}}},
		{"the provider closes a connection", fault{"payment", "blackout", vaurientest.Options{"max": 1}}},
		{"the provider is overloaded", fault{"payment", "error", vaurientest.Options{"kind": "overloaded", "max": 1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var by through
			var proxy *vaurientest.Proxy
			switch test.fault.of {
			case "database":
				proxy = vaurientest.New(t, server.Database)
				by.database = proxy.URL()
			case "cache":
				proxy = vaurientest.New(t, server.Cache)
				by.cache = proxy.URL()
			case "payment":
				proxy = vaurientest.New(t, server.Payment)
				by.payment = proxy.URL()
			}
			s := open(t, by)
			proxy.With(t, test.fault.behavior, test.fault.options)
			s.order(t)
			for range 2 { // the second attempt is the next round of Run
				s.Settle(t.Context())
			}
			s.expect(t, 1, 1, inStock-1)
			if proxy.Fired(test.fault.behavior) == 0 {
				t.Error("nothing has gone wrong")
			}
		})
	}
}
