package vaurien

import "time"

// A Clock wakes goroutines at a time.
type Clock interface {
	// NewAlarm returns an alarm that is not set. It is for one goroutine.
	NewAlarm() Alarm
}

// An Alarm goes off once each time it is set.
type Alarm interface {
	// Set lets C receive at t, or at once if t has passed. The alarm must
	// have gone off and been received, or been stopped, since it was last set.
	Set(t time.Time)
	// C is where the alarm is received; always the same channel.
	C() <-chan time.Time
	// Stop takes back a Set that has not been received.
	Stop()
}

// runtimeClock is the clock of the runtime's timers. On an idle machine they
// are late by up to a millisecond, since the poller sleeps in whole ones.
type runtimeClock struct{}

func (runtimeClock) NewAlarm() Alarm {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return runtimeAlarm{t}
}

type runtimeAlarm struct{ t *time.Timer }

func (a runtimeAlarm) Set(t time.Time)     { a.t.Reset(time.Until(t)) }
func (a runtimeAlarm) C() <-chan time.Time { return a.t.C }
func (a runtimeAlarm) Stop()               { a.t.Stop() }
