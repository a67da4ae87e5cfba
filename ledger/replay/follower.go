package replay

import (
	"sync"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A Follower puts the plans of a Recording in force when the recorded ones were,
// counted from the first session of each proxy. It is told of sessions as an
// Observer of the proxies.
type Follower struct {
	recording *Recording
	set       func(proxy string, plan spec.Plan)

	mu     sync.Mutex
	began  map[string]bool
	timers []*time.Timer
	closed bool
}

var _ vaurien.Observer = (*Follower)(nil)

// Follow returns a Follower that puts plans in force by set, which is called in
// a goroutine of its own. Close ends it.
func (r *Recording) Follow(set func(proxy string, plan spec.Plan)) *Follower {
	return &Follower{recording: r, set: set, began: make(map[string]bool)}
}

// SessionStart implements vaurien.Observer.
func (f *Follower) SessionStart(s *vaurien.Session) {
	proxy := s.Proxy().Name()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.began[proxy] || f.closed {
		return
	}
	f.began[proxy] = true
	_, later := f.recording.Changes(proxy)
	for _, c := range later {
		plan := Plan(proxy, c.Plan, f.recording.path)
		f.timers = append(f.timers, time.AfterFunc(c.After, func() { f.set(proxy, plan) }))
	}
}

// Close stops what is yet to come.
func (f *Follower) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for _, t := range f.timers {
		t.Stop()
	}
}

// SessionEnd implements vaurien.Observer.
func (f *Follower) SessionEnd(*vaurien.Session) {}

// Message implements vaurien.Observer.
func (f *Follower) Message(*vaurien.Session, bool) {}

// Fault implements vaurien.Observer.
func (f *Follower) Fault(*vaurien.Session, string) {}
