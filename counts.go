package vaurien

import (
	"sync"
	"sync/atomic"
)

// counts are numbers by name. Whoever adds to one waits for nobody.
type counts struct{ byName sync.Map } // of *atomic.Uint64

// add adds one.
func (c *counts) add(name string) {
	n, ok := c.byName.Load(name)
	if !ok {
		n, _ = c.byName.LoadOrStore(name, new(atomic.Uint64))
	}
	n.(*atomic.Uint64).Add(1)
}

// all returns the numbers so far.
func (c *counts) all() map[string]uint64 {
	m := make(map[string]uint64)
	c.byName.Range(func(name, n any) bool {
		m[name.(string)] = n.(*atomic.Uint64).Load()
		return true
	})
	return m
}
