package shop

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// An Order is what a customer wants.
type Order struct {
	ID       string `json:"id"`
	Customer string `json:"customer"`
	Item     string `json:"item"`
	Quantity int    `json:"quantity"`
	Total    int    `json:"total"` // cents
	State    string `json:"state"` // placed, paid or declined
}

// Place takes an order, at the price that the shop shows.
func (s *Shop) Place(ctx context.Context, o Order) (Order, error) {
	item, err := s.Item(ctx, o.Item)
	if err != nil {
		return o, err
	}
	o.Total, o.State = item.Price*o.Quantity, "placed"
	err = retry(ctx, func() error { return s.write(ctx, &o) })
	return o, err
}

// write writes an order down and takes from the stock what it needs.
func (s *Shop) write(ctx context.Context, o *Order) error {
	tx, err := s.db.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx) // nothing, after a commit
	isNew, err := insert(ctx, tx, o)
	if err != nil || !isNew {
		return err
	}
	taken, err := tx.Exec(ctx, `update items set stock = stock - $2 where name = $1 and stock >= $2`, o.Item, o.Quantity)
	if err != nil {
		return err
	}
	if taken.RowsAffected() == 0 {
		return errSoldOut
	}
	return tx.Commit(ctx)
}

// Order returns what has become of an order.
func (s *Shop) Order(ctx context.Context, id string) (o Order, err error) {
	err = retry(ctx, func() error {
		return s.db.QueryRow(ctx, `select id, customer, item, quantity, total, state from orders where id = $1`, id).
			Scan(&o.ID, &o.Customer, &o.Item, &o.Quantity, &o.Total, &o.State)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = errNotFound
	}
	return o, err
}

// Settle has the orders paid that are not. What cannot be done in time stays for
// the next one.
func (s *Shop) Settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	rows, err := s.db.Query(ctx, `select id, customer, total from orders where state = 'placed' order by id limit 100`)
	if err != nil {
		return err
	}
	orders, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[Order])
	for _, o := range orders {
		err = errors.Join(err, s.settle(ctx, o))
	}
	return err
}

func (s *Shop) settle(ctx context.Context, o Order) error {
	err := s.charge(ctx, o)
	switch {
	case err == nil:
		_, err = s.db.Exec(ctx, `update orders set state = 'paid' where id = $1`, o.ID)
	case errors.Is(err, errDeclined): // its items go back to the stock, in the same statement
		_, err = s.db.Exec(ctx, `
			with o as (update orders set state = 'declined' where id = $1 and state = 'placed' returning item, quantity)
			update items set stock = stock + o.quantity from o where name = o.item`, o.ID)
	}
	return err
}
