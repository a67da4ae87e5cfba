package metrics

import (
	"maps"
	"sync"
	"sync/atomic"
)

// A table is a map of limited size that is read without waiting. It is copied
// when something is added, which happens seldom.
type table[K comparable, V any] struct {
	mu  sync.Mutex // for who writes
	now atomic.Pointer[map[K]V]
}

// get returns what is there under key.
func (t *table[K, V]) get(key K) (v V, ok bool) {
	if m := t.now.Load(); m != nil {
		v, ok = (*m)[key]
	}
	return v, ok
}

// add returns what is there under key, which is what make returns if nothing
// was. It returns false if nothing is and there are most already.
func (t *table[K, V]) add(key K, most int, make func() V) (v V, ok bool) {
	if t.size() >= most { // nobody waits for a full one
		return t.get(key)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if v, ok := t.get(key); ok || t.size() >= most {
		return v, ok
	}
	next := t.clone()
	v = make()
	next[key] = v
	t.now.Store(&next)
	return v, true
}

func (t *table[K, V]) size() int {
	if m := t.now.Load(); m != nil {
		return len(*m)
	}
	return 0
}

// keep removes what is under the keys for which wanted returns false, and calls
// gone with each of them.
func (t *table[K, V]) keep(wanted func(K) bool, gone func(K)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := t.clone()
	maps.DeleteFunc(next, func(key K, _ V) bool {
		if wanted(key) {
			return false
		}
		gone(key)
		return true
	})
	if len(next) < t.size() {
		t.now.Store(&next)
	}
}

// clone returns a copy of the map. mu is held.
func (t *table[K, V]) clone() map[K]V {
	next := make(map[K]V)
	if m := t.now.Load(); m != nil {
		maps.Copy(next, *m)
	}
	return next
}
