package vaurien

import (
	"container/heap"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A FineClock wakes goroutines within some tens of microseconds of the time,
// where the runtime's own timers are up to a millisecond late: one timerfd in
// the poller serves all alarms, so that the kernel's clock and not the
// poller's time-out in milliseconds decides.
type FineClock struct {
	fd   int
	file *os.File
	done chan struct{}

	mu     sync.Mutex
	alarms alarmHeap
	armed  time.Time     // when the timer is to go off
	lead   time.Duration // how late it is, as a rule: so much earlier it is set
}

// mostLead bounds how much earlier than an alarm the timer is set, and so for
// how long the clock may have to turn until the alarm is due.
const mostLead = 60 * time.Microsecond

// NewClock returns a FineClock, which one process needs once. Close it when
// nothing waits for it any more.
func NewClock() (*FineClock, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("timerfd: %w", err)
	}
	c := &FineClock{fd: fd, file: os.NewFile(uintptr(fd), "timerfd"), done: make(chan struct{})}
	go c.run()
	return c, nil
}

// Close ends the clock; alarms that are set never go off.
func (c *FineClock) Close() error {
	err := c.file.Close()
	<-c.done
	return err
}

// run receives the timer's expirations and sets off what is due.
func (c *FineClock) run() {
	defer close(c.done)
	var count [8]byte
	for {
		if _, err := c.file.Read(count[:]); err != nil {
			return
		}
		c.mu.Lock()
		c.noteLateness(time.Since(c.armed))
		now := c.turn()
		for len(c.alarms) > 0 && !c.alarms[0].at.After(now) {
			a := heap.Pop(&c.alarms).(*fineAlarm)
			a.c <- now // has room for one, and the alarm is set once
		}
		c.arm(now)
		c.mu.Unlock()
	}
}

// noteLateness notes how late the timer was this time.
func (c *FineClock) noteLateness(late time.Duration) {
	if late >= 0 { // it was set anew meanwhile, for later
		c.lead += (min(late, mostLead) - c.lead) / 16
	}
}

// turn waits until the first alarm is due, if it very nearly is, and returns the
// time. c.mu is held, but not while it waits.
func (c *FineClock) turn() time.Time {
	now := time.Now()
	if len(c.alarms) == 0 || c.alarms[0].at.Sub(now) > mostLead {
		return now
	}
	due := c.alarms[0].at
	c.mu.Unlock()
	for now.Before(due) {
		now = time.Now()
	}
	c.mu.Lock()
	return now
}

// arm sets the timer for the first alarm. The call does not wait.
func (c *FineClock) arm(now time.Time) {
	if len(c.alarms) == 0 {
		return
	}
	// A timer set to zero would be switched off.
	c.armed = c.alarms[0].at.Add(-c.lead)
	in := max(c.armed.Sub(now), 1)
	unix.TimerfdSettime(c.fd, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(in))}, nil)
}

// NewAlarm returns an alarm of this clock.
func (c *FineClock) NewAlarm() Alarm {
	return &fineAlarm{clock: c, c: make(chan time.Time, 1), index: -1}
}

type fineAlarm struct {
	clock *FineClock
	c     chan time.Time
	at    time.Time
	index int // in the heap; -1 when not set
}

func (a *fineAlarm) Set(t time.Time) {
	c := a.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	a.at = t
	heap.Push(&c.alarms, a)
	if a.index == 0 {
		c.arm(time.Now())
	}
}

func (a *fineAlarm) C() <-chan time.Time { return a.c }

func (a *fineAlarm) Stop() {
	a.clock.mu.Lock()
	defer a.clock.mu.Unlock()
	if a.index >= 0 {
		heap.Remove(&a.clock.alarms, a.index)
		return
	}
	select {
	case <-a.c:
	default:
	}
}

// alarmHeap orders alarms by time, for container/heap.
type alarmHeap []*fineAlarm

func (h alarmHeap) Len() int           { return len(h) }
func (h alarmHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h alarmHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *alarmHeap) Push(x any) {
	a := x.(*fineAlarm)
	a.index = len(*h)
	*h = append(*h, a)
}

func (h *alarmHeap) Pop() any {
	last := len(*h) - 1
	a := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	a.index = -1
	return a
}
