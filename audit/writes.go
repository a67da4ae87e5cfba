package audit

import (
	"fmt"
	"time"
)

// Doubles are what may have been done twice: a write was passed on and its
// answer lost, and it came again and was passed on again.
type Doubles struct {
	Count    int      `json:"count"`
	Certain  int      `json:"answered_twice"` // of those, that the backend has answered both times
	Harmless int      `json:"harmless"`       // operations beside them, which leave the same state when they are done again
	List     []Double `json:"list"`           // the first of them
}

// A Double is an operation that may have been done twice.
type Double struct {
	Proxy   string    `json:"proxy"`
	What    string    `json:"what"`
	First   string    `json:"first"` // the exchanges
	Again   string    `json:"again"`
	Time    time.Time `json:"time"` // of the first
	After   float64   `json:"after_ms"`
	Certain bool      `json:"answered_twice"` // by the backend
}

// mostDoubles is how many are listed.
const mostDoubles = 1000

// took reports whether the backend was asked, and may have done it, although
// the client was not told.
func (a *attempt) took() bool {
	return a.forwarded && a.outcome == failed && !a.refused
}

// note looks whether the latest attempt of c repeats what took effect.
func (d *Doubles) note(c *chain, before, a *attempt) {
	if c.applied == nil && before.took() {
		first := *before
		c.applied = &first
	}
	if c.applied == nil || c.doubled || !a.forwarded || a.connection || a.refused {
		return
	}
	c.doubled = true
	if a.effect == harmless {
		d.Harmless++
		return
	}
	d.Count++
	certain := c.applied.replied && a.replied
	if certain {
		d.Certain++
	}
	if len(d.List) < mostDoubles {
		d.List = append(d.List, Double{
			Proxy: c.proxy.name, What: c.label, First: c.applied.id(), Again: a.id(), Time: when(c.applied.at),
			After: milliseconds(a.at - c.applied.at), Certain: certain,
		})
	}
}

// id names an attempt: session.exchange.
func (a *attempt) id() string { return fmt.Sprintf("%d.%d", a.session.number, a.exchange) }

func when(ns int64) time.Time { return time.Unix(0, ns).UTC() }
