package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/vaurien-proxy/vaurien/examples/shop"
	"github.com/vaurien-proxy/vaurien/examples/shop/internal/books"
)

const (
	price    = 350
	inStock  = 1000
	quantity = 2

	answerTime = 10 * time.Second // for any answer: the shop wants to give one in two
	between    = 100 * time.Millisecond
)

// A brokenPromise is what the shop must never do.
type brokenPromise string

func (b brokenPromise) Error() string { return "a broken promise: " + string(b) }

// A customer wants two of an item, and tries again for as long as their patience
// lasts.
type customer struct {
	name, item string
	url        string // of the shop
	http       http.Client

	shown     int        // the price
	confirmed bool       // the order: the shop has said that it is placed
	order     shop.Order // as the shop knows it
}

// buy returns nil when the order is paid, or else why it is not.
func (c *customer) buy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var item shop.Item
	if err := c.insist(ctx, "GET", "/items/"+c.item, nil, &item); err != nil {
		return err
	}
	c.shown = item.Price
	want := shop.Order{Customer: c.name, Item: c.item, Quantity: quantity}
	if err := c.insist(ctx, "POST", "/orders", want, &c.order); err != nil {
		return err
	}
	c.confirmed = true
	for c.order.State == "placed" {
		wait(ctx, between)
		if err := c.insist(ctx, "GET", "/orders/"+c.order.ID, nil, &c.order); err != nil {
			return err
		}
	}
	if c.order.State != "paid" {
		return brokenPromise("the order is " + c.order.State)
	}
	return nil
}

// insist asks until the shop is not sorry any more. All attempts have one
// Idempotency-Key: it is one thing that is wanted.
func (c *customer) insist(ctx context.Context, method, path string, what, answer any) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	for key := rand.Text(); ; wait(ctx, between) {
		if ctx.Err() != nil {
			return fmt.Errorf("%s %s: the patience is over", method, path)
		}
		done, err := c.ask(method, path, key, body, answer)
		if done || err != nil {
			return err
		}
	}
}

// ask asks once. It is not done if the shop is sorry.
func (c *customer) ask(method, path, key string, body []byte, answer any) (done bool, err error) {
	r, err := http.NewRequest(method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	r.Header.Set("Idempotency-Key", key)
	res, err := c.http.Do(r)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return false, brokenPromise(fmt.Sprintf("%s %s was not answered in %v", method, path, answerTime))
	}
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusServiceUnavailable:
		return false, nil
	case res.StatusCode >= 300:
		return false, brokenPromise(fmt.Sprintf("%s %s was answered by %s", method, path, res.Status))
	}
	return true, json.NewDecoder(res.Body).Decode(answer)
}

// audit returns which promise the books say is broken, if one is.
func (c *customer) audit(ctx context.Context, book *books.Books) (broken, err error) {
	orders, err1 := book.Orders(ctx, c.name)
	left, err2 := book.Left(ctx, c.item)
	charges, err3 := book.Charges(ctx, c.name)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	switch taken := inStock - left; {
	case orders > 1:
		return brokenPromise(fmt.Sprintf("%s ordered once, has %d orders and paid %d times", c.name, orders, len(charges))), nil
	case c.confirmed && orders == 0:
		return brokenPromise("an order was confirmed and is not in the books"), nil
	case taken != orders*quantity:
		return brokenPromise(fmt.Sprintf("%d orders of %d took %d from the stock", orders, quantity, taken)), nil
	case len(charges) > orders:
		return brokenPromise(fmt.Sprintf("%d orders were paid %d times", orders, len(charges))), nil
	case c.order.State == "paid" && len(charges) == 0:
		return brokenPromise("an order is paid, and nothing was charged"), nil
	}
	for _, charge := range charges {
		if charge.Amount != c.shown*quantity {
			return brokenPromise(fmt.Sprintf("%d were charged for %d at %d", charge.Amount, quantity, c.shown)), nil
		}
	}
	return nil, nil
}

// wait waits for d, or until ctx is done.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
