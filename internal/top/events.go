package top

import (
	"slices"

	"github.com/vaurien-proxy/vaurien/ledger"
)

// mostRows is how many rows of what happened are kept.
const mostRows = 1000

// events is what happened lately.
type events struct {
	rows   []Row // the oldest first
	next   uint64
	acting map[exchange]uint64 // the rows of exchanges that are not over
	lost   uint64              // entries that are not among rows
	last   uint64              // the number of the last entry
}

// A Row is something that happened. Its Number is its place among all rows, from
// 1 on, and stays when an exchange that a behavior acts on is over.
type Row struct {
	ledger.Entry
	Row    uint64
	Acting bool // a behavior was chosen, and it is not known to be over
	Gone   bool // of such a one: its end may have been told, and lost
}

type exchange struct {
	proxy             string
	session, exchange uint64
}

func (ev *events) add(entries []ledger.Entry) {
	for _, e := range entries {
		ev.addOne(e)
	}
	if over := len(ev.rows) - mostRows; over > 0 {
		ev.rows = append(ev.rows[:0:0], ev.rows[over:]...)
		for key, row := range ev.acting {
			if row < ev.rows[0].Row {
				delete(ev.acting, key)
			}
		}
	}
}

func (ev *events) addOne(e ledger.Entry) {
	if e.Type == ledger.LostType {
		ev.lost += e.Count
		ev.doubt() // the ends of those that act may be among the lost
		return
	}
	if e.Number <= ev.last { // another run of the server
		ev.doubt()
		clear(ev.acting)
	}
	ev.last = e.Number
	key := exchange{e.Proxy, e.Session, e.Exchange}
	row := Row{Entry: e, Acting: e.Type == ledger.BegunType}
	if row.Acting || e.Type == ledger.ExchangeType {
		if old := ev.row(ev.acting[key]); old != nil {
			row.Row = old.Row
			*old = row
			if !row.Acting {
				delete(ev.acting, key)
			}
			return
		}
	}
	ev.next++
	row.Row = ev.next
	ev.rows = append(ev.rows, row)
	if row.Acting {
		if ev.acting == nil {
			ev.acting = make(map[exchange]uint64)
		}
		ev.acting[key] = row.Row
	}
}

// doubt no longer says of exchanges that they are not over.
func (ev *events) doubt() {
	for _, number := range ev.acting {
		if r := ev.row(number); r != nil {
			r.Gone = true
		}
	}
}

// row returns the row of that number; nil if it is not kept.
func (ev *events) row(number uint64) *Row {
	if len(ev.rows) == 0 || number < ev.rows[0].Row || number > ev.next {
		return nil
	}
	return &ev.rows[number-ev.rows[0].Row]
}

// clone returns a copy that stays as it is.
func (ev *events) clone() events {
	c := *ev
	c.rows = slices.Clone(ev.rows)
	c.acting = nil // it gets no more entries
	return c
}
