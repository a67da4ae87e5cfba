package vaurien

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// An Event is what a behavior is called about. It is valid until Act returns.
type Event struct {
	Point    Point
	Session  *Session
	Exchange uint64   // the exchange's number in its session; 0 is the connection itself
	Message  *Message // at Request and Reply; nil elsewhere

	// Out is where next writes the message. A behavior may put a writer of
	// its own around it before it calls next.
	Out io.Writer

	x       *exchange
	plan    *inForce   // ends the Event's waits when it is replaced
	d       *direction // at Request, Reply and Close
	arrived time.Time  // with what behaviors have added to it
	rest    Next       // what the behavior that acts is given as its next
	rolls   uint64
	rng     *rand.Rand
	done    bool  // the message has been passed on, answered or thrown away
	engine  error // the engine's own error that the behavior met: it ends the matter
}

// Rand returns the exchange's source of chance at this Point: what it gives is
// a function of the seed, the proxy, the session, the exchange and the Point.
// The pieces of a connection that is drawn once are one exchange, and go on
// where the piece before them stopped.
func (e *Event) Rand() *rand.Rand {
	if e.rng == nil && e.d != nil && e.Exchange == 0 {
		if e.d.rng == nil {
			e.d.rng = e.Session.proxy.dice.rand(e.Session.number, 0, forDeed+uint64(e.Point))
		}
		e.rng = e.d.rng
	}
	if e.rng == nil {
		e.rng = e.Session.proxy.dice.rand(e.Session.number, e.Exchange, forDeed+uint64(e.Point))
	}
	return e.rng
}

// roll returns the next number from 0 to 1 for choosing a behavior.
func (e *Event) roll() float64 {
	e.rolls++
	return e.Session.proxy.dice.roll(e.Session.number, e.x.dice, forChoice, e.rolls)
}

// EventAttributes are known of every request, whatever the protocol.
func EventAttributes() []Attribute {
	return []Attribute{
		{Name: "verb", Zero: "", Doc: "what is asked, in the protocol's own word"},
		{Name: "session", Zero: int64(0), Doc: "the connection's number in its proxy; the first is 1"},
		{Name: "exchange", Zero: int64(0), Doc: "the request's number on its connection; the first is 1"},
		{Name: "client", Zero: "", Doc: "the client's address, host:port"},
	}
}

// Attribute returns one of EventAttributes or of the protocol's own attributes
// of the request; where it has none of that name, the attribute's Zero, and nil
// if there is no such attribute at all. The protocol's own are known while the
// request is at hand: when a behavior is chosen for it, and at Request.
func (e *Event) Attribute(name string) any {
	switch name {
	case "verb":
		switch {
		case e.Point == Reply && e.x != nil:
			return e.x.request.Verb
		case e.Message != nil:
			return e.Message.Verb
		}
		return ""
	case "session":
		return int64(e.Session.number)
	case "exchange":
		return int64(e.Exchange)
	case "client":
		return e.Session.Client().String()
	}
	if d, ok := e.Session.codec.(Describer); ok && e.Message != nil && e.Point&^Request == 0 && !e.Session.opaque.Load() {
		if v := d.Attribute(e.Message, name); v != nil {
			return v
		}
	}
	return e.Session.proxy.zeros[name]
}

// Fault notes in the log that a behavior could not do what it was to do; once
// for as long as a plan is in force.
func (e *Event) Fault(err error) {
	if !e.plan.faulty.Swap(true) {
		e.Session.proxy.log.Error("a behavior failed; the traffic goes on (further faults of this plan are not noted)",
			"session", e.Session.number, "exchange", e.Exchange, "error", err)
	}
}

// Direction returns Request or Reply: that of the message, or at Close of the
// stream that has ended. Elsewhere it is 0.
func (e *Event) Direction() Point {
	if e.d != nil {
		return e.d.point
	}
	return e.Point & (Request | Reply)
}

// Arrived returns when the last of what is being passed on arrived: the message,
// or, while its body streams, the part of it that is at hand.
func (e *Event) Arrived() time.Time {
	switch {
	case e.Message == nil:
		return e.arrived
	case e.d != nil && e.d.r.at.After(e.Message.Arrived):
		return e.d.r.at
	}
	return e.Message.Arrived
}

// Due returns d after the message arrived, or, at the other points, from when
// the point was reached. What behaviors add one after the other adds up.
func (e *Event) Due(d time.Duration) time.Time {
	e.arrived = e.arrived.Add(d)
	return e.arrived
}

// Sleep waits until the message is Due after d. It is over early when another
// plan is put in force. Meanwhile what follows the message is read, so that a
// delay does not hold up the messages after it. It returns an error if the
// session ends.
func (e *Event) Sleep(d time.Duration) error { return e.SleepUntil(e.Due(d)) }

// SleepUntil waits until due, as Sleep does.
func (e *Event) SleepUntil(due time.Time) error {
	d := due.Sub(e.Arrived())
	if !time.Now().Before(due) {
		if d > 0 && e.d != nil {
			e.d.in.calm = 0
		}
		if d > 0 {
			e.delays()
			e.noteWait("delay", e.Arrived(), due)
		}
		return nil
	}
	e.delays()
	err := e.wait(d, due)
	e.noteWait("delay", e.Arrived(), due)
	return err
}

// Pause waits until due, as Sleep does, but nothing is read meanwhile: the
// sender is held back. It is for behaviors that bound how fast bytes pass.
func (e *Event) Pause(due time.Time) error {
	if !time.Now().Before(due) {
		return nil
	}
	if e.d != nil {
		if err := e.d.out.flush(); err != nil {
			return e.met(err)
		}
	}
	e.delays()
	since := e.now()
	err := e.untilLost(due)
	e.noteWait("pace", since, due)
	return err
}

