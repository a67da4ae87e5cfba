package control

import "time"

// override is a plan that is in force for a time.
type override struct {
	armed
	until time.Time
	timer *time.Timer
}

func (r *running) overrideUntil(until time.Time, a armed) {
	o := &override{armed: a, until: until}
	o.timer = time.AfterFunc(time.Until(until), func() { r.expire(o) })
	r.over = o
}

// expire puts the lasting plan back when o's time is over.
func (r *running) expire(o *override) {
	r.mu.Lock()
	current := r.over == o
	base := r.base
	if current {
		r.endOver()
	}
	r.mu.Unlock()
	if current {
		r.log.Info("plan returned", "proxy", r.name, "plan", base.draw.Draw())
	}
}

// endOverride puts the lasting plan back before its time; false if there is no
// other in force.
func (r *running) endOverride() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.retired || r.over == nil {
		return false
	}
	r.dropOverride()
	r.endOver()
	return true
}

// endOver puts the lasting plan in force, unless a layer's goes before it. r.mu
// is held.
func (r *running) endOver() {
	r.over = nil
	if r.held.compiled == nil {
		r.putInForce()
	}
}

func (r *running) dropOverride() {
	if r.over != nil {
		r.over.timer.Stop()
		r.over = nil
	}
}
