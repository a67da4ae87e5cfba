package vaurien

import (
	"slices"
	"sync"
)

// maxTurns is how many requests of one session may wait for their replies.
// When there are more, no further request is read until one is answered.
const maxTurns = 1024

// maxSpare is how many exchanges a session keeps to use them again: as many as
// are in flight with the usual depths of pipelines.
const maxSpare = 16

// turnState is how far an exchange has come.
type turnState uint8

const (
	undecided turnState = iota // a behavior has the request
	forwarded                  // the backend has it
	answered                   // the answer was made here
	invited                    // that answer invited the client to go on, which it is yet to do
	over
)

// turns are a session's exchanges in the order of their requests. Replies,
// the backend's and those made here, go to the client in that order, or, in a
// multiplexed protocol, in any; and the client's outlet is used by one
// goroutine at a time.
type turns struct {
	anyOrder bool // set before use

	mu      sync.Mutex
	changed sync.Cond
	queue   []*exchange // those before first are over
	spare   []*exchange // that are over and to be used again
	first   int
	writing bool // somebody uses the client's outlet
	begun   bool // a request was forwarded
	refused bool // a turn was over before
	closed  bool // no more replies go to the client in turn
	ended   bool // nobody is to wait any more
}

func (t *turns) init() { t.changed.L = &t.mu }

// wait waits, with mu held, until ready; false if the session ended instead.
func (t *turns) wait(ready func() bool) bool {
	for !t.ended && !ready() {
		t.changed.Wait()
	}
	return !t.ended
}

// end lets nobody wait any more.
func (t *turns) end() {
	t.mu.Lock()
	t.ended = true
	t.changed.Broadcast()
	t.mu.Unlock()
}

// push puts x last in the queue, in that state, and returns an exchange to use
// next, if there is one. When the queue is full it calls before, and then waits.
func (t *turns) push(x *exchange, state turnState, before func() error) (*exchange, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open() >= maxTurns {
		t.mu.Unlock()
		err := before()
		t.mu.Lock()
		if err != nil {
			return nil, err
		}
		if !t.wait(func() bool { return t.closed || t.open() < maxTurns }) {
			return nil, errEnded
		}
	}
	if t.closed {
		x.state = over
		x.release()
		return nil, nil
	}
	if t.first > 0 && len(t.queue) == cap(t.queue) {
		n := copy(t.queue, t.queue[t.first:])
		clear(t.queue[n:])
		t.queue, t.first = t.queue[:n], 0
	}
	t.queue = append(t.queue, x)
	if x.state = state; state == forwarded {
		t.noteBegun()
	}
	if n := len(t.spare); n > 0 {
		x, t.spare = t.spare[n-1], t.spare[:n-1]
		return x, nil
	}
	return nil, nil
}

// open returns, with mu held, how many turns are.
func (t *turns) open() int { return len(t.queue) - t.first }

// forward notes that x's request is on its way to the backend. It reports
// false if nobody waits for the reply any more.
func (t *turns) forward(x *exchange) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if x.state == undecided || x.state == invited {
		x.state = forwarded
	}
	t.noteBegun()
	return x.state != over
}

// noteBegun notes, with mu held, that a request was forwarded.
func (t *turns) noteBegun() {
	if !t.begun {
		t.begun = true
		t.changed.Broadcast()
	}
}

// awaitFirst waits until it shows what became of the first request, and reports
// whether it was forwarded.
func (t *turns) awaitFirst() (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.wait(func() bool { return t.begun || t.refused }) {
		return false, errEnded
	}
	return !t.refused, nil
}

// last returns the exchange that was pushed last, with one holder more, unless
// it is over: then nil.
func (t *turns) last() *exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open() == 0 {
		return nil
	}
	x := t.queue[len(t.queue)-1]
	x.holders.Add(1)
	return x
}

// invite says that x's client may go on with its request.
func (t *turns) invite(x *exchange) {
	t.mu.Lock()
	x.invited = true
	t.changed.Broadcast()
	t.mu.Unlock()
}

// current returns the exchange whose reply the backend sends next; nil if it
// speaks unasked.
func (t *turns) current() *exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range t.queue[t.first:] {
		if x.state == forwarded {
			return x
		}
	}
	return nil
}

// find returns the exchange whose request has that ID, with one holder more;
// nil if there is none.
func (t *turns) find(id uint64) *exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range t.queue[t.first:] {
		if x.request.ID == id {
			x.holders.Add(1)
			return x
		}
	}
	return nil
}

// abandon ends the turn of the exchange with that ID: no reply is awaited.
func (t *turns) abandon(id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range t.queue[t.first:] {
		if x.request.ID == id {
			t.remove(x)
			t.changed.Broadcast()
			return
		}
	}
}

// begin waits until it is x's turn, or for x nil until nobody writes, and takes
// the client's outlet.
func (t *turns) begin(x *exchange) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.wait(func() bool { return !t.writing && (x == nil || t.anyOrder || x.state == over || t.queue[t.first] == x) }) {
		return errEnded
	}
	t.writing = true
	return nil
}

