// Package shop is a small shop: items and orders in PostgreSQL, prices cached in
// Redis, and a payment provider that is asked over HTTP.
//
//	GET  /items/{name}         an item and its price
//	PUT  /items/{name}/price   {"price": 350} changes it
//	POST /orders               {"customer": "ann", "item": "tea", "quantity": 1}
//	GET  /orders/{id}          what became of it: placed, paid or declined
//
// An order is written down at once, and paid a moment later by [Shop.Settle]. A
// client that does not know whether its order has arrived sends it again with the
// same Idempotency-Key.
package shop

import (
	"cmp"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	maxBody     = 64 << 10               // bytes of a request
	requestTime = 2 * time.Second        // for all that a request needs
	settleTime  = 2 * time.Second        // for Settle
	settleEvery = 200 * time.Millisecond // by Run
)

var (
	errNotFound = errors.New("there is no such thing here")
	errSoldOut  = errors.New("there is not enough of it left")
	errUnclear  = errors.New("the request is not understood")
)

// Schema makes the tables.
//
//go:embed schema.sql
var Schema string

// A Shop is made by New.
type Shop struct {
	// CacheTime is how long the cache may take to answer: the database is not much
	// slower. New makes it 200ms.
	CacheTime time.Duration

	db      *pgxpool.Pool
	cache   *redis.Client
	payment string // a URL
	http    *http.Client
}

// New returns a shop whose servers are at these URLs. They need not be there yet.
func New(ctx context.Context, database, cache, payment string) (*Shop, error) {
	options, err := redis.ParseURL(cache)
	if err != nil {
		return nil, err
	}
	options.ContextTimeoutEnabled = true // CacheTime counts
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	db, err := pgxpool.New(ctx, database)
	if err != nil {
		return nil, err
	}
	return &Shop{
		CacheTime: 200 * time.Millisecond,
		db:        db, cache: redis.NewClient(options),
		payment: payment, http: &http.Client{Transport: new(http.Transport)},
	}, nil
}

// Close closes all connections.
func (s *Shop) Close() {
	s.db.Close()
	s.cache.Close()
	s.http.CloseIdleConnections()
}

// Run settles again and again, until ctx is done.
func (s *Shop) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.Settle(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("not everything is settled", "error", err)
		}
		pause(ctx, settleEvery)
	}
}

// Handler returns what serves the shop's customers.
func (s *Shop) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{name}", serve(http.StatusOK, func(r *http.Request) (any, error) {
		return s.Item(r.Context(), r.PathValue("name"))
	}))
	mux.HandleFunc("PUT /items/{name}/price", serve(http.StatusOK, func(r *http.Request) (any, error) {
		var i Item
		if json.NewDecoder(r.Body).Decode(&i) != nil || i.Price < 1 {
			return nil, errUnclear
		}
		return s.SetPrice(r.Context(), r.PathValue("name"), i.Price)
	}))
	mux.HandleFunc("POST /orders", serve(http.StatusCreated, func(r *http.Request) (any, error) {
		var o Order
		if json.NewDecoder(r.Body).Decode(&o) != nil || o.Customer == "" || o.Quantity < 1 {
			return nil, errUnclear
		}
		o.ID = cmp.Or(r.Header.Get("Idempotency-Key"), rand.Text())
		return s.Place(r.Context(), o)
	}))
	mux.HandleFunc("GET /orders/{id}", serve(http.StatusOK, func(r *http.Request) (any, error) {
		return s.Order(r.Context(), r.PathValue("id"))
	}))
	return http.MaxBytesHandler(mux, maxBody)
}

// serve answers a request in time: with JSON or, if it is not the client's fault
// that there is none, with 503, which means that it may try again.
func serve(status int, answer func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		what, err := answer(r.WithContext(ctx))
		switch {
		case err == nil:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			json.NewEncoder(w).Encode(what)
		case errors.Is(err, errUnclear):
			http.Error(w, err.Error(), http.StatusBadRequest)
		case errors.Is(err, errNotFound):
			http.Error(w, err.Error(), http.StatusNotFound)
		case errors.Is(err, errSoldOut):
			http.Error(w, err.Error(), http.StatusConflict)
		default:
			slog.Warn("the shop is sorry", "request", r.Method+" "+r.URL.Path, "error", err)
			http.Error(w, "we are sorry", http.StatusServiceUnavailable)
		}
	}
}
