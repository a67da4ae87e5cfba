package matrix

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/spec"
)

// atStart reports whether a failure is in force from the start.
func (w Window) atStart() bool { return w.Replies == 0 && w.After == 0 }

// A trigger puts a failure in force and takes it away, if that is not there
// from the start to the end. As an observer it counts what the backend says.
type trigger struct {
	failure *Case // nil: there is none
	replies atomic.Int64
	reached chan struct{} // closed when there were enough
	again   sync.Once
	heard   chan struct{} // closed when a client has spoken, or come, after that
	begun   chan struct{} // closed when the failure is in force, or will not be
}

// hearing is how long a client may take to read the reply after which a failure
// begins, if none speaks again or comes: a reset would destroy what is unread.
const hearing = 20 * time.Millisecond

func newTrigger(c *Case) *trigger {
	return &trigger{failure: c, reached: make(chan struct{}), heard: make(chan struct{}), begun: make(chan struct{})}
}

// observer returns what is to be told of the sessions; nil if nothing is, so
// that the traffic is not looked at.
func (t *trigger) observer() vaurien.Observer {
	if t.failure == nil || t.failure.When.Replies == 0 {
		return nil
	}
	return t
}

// SessionStart implements vaurien.Observer. Who comes when the failure is to
// begin meets it.
func (t *trigger) SessionStart(s *vaurien.Session) {
	when := t.failure.When
	if s.Proxy().Name() != t.failure.Proxy || t.replies.Load() < when.Replies {
		return
	}
	t.again.Do(func() { close(t.heard) })
	if when.After == 0 {
		<-t.begun
	}
}

func (t *trigger) SessionEnd(*vaurien.Session)    {}
func (t *trigger) Fault(*vaurien.Session, string) {}

// Message implements vaurien.Observer.
func (t *trigger) Message(s *vaurien.Session, toBackend bool) {
	switch enough := t.failure.When.Replies; {
	case s.Proxy().Name() != t.failure.Proxy:
	case toBackend:
		if t.replies.Load() >= enough {
			t.again.Do(func() { close(t.heard) })
		}
	case t.replies.Add(1) == enough:
		close(t.reached)
	}
}

// schedule is the goroutine that puts the failure in force and takes it away.
// It ends when ctx does.
func (t *trigger) schedule(ctx context.Context, d *control.Daemon) error {
	if t.failure == nil {
		return nil
	}
	begun := sync.OnceFunc(func() { close(t.begun) })
	defer begun()
	when := t.failure.When
	if when.Replies > 0 {
		select {
		case <-t.reached:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-t.heard:
		case <-time.After(hearing):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if !when.atStart() {
		if err := pause(ctx, when.After); err != nil {
			return err
		}
		if err := t.put(ctx, d, t.failure.Plan, t.failure.Toxics); err != nil {
			return err
		}
	}
	begun()
	if when.For == 0 {
		return nil
	}
	if err := pause(ctx, when.For); err != nil {
		return err
	}
	return t.put(ctx, d, spec.Plan{}, []spec.Toxic{})
}

// put puts a plan and toxics in force.
func (t *trigger) put(ctx context.Context, d *control.Daemon, plan spec.Plan, toxics []spec.Toxic) error {
	if _, err := d.SetToxics(ctx, t.failure.Proxy, toxics); err != nil {
		return err
	}
	_, err := d.SetPlan(ctx, t.failure.Proxy, control.PlanChange{Plan: plan})
	return err
}

// pause waits for d, or until ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
