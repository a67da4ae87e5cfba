package vaurien

import (
	"errors"
	"net"
	"time"
)

// A session to which nothing is done, and whose connections are sockets, may
// rest: a loop carries its bytes (see Loops), and it has no goroutine. It wakes
// when a plan is put in force that acts on it.

// A resting is a session at rest. Its methods are for any goroutine and do not
// wait.
type resting interface {
	askWake()
	askEnd(how closeHow)
}

// errResting ends the goroutines of a session that lies down to rest.
var errResting = errors.New("vaurien: the session rests")

// meetTime is how long one direction waits for the other to lie down too before
// it goes on by itself: the other may be held up by its receiver.
const meetTime = 10 * time.Millisecond

// mostMeetings is how often the directions of a session try to meet under one
// plan: one that is held up time and again is not idle.
const mostMeetings = 8

// mayRest reports whether the session could rest now.
func (s *Session) mayRest() bool {
	return s.proxy.loops != nil && s.codec == nil && s.untouched() && s.areSockets()
}

// untouched reports whether nothing is done to the session any more.
func (s *Session) untouched() bool {
	x := s.fate()
	return x.points&(Request|Reply|Close|Live) == 0 && !s.counting(x)
}

// areSockets reports whether both connections are.
func (s *Session) areSockets() bool {
	_, client := s.clientConn().(*net.TCPConn)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, backend := s.backend.(*net.TCPConn)
	return client && backend
}

// meet waits until both directions have nothing to do but relay, and reports
// that the session is to rest. d has nothing buffered.
func (s *Session) meet(d *direction) bool {
	if !d.in.direct() {
		return false
	}
	s.mu.Lock()
	if met := s.meeting; met != nil {
		s.meeting, s.lies = nil, true
		s.mu.Unlock()
		close(met)
		return true
	}
	if s.meetings++; s.meetings > mostMeetings {
		s.mu.Unlock()
		return false
	}
	met := make(chan struct{})
	s.meeting = met
	s.mu.Unlock()
	s.interruptOther(d)
	timer := time.NewTimer(meetTime)
	defer timer.Stop()
	select {
	case <-met:
		return true
	case <-s.done:
		return false
	case <-timer.C:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.meeting == met {
		s.meeting = nil
		return false
	}
	return true // it came at the last moment
}

// interruptOther lets the direction that d is not look anew at what it is to do.
func (s *Session) interruptOther(d *direction) {
	if d == &s.down {
		interrupt(s.clientConn())
		return
	}
	s.mu.Lock()
	backend := s.backend
	s.mu.Unlock()
	interrupt(backend)
}

// finished ends what is left of a session that has ended.
func (s *Session) finished() {
	s.turns.close()
	s.giveBack()
	s.up.in.clear()
	s.down.in.clear()
	s.up.r.release()
	s.down.r.release()
	s.mu.Lock()
	s.leaveLink()
	ends := s.ends
	s.ends, s.concluded = nil, true
	s.mu.Unlock()
	for _, f := range ends {
		f()
	}
	s.proxy.sessionEnded(s)
}

// conclude waits until all goroutines of the session have ended: because it has,
// or because it lies down to rest.
func (s *Session) conclude() {
	s.wg.Wait()
	s.mu.Lock()
	lies := s.lies && !s.over
	s.lies = false
	s.mu.Unlock()
	if lies && s.lieDown() {
		return
	}
	s.finished()
}

// restEnded notes that a session has ended at rest.
func (s *Session) restEnded() {
	s.mu.Lock()
	already := s.over
	s.over, s.rest = true, nil
	s.mu.Unlock()
	if !already {
		close(s.done)
	}
	s.finished()
}

// An unsent is what the receiver of a direction has not taken of it, and
// whether it was told that the direction has ended.
type unsent struct {
	bytes []byte
	ended bool
}

// rise lets goroutines serve a session that was at rest, whose backend is nil if
// it has yet to be called.
func (s *Session) rise(client, backend Conn, up, down unsent) {
	s.up.init(s, Request, client)
	s.down.out.conn = client
	if backend == nil {
		go s.run()
		return
	}
	s.up.out.conn = backend
	s.down.init(s, Reply, backend)
	s.wg.Add(2)
	go s.goOnRisen(&s.up, up)
	go s.goOnRisen(&s.down, down)
	go s.conclude()
}

// goOnRisen serves a direction that was at rest.
func (s *Session) goOnRisen(d *direction, left unsent) {
	defer s.wg.Done()
	if left.ended {
		s.watch(d)
		return
	}
	if len(left.bytes) > 0 {
		d.r.unread(left.bytes)
		d.r.at = time.Now()
	}
	s.serve(d)
}