// finish ends x's turn, if x is given. If the backend sends the next reply too,
// it returns the exchange whose turn that is, and the client's outlet is the
// caller's still. Otherwise what the outlet holds back is written, then the
// answers whose turn it is, and the outlet is given back; after an error it is
// the caller's still, for good.
func (t *turns) finish(x *exchange, out *outlet) (next *exchange, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if x != nil && !t.anyOrder && t.open() > 1 && t.queue[t.first] == x && t.queue[t.first+1].state == forwarded {
		t.pop()
		t.changed.Broadcast()
		return t.queue[t.first], nil
	}
	t.mu.Unlock()
	err = out.flush()
	t.mu.Lock()
	if x != nil {
		t.remove(x)
	}
	if err == nil {
		err = t.flushAnswers(out)
	}
	t.writing = err != nil
	t.changed.Broadcast()
	return nil, err
}

// done ends x's turn while the caller goes on using the client's outlet.
func (t *turns) done(x *exchange) {
	t.mu.Lock()
	t.remove(x)
	t.changed.Broadcast()
	t.mu.Unlock()
}

// answer gives x its answer, and writes it if it is x's turn. An answer of
// nothing ends the turn without a word; one that invites does not end it.
func (t *turns) answer(x *exchange, bytes []byte, invites bool, out *outlet) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if x.state == over {
		return nil // nobody is there to be told
	}
	x.state, x.answer, x.invites = answered, bytes, invites
	if t.writing {
		return nil // whoever writes will write it too
	}
	t.writing = true
	err := t.flushAnswers(out)
	t.writing = false
	t.changed.Broadcast()
	return err
}

// settle ends the turn of an exchange that was neither forwarded nor answered:
// its client waits in vain.
func (t *turns) settle(x *exchange, out *outlet) error {
	t.mu.Lock()
	dropped := x.state == undecided && !x.request.NoReply
	t.mu.Unlock()
	if !dropped {
		return nil
	}
	return t.answer(x, nil, false, out)
}

// close ends all turns, and those to come: the replies have ended, or can no
// longer be told apart. Whoever uses the client's outlet does so still.
func (t *turns) close() {
	t.mu.Lock()
	t.closed = true
	for t.open() > 0 {
		t.pop()
	}
	t.changed.Broadcast()
	t.mu.Unlock()
}

// flushAnswers writes, with mu held but not while it writes, the answers whose
// turn it is.
func (t *turns) flushAnswers(out *outlet) error {
	for x := t.due(); x != nil; x = t.due() {
		bytes := x.answer
		t.mu.Unlock()
		var err error
		if len(bytes) > 0 {
			_, err = out.Write(bytes)
		}
		t.mu.Lock()
		if err != nil {
			return err
		}
		if x.invites {
			x.state, x.invited = invited, true
			continue
		}
		if len(bytes) > 0 {
			x.trace.answered()
		}
		t.remove(x)
	}
	return nil
}

// due returns, with mu held, an exchange whose answer is to be written now; nil
// if there is none.
func (t *turns) due() *exchange {
	for _, x := range t.queue[t.first:] {
		switch {
		case x.state == answered:
			return x
		case !t.anyOrder:
			return nil
		}
	}
	return nil
}

// remove ends, with mu held, the turn of x, which is the first in the queue
// unless they end in any order.
func (t *turns) remove(x *exchange) {
	i := t.first
	for ; i < len(t.queue) && t.queue[i] != x; i++ {
	}
	if i == len(t.queue) {
		return // over already
	}
	copy(t.queue[t.first+1:i+1], t.queue[t.first:i])
	t.queue[t.first] = x
	t.pop()
}

func (t *turns) pop() {
	x := t.queue[t.first]
	x.state, t.refused = over, t.refused || !t.begun
	t.queue[t.first] = nil
	if t.first++; t.first == len(t.queue) {
		t.queue, t.first = t.queue[:0], 0
	}
	if !x.letGo() {
		return
	}
	switch {
	case len(t.spare) < maxSpare:
		t.spare = append(t.spare, x)
	default:
		exchanges.Put(x)
	}
}

// await waits until x's turn is over or its client is invited to go on.
func (t *turns) await(x *exchange) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.wait(func() bool { return x.settled() }) {
		return errEnded
	}
	x.invited = false
	return nil
}

// awaits reports whether await would wait.
func (t *turns) awaits(x *exchange) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.ended && !x.settled()
}

// settled reports, with the turns' mu held, whether x's turn is over or its
// client is invited to go on.
func (x *exchange) settled() bool { return x.state == over || x.invited }

// undecided reports whether a behavior has a request.
func (t *turns) undecided() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.queue[t.first:], func(x *exchange) bool { return x.state == undecided })
}

// told ends the replies once nobody writes and no turn is open; or, where they
// end in any order, once the answers made here are written. Meanwhile, if that
// takes its time, while is done.
func (t *turns) told(while func()) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	told := func() bool { return t.closed || !t.writing && (t.open() == 0 || t.anyOrder && t.due() == nil) }
	if !t.ended && !told() {
		t.mu.Unlock()
		while()
		t.mu.Lock()
	}
	if !t.wait(told) {
		return errEnded
	}
	t.ended = true
	t.changed.Broadcast()
	return nil
}

// giveBack gives the client's outlet back after an error.
func (t *turns) giveBack() {
	t.mu.Lock()
	t.writing = false
	t.changed.Broadcast()
	t.mu.Unlock()
}

// idle reports whether no turn is open.
func (t *turns) idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open() == 0
}
