package shop

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// A Charge is what the payment provider has taken from a customer.
type Charge struct {
	ID       string `json:"id,omitempty"` // the provider's
	Customer string `json:"customer"`
	Amount   int    `json:"amount"` // cents
}

var errDeclined = errors.New("the payment was declined")

// charge has the provider take an order's money. For one order it does so once,
// however often it is asked: that is what Idempotency-Key is to it.
func (s *Shop) charge(ctx context.Context, o Order) error {
	body, err := json.Marshal(Charge{Customer: o.Customer, Amount: o.Total})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, "POST", s.payment+"/charges", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Idempotency-Key", o.ID)
	res, err := s.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusPaymentRequired:
		return errDeclined
	case http.StatusCreated:
	default:
		return fmt.Errorf("the payment provider says %s", res.Status)
	}
	var got Charge
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || got.ID == "" {
		return fmt.Errorf("the payment provider's answer is cut off: %w", cmp.Or(err, io.ErrUnexpectedEOF))
	}
	return nil
}
