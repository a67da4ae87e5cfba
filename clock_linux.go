package vaurien

import (
	"errors"
	"runtime"
	"sync/atomic"
)

// A FineClock wakes goroutines within some tens of microseconds of the time,
// where the runtime's own timers are up to a millisecond late: a timerfd in the
// poller, so that the kernel's clock and not the poller's time-out in
// milliseconds decides. It has one for each processor, which share the alarms, so
// that those who wait do not wait for each other.
type FineClock struct {
	timers []*timer
	next   atomic.Uint64
}

// NewClock returns a FineClock, which one process needs once. Close it when
// nothing waits for it any more.
func NewClock() (*FineClock, error) {
	c := new(FineClock)
	for range runtime.GOMAXPROCS(0) {
		t, err := newTimer()
		if err != nil {
			c.Close()
			return nil, err
		}
		c.timers = append(c.timers, t)
	}
	return c, nil
}

// Close ends the clock; alarms that are set never go off.
func (c *FineClock) Close() error {
	var err error
	for _, t := range c.timers {
		err = errors.Join(err, t.close())
	}
	return err
}

// NewAlarm returns an alarm of this clock.
func (c *FineClock) NewAlarm() Alarm {
	return c.timers[c.next.Add(1)%uint64(len(c.timers))].newAlarm()
}