// Hold waits until another plan is put in force. It returns an error if the
// session ends.
func (e *Event) Hold() error {
	e.delays()
	since := e.now()
	err := e.wait(-1, time.Time{})
	e.noteWait("hold", since, time.Time{})
	return err
}

// Await waits until done is closed, whichever plan is in force. It returns an
// error if the session ends.
func (e *Event) Await(done <-chan struct{}) error {
	e.delays()
	if e.d != nil {
		if err := e.d.out.flush(); err != nil {
			return e.met(err)
		}
		e.d.in.readAhead(-1)
	}
	since := e.now()
	defer func() { e.noteWait("hold", since, time.Time{}) }()
	select {
	case <-done:
		return nil
	case <-e.Session.done:
		return e.met(errEnded)
	}
}

// wait waits until due, if it is not zero, or another plan, or the session's
// end, while the direction is read ahead.
func (e *Event) wait(d time.Duration, due time.Time) error {
	if e.d != nil {
		if err := e.d.out.flush(); err != nil {
			return e.met(err)
		}
		e.d.in.readAhead(d)
	}
	return e.until(due)
}

// until waits until due, if it is not zero, or another plan, or the session's
// end.
func (e *Event) until(due time.Time) error {
	var rings <-chan time.Time
	if !due.IsZero() {
		alarm := e.alarm()
		alarm.Set(due)
		rings = alarm.C()
		defer func() {
			if rings != nil {
				alarm.Stop()
			}
		}()
	}
	select {
	case <-rings:
		rings = nil
	case <-e.plan.changed:
	case <-e.Session.done:
		return e.met(errEnded)
	}
	return nil
}

// met remembers an error of the engine, whatever the behavior makes of it.
func (e *Event) met(err error) error {
	if err != nil {
		e.engine = err
	}
	return err
}

func (e *Event) alarm() Alarm {
	if e.d == nil {
		return e.Session.proxy.clock.NewAlarm()
	}
	if e.d.alarm == nil {
		e.d.alarm = e.Session.proxy.clock.NewAlarm()
	}
	return e.d.alarm
}

// Discard throws away the message and all that follows it in its direction,
// for as long as the session lasts. Nothing can be passed on in that direction
// afterwards: end with Close or Reset.
func (e *Event) Discard() {
	if e.d != nil {
		e.done = true
		e.Note("discard", "")
		e.d.out.flush() // the messages before this one; an error shows elsewhere too
		e.d.r.release()
		e.d.in.throwAway()
	}
}

// Fail answers the request with one of the protocol's own errors, in the
// request's turn, instead of passing it on; at Accept, the connection, which
// ends after it. Under tcp, which has no errors, the answer is 1000 random
// bytes. It is for these two points.
func (e *Event) Fail(f Failure) error {
	if e.Point != Request && e.Point != Accept {
		return fmt.Errorf("a request or a connection can be answered with an error, not at %v", e.Point)
	}
	e.done = true
	passes, err := e.Session.fail(e, f)
	if passes {
		e.done = false
		return e.rest()
	}
	e.Note("fail", cmp.Or(f.Kind, f.Code))
	return e.met(err)
}

// Close closes the connections of the session at once.
func (e *Event) Close() error { return e.end(orderly) }

// Reset resets the connections of the session at once (TCP RST).
func (e *Event) Reset() error { return e.end(reset) }

func (e *Event) end(how closeHow) error {
	if e.d != nil {
		e.d.out.flush() // the replies before this one; the session ends anyway
	}
	if how == reset {
		e.Note("reset", "")
	} else {
		e.Note("close", "")
	}
	e.Session.end(how)
	return e.met(errEnded)
}

// act lets x's behavior act at a point, around next, which is given out or what
// the behavior has put around it. d, m and out are nil where the point has none;
// d alone is where m is held aside.
func (s *Session) act(x *exchange, point Point, d *direction, m *Message, out io.Writer, next func(io.Writer) error) error {
	return s.actAs(x, x.behavior, point, d, m, out, next)
}

// actAs is act for b, a part of x's behavior.
func (s *Session) actAs(x *exchange, b Behavior, point Point, d *direction, m *Message, out io.Writer, next func(io.Writer) error) error {
	e := &Event{Point: point, Session: s, Exchange: x.number, Message: m, Out: out, x: x, plan: x.plan, d: d}
	if m != nil {
		e.arrived = m.Arrived
	} else {
		e.arrived = time.Now()
	}
	if x.waits && awaitsMessage(b) {
		if b = resolveAt(b, e); b == nil {
			return next(e.Out)
		}
	}
	pass := func() error {
		if e.done {
			return errors.New("next was called for a message that is gone")
		}
		e.done = true
		return e.met(next(e.Out))
	}
	e.rest = pass
	err := b.Act(e, pass)
	if e.engine != nil {
		return e.engine
	}
	if err != nil {
		s.proxy.log.Error("a behavior failed; the traffic goes on", "session", s.number, "exchange", x.number,
			"behavior", x.name, "error", err)
		if !e.done {
			return next(e.Out)
		}
		return nil
	}
	if m != nil && !e.done {
		e.Note("drop", "")
		x.trace.dropped(point)
	}
	if d != nil && m != nil && !e.done {
		if _, err = d.skip(m, ToTheEnd); IsOpaque(err) {
			s.end(reset) // what follows the part that is gone means nothing
			return errEnded
		}
	}
	return err
}
