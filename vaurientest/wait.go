package vaurientest

import (
	"testing"
	"time"
)

const (
	// settleTime is how long Exchanges waits for those that are about to be
	// over: long enough for a busy machine.
	settleTime = time.Second

	// sparedTime is what is left of the time that a test has when a wait gives
	// up, so that it can say why.
	sparedTime = time.Second
)

// wait waits until done, which the journal's news may change; for as long as the
// proxy's patience and t's deadline allow. It reports whether it is done.
func (p *Proxy) wait(t testing.TB, done func() bool) bool {
	patience := p.patience
	if deadline, ok := deadlineOf(t); ok {
		patience = min(patience, time.Until(deadline)-sparedTime)
	}
	return p.waitFor(patience, done)
}

// deadlineOf returns when t's time is over, if it is limited. In a bubble of
// testing/synctest it is not: the time there is another, and to ask for the
// deadline is a panic.
func deadlineOf(t testing.TB) (deadline time.Time, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	if d, has := t.(interface{ Deadline() (time.Time, bool) }); has {
		return d.Deadline()
	}
	return time.Time{}, false
}

func (p *Proxy) waitFor(patience time.Duration, done func() bool) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		news := p.journal.news()
		if done() {
			return true
		}
		select {
		case <-news:
		case <-timer.C:
			return done()
		}
	}
}

// settle waits for exchanges that are not over, unless they are held; not for
// long.
func (p *Proxy) settle() {
	if !p.journal.framed {
		return // connections last
	}
	p.waitFor(settleTime, func() bool {
		return p.journal.overSoFar()+uint64(p.barrier.heldNow()) >= p.proxy.Stats().Exchanges
	})
}
