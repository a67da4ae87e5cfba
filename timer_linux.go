package vaurien

import (
	"container/heap"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A timer is a timerfd that serves many alarms.
type timer struct {
	fd   int
	file *os.File
	done chan struct{}

	mu     sync.Mutex
	alarms alarmHeap
	armed  time.Time     // when the timer is to go off
	lead   time.Duration // how late it is, as a rule: so much earlier it is set
}

// mostLead bounds how much earlier than an alarm a timer is set, and so for how
// long it may have to turn until the alarm is due.
const mostLead = 60 * time.Microsecond

func newTimer() (*timer, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("timerfd: %w", err)
	}
	t := &timer{fd: fd, file: os.NewFile(uintptr(fd), "timerfd"), done: make(chan struct{})}
	go t.run()
	return t, nil
}

func (t *timer) close() error {
	err := t.file.Close()
	<-t.done
	return err
}

// run receives the timer's expirations and sets off what is due.
func (t *timer) run() {
	defer close(t.done)
	var count [8]byte
	for {
		if _, err := t.file.Read(count[:]); err != nil {
			return
		}
		t.mu.Lock()
		t.noteLateness(time.Since(t.armed))
		now := t.turn()
		for len(t.alarms) > 0 && !t.alarms[0].at.After(now) {
			a := heap.Pop(&t.alarms).(*fineAlarm)
			a.c <- now // has room for one, and the alarm is set once
		}
		t.arm(now)
		t.mu.Unlock()
	}
}

// noteLateness notes how late the timer was this time.
func (t *timer) noteLateness(late time.Duration) {
	if late >= 0 { // it was set anew meanwhile, for later
		t.lead += (min(late, mostLead) - t.lead) / 16
	}
}

// turn waits until the first alarm is due, if it very nearly is, and returns the
// time. t.mu is held, but not while it waits.
func (t *timer) turn() time.Time {
	now := time.Now()
	if len(t.alarms) == 0 || t.alarms[0].at.Sub(now) > mostLead {
		return now
	}
	due := t.alarms[0].at
	t.mu.Unlock()
	for now.Before(due) {
		now = time.Now()
	}
	t.mu.Lock()
	return now
}

// arm sets the timer for the first alarm. The call does not wait.
func (t *timer) arm(now time.Time) {
	if len(t.alarms) == 0 {
		return
	}
	// A timer set to zero would be switched off.
	t.armed = t.alarms[0].at.Add(-t.lead)
	in := max(t.armed.Sub(now), 1)
	unix.TimerfdSettime(t.fd, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(in))}, nil)
}

func (t *timer) newAlarm() Alarm {
	return &fineAlarm{timer: t, c: make(chan time.Time, 1), index: -1}
}

type fineAlarm struct {
	timer *timer
	c     chan time.Time
	at    time.Time
	index int // in the heap; -1 when not set
}

func (a *fineAlarm) Set(at time.Time) {
	t := a.timer
	t.mu.Lock()
	defer t.mu.Unlock()
	a.at = at
	heap.Push(&t.alarms, a)
	if a.index == 0 {
		t.arm(time.Now())
	}
}

func (a *fineAlarm) C() <-chan time.Time { return a.c }

func (a *fineAlarm) Stop() {
	a.timer.mu.Lock()
	defer a.timer.mu.Unlock()
	if a.index >= 0 {
		heap.Remove(&a.timer.alarms, a.index)
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
