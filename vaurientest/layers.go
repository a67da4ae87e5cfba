package vaurientest

import (
	"slices"
	"sync"
)

// layers are the plans that tests have put in force one over the other. The
// last one that is still there is in force; with none, the base.
type layers[P any] struct {
	put func(P) error // puts a plan in force

	mu   sync.Mutex
	base P
	over []*P
}

// onto makes a plan that somebody else has put in force the base, unless there
// are others over it.
func (l *layers[P]) onto(base P) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.over) == 0 {
		l.base = base
	}
}

// add puts a plan over the others.
func (l *layers[P]) add(plan P) (remove func() error, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.put(plan); err != nil {
		return nil, err
	}
	layer := &plan
	l.over = append(l.over, layer)
	return func() error { return l.remove(layer) }, nil
}

// remove takes a plan away. If it was in force, the one below it is.
func (l *layers[P]) remove(layer *P) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.over, layer)
	last := i == len(l.over)-1
	l.over = slices.Delete(l.over, i, i+1)
	if !last {
		return nil
	}
	return l.put(l.top())
}

// again puts what is in force in force anew.
func (l *layers[P]) again() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.put(l.top())
}

func (l *layers[P]) top() P {
	if n := len(l.over); n > 0 {
		return *l.over[n-1]
	}
	return l.base
}
