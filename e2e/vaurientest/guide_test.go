package vaurientest

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vaurien-proxy/vaurien/vaurientest"
)

func TestMine(t *testing.T) {
	proxy := vaurientest.New(t, redisServer(t)) // a URL: redis://localhost:6379
	client := connect(t, proxy.URL())

	t.Run("one", func(t *testing.T) {
		proxy.With(t, "error", vaurientest.Options{"inject": true})
		// do something...
		if err := client.Ping(t.Context()).Err(); err == nil {
			t.Error("nobody noticed")
		}
	})
	// we're back to normal here
}

func TestReplica(t *testing.T) {
	proxy := vaurientest.New(t, redisServer(t))
	client := connect(t, proxy.URL())

	proxy.With(t, "error", vaurientest.Options{
		"kind":  "readonly",
		"match": `command == "SET" && key.startsWith("cart:")`,
	})
	if err := client.Set(t.Context(), "cart:1", "tea", 0).Err(); err == nil {
		t.Error("a replica took a cart")
	}
	if err := client.Set(t.Context(), "user:1", "ann", 0).Err(); err != nil {
		t.Error(err)
	}
}

func TestLoading(t *testing.T) {
	proxy := vaurientest.New(t, redisServer(t))
	client := connect(t, proxy.URL())

	proxy.With(t, "error", vaurientest.Options{"kind": "loading", "match": `command == "GET"`, "first": 2})
	if err := client.Get(t.Context(), "name").Err(); err != redis.Nil {
		t.Errorf("it was not tried again: %v", err)
	}
	if n := proxy.Fired("error"); n != 2 {
		t.Errorf("Redis was loading %d times", n)
	}
	if gets := proxy.Exchanges(`command == "GET"`); len(gets) != 3 {
		t.Errorf("GET was sent %d times: %v", len(gets), gets)
	}
}

// visit counts a visit: it reads, adds one, and writes.
func visit(ctx context.Context, c *redis.Client) error {
	n, err := c.Get(ctx, "visits").Int()
	if err != nil && err != redis.Nil {
		return err
	}
	return c.Set(ctx, "visits", n+1, 0).Err()
}

func TestLostUpdate(t *testing.T) {
	proxy := vaurientest.New(t, redisServer(t))
	ann, bob := connect(t, proxy.URL()), connect(t, proxy.URL())

	hold := proxy.HoldNext(t, `command == "SET"`)
	done := make(chan error)
	go func() { done <- visit(context.Background(), ann) }()
	<-hold.Arrived() // ann has read 0, and is about to write 1

	if err := visit(t.Context(), bob); err != nil { // bob reads 0, and writes 1
		t.Fatal(err)
	}
	hold.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n, _ := ann.Get(t.Context(), "visits").Int(); n != 1 {
		t.Errorf("two visits, and %d counted: is it mended?", n)
	}
}

// visitSafely counts a visit, anew if another one came between.
func visitSafely(ctx context.Context, c *redis.Client) error {
	count := func(tx *redis.Tx) error {
		n, err := tx.Get(ctx, "visits").Int()
		if err != nil && err != redis.Nil {
			return err
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Set(ctx, "visits", n+1, 0).Err() })
		return err
	}
	for {
		if err := c.Watch(ctx, count, "visits"); err != redis.TxFailedErr {
			return err
		}
	}
}

func TestNoLostUpdate(t *testing.T) {
	proxy := vaurientest.New(t, redisServer(t))
	ann, bob := connect(t, proxy.URL()), connect(t, proxy.URL())

	hold := proxy.HoldNext(t, `command == "EXEC"`)
	done := make(chan error)
	go func() { done <- visitSafely(context.Background(), ann) }()
	<-hold.Arrived()
	if err := visitSafely(t.Context(), bob); err != nil {
		t.Fatal(err)
	}
	hold.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n, _ := ann.Get(t.Context(), "visits").Int(); n != 2 {
		t.Errorf("two visits, and %d counted", n)
	}
}

func TestInDoubt(t *testing.T) {
	proxy := vaurientest.New(t, redisServer(t))
	options, _ := redis.ParseURL(proxy.URL())
	options.ReadTimeout, options.MaxRetries = 200*time.Millisecond, -1
	client := redis.NewClient(options)
	defer client.Close()

	hold := proxy.HoldReply(t, `command == "SET"`)
	err := client.Set(t.Context(), "order", "paid", 0).Err()
	hold.Wait()
	hold.Close()
	if err == nil {
		t.Error("the client knows what nobody has told it")
	}
	if order := client.Get(t.Context(), "order").Val(); order != "paid" {
		t.Errorf("the order is %q", order)
	}
}

func TestSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := vaurientest.Listen()
		server := &http.Server{Handler: http.NotFoundHandler()}
		go server.Serve(backend)
		defer server.Close()
		proxy := vaurientest.New(t, backend, vaurientest.Protocol("http"))
		client := &http.Client{
			Transport: &http.Transport{DialContext: proxy.DialContext, DisableKeepAlives: true},
			Timeout:   30 * time.Second,
		}

		proxy.With(t, "delay", vaurientest.Options{"sleep": time.Hour})
		_, err := client.Get("http://backend/")
		if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() {
			t.Errorf("after half a minute: %v", err)
		}
	})
}

func TestDeployment(t *testing.T) {
	proxy := vaurientest.Remote(t, deployment(t), "default") // a URL: http://localhost:8080
	client := connect(t, "redis://"+proxy.Addr())

	t.Run("gone", func(t *testing.T) {
		proxy.With(t, "blackout")
		if err := client.Ping(t.Context()).Err(); err == nil {
			t.Error("nobody noticed")
		}
		if proxy.Fired("blackout") == 0 {
			t.Error("nothing was done")
		}
	})
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}
