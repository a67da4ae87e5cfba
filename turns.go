package vaurien

import "sync"

// maxTurns is how many requests of one session may wait for their replies.
// When there are more, no further request is read until one is answered.
const maxTurns = 1024

// turnState is how far an exchange has come.
type turnState uint8

const (
	undecided turnState = iota // a behavior has the request
	forwarded                  // the backend has it
	answered                   // the answer was made here
	over
)

// turns are a session's exchanges in the order of their requests. Replies,
// the backend's and those made here, go to the client in that order, and the
// client's outlet is used by one goroutine at a time.
type turns struct {
	mu      sync.Mutex
	changed sync.Cond
	queue   []*exchange // those before first are over
	first   int
	writing bool // somebody uses the client's outlet
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

// push puts x last in the queue. When the queue is full it calls before, and
// then waits.
func (t *turns) push(x *exchange, before func() error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open() >= maxTurns {
		t.mu.Unlock()
		err := before()
		t.mu.Lock()
		if err != nil {
			return err
		}
		if !t.wait(func() bool { return t.closed || t.open() < maxTurns }) {
			return errEnded
		}
	}
	if t.closed {
		x.state = over
		x.release()
		return nil
	}
	if t.first > 0 && len(t.queue) == cap(t.queue) {
		n := copy(t.queue, t.queue[t.first:])
		clear(t.queue[n:])
		t.queue, t.first = t.queue[:n], 0
	}
	t.queue = append(t.queue, x)
	return nil
}

// open returns, with mu held, how many turns are.
func (t *turns) open() int { return len(t.queue) - t.first }

// forward notes that x's request is on its way to the backend.
func (t *turns) forward(x *exchange) {
	t.mu.Lock()
	if x.state == undecided {
		x.state = forwarded
	}
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

// begin waits until it is x's turn, or for x nil until nobody writes, and takes
// the client's outlet.
func (t *turns) begin(x *exchange) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.wait(func() bool { return !t.writing && (x == nil || t.queue[t.first] == x) }) {
		return errEnded
	}
	t.writing = true
	return nil
}

// finish gives the client's outlet back and, if x is given, ends its turn.
// Unless the next reply comes from the backend too, what the outlet holds back
// is written first, and then the answers whose turn it is.
func (t *turns) finish(x *exchange, out *outlet) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if x != nil && t.open() > 1 && t.queue[t.first+1].state == forwarded {
		t.pop()
		t.writing = false
		t.changed.Broadcast()
		return nil
	}
	t.mu.Unlock()
	err := out.flush()
	t.mu.Lock()
	if x != nil {
		t.pop()
	}
	if err == nil {
		err = t.flushAnswers(out)
	}
	t.writing = false
	t.changed.Broadcast()
	return err
}

// answer gives x its answer, and writes it if it is x's turn. An answer of
// nothing ends the turn without a word.
func (t *turns) answer(x *exchange, bytes []byte, out *outlet) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if x.state == over {
		return nil // nobody is there to be told
	}
	x.state, x.answer = answered, bytes
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
	return t.answer(x, nil, out)
}

// close ends all turns, and those to come: the replies have ended, or can no
// longer be told apart.
func (t *turns) close() {
	t.mu.Lock()
	t.closed = true
	for t.open() > 0 {
		t.pop()
	}
	t.writing = false
	t.changed.Broadcast()
	t.mu.Unlock()
}

// flushAnswers writes, with mu held but not while it writes, the answers at the
// head of the queue.
func (t *turns) flushAnswers(out *outlet) error {
	for t.open() > 0 && t.queue[t.first].state == answered {
		bytes := t.queue[t.first].answer
		t.mu.Unlock()
		var err error
		if len(bytes) > 0 {
			_, err = out.Write(bytes)
		}
		t.mu.Lock()
		if err != nil {
			return err
		}
		t.pop()
	}
	return nil
}

func (t *turns) pop() {
	x := t.queue[t.first]
	x.state = over
	t.queue[t.first] = nil
	if t.first++; t.first == len(t.queue) {
		t.queue, t.first = t.queue[:0], 0
	}
	x.release()
}

// await waits until x's turn is over.
func (t *turns) await(x *exchange) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.wait(func() bool { return x.state == over }) {
		return errEnded
	}
	return nil
}

// drain waits until no turn is open.
func (t *turns) drain() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.wait(func() bool { return t.open() == 0 }) {
		return errEnded
	}
	return nil
}

// idle reports whether no turn is open.
func (t *turns) idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open() == 0
}
