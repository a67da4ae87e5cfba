package vaurien

import (
	"context"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A Session is one client's connection and the backend connection made for it.
//
// Two goroutines serve it, one for each direction, and a third one a direction
// while a behavior holds that direction up and it is read ahead.
type Session struct {
	proxy  *Proxy
	number uint64
	client atomic.Pointer[Conn]
	codec  Codec // nil: tcp from the start

	up, down direction
	turns    turns
	reply    Message   // the backend's message that down has
	turn     *exchange // whose turn down has taken already; nil: none
	kept     bool      // down has the client's outlet
	spare    *exchange // for up to use next; nil: none
	greeting *exchange // whose reply the greeting is, until down has seen what became of it; nil: none
	echoes   bool      // what up reads next is a request that it has read before
	aside    *aside    // nil unless the protocol is multiplexed

	pool      chan struct{}  // where the session has a place
	wg        sync.WaitGroup // all goroutines but the one that runs the session
	done      chan struct{}  // closed when the session has ended
	connected chan struct{}  // closed when the backend has been called, in vain or not
	leaving   atomic.Bool    // the client has been told the last
	abruptly  atomic.Bool    // and the connection closes at once
	ungreeted atomic.Bool    // the client does not wait for the greeting
	exchanges atomic.Uint64  // framed or, with draw exchange, noticed so far
	opaque    atomic.Bool    // the streams are tcp from where their readers are

	mu        sync.Mutex
	backend   Conn               // nil until connected
	cancel    context.CancelFunc // of the call to the backend
	over      bool
	link      *exchange // the exchange that tcp bytes belong to
	lively    *inForce  // the last plan whose Live behaviors were let act
	locals    locals    // what behaviors remember
	name      string    // the client's address, once it was asked for
	spoken    bool      // the backend has spoken since link was made
	upEnded   bool
	deaf      bool          // the client takes no more
	downEnded time.Time     // zero: not yet
	ends      []func()      // what AtEnd was given
	concluded bool          // they have been called
	rest      resting       // nil while goroutines serve the session
	meeting   chan struct{} // closed when both directions lie down; nil: none does
	meetings  int           // under this plan
	lies      bool          // both directions have lain down
}

func newSession(p *Proxy, number uint64, client Conn) *Session {
	s := &Session{
		proxy: p, number: number,
		done: make(chan struct{}), connected: make(chan struct{}),
	}
	s.codec = p.protocol.NewCodec()
	s.turns.init()
	if p.anyOrder {
		s.aside, s.turns.anyOrder = newAside(), true
	}
	s.up.out.connect = s.awaitBackend
	s.attach(client)
	return s
}

// attach gives the session its client's connection.
func (s *Session) attach(client Conn) {
	s.client.Store(&client)
	s.up.init(s, Request, client)
	s.down.out.conn = client
}

// clientConn returns the client's connection.
func (s *Session) clientConn() Conn { return *s.client.Load() }

// ID returns a name for the session that no other session of the process has.
func (s *Session) ID() string { return s.proxy.name + "-" + strconv.FormatUint(s.number, 10) }

// Number returns the session's number in its proxy; the first is 1.
func (s *Session) Number() uint64 { return s.number }

// Proxy returns the proxy that the session belongs to.
func (s *Session) Proxy() *Proxy { return s.proxy }

// Client returns the client's address.
func (s *Session) Client() net.Addr { return s.clientConn().RemoteAddr() }

// clientName is Client as text. s.mu is held.
func (s *Session) clientName() string {
	if s.name == "" {
		s.name = s.Client().String()
	}
	return s.name
}

// Stats counts what the session has done so far: of it alone, bytes and
// exchanges.
func (s *Session) Stats() Stats {
	st := Stats{Exchanges: s.count()}
	s.addBytes(&st)
	return st
}

// run serves the session until it has ended and every goroutine of it has. It
// and what it calls are kept shallow: a stack of 2 KiB is all that an idle
// direction needs.
func (s *Session) run() {
	if s.accepted() {
		s.wg.Add(1)
		go s.callBackend()
		s.serve(&s.up)
	} else {
		s.end(orderly)
	}
	s.conclude()
}

// accepted lets behaviors act on the connection before the backend is called,
// and reports whether the session goes on.
func (s *Session) accepted() bool {
	x := s.fate()
	if !x.acts(Accept) {
		return true
	}
	defer s.rescue()
	goesOn := false
	err := s.act(x, Accept, nil, nil, nil, func(io.Writer) error {
		goesOn = true
		return nil
	})
	return err == nil && goesOn
}

// callBackend connects and hands over to the direction to the client in a
// goroutine of its own: a call needs a deep stack, which would stay for as
// long as the session.
func (s *Session) callBackend() {
	defer s.wg.Done()
	defer s.rescue()
	if err := s.connect(); err != nil {
		s.finish(&s.down, err)
		return
	}
	s.wg.Add(1)
	go s.serveDown()
}

func (s *Session) serveDown() {
	defer s.wg.Done()
	s.serve(&s.down)
}

// serve serves a direction until its stream has ended or the session has.
func (s *Session) serve(d *direction) {
	defer s.rescue()
	var err error
	switch {
	case s.codec == nil:
		err = s.raw(d)
	case d == &s.up:
		err = s.readRequests()
	default:
		err = s.readReplies()
		s.turns.close()
	}
	s.finish(d, err)
}

// rescue, deferred, lets a panic of a behavior or codec cost its session and
// no more.
func (s *Session) rescue() {
	if v := recover(); v != nil {
		s.proxy.notePanic(s, v)
		s.end(reset)
	}
}

// finish sees to how a direction ended: err is nil when its stream did and the
// end has been passed on.
func (s *Session) finish(d *direction, err error) {
	if isWriteError(err) {
		if d == &s.down && s.noteDeaf() {
			s.end(reset) // nobody reads the client any more to see that it is gone
			return
		}
		// Whoever reads from the side that is gone finds out how it went.
		if err = d.throwAway(s.patience(d)); err == io.EOF {
			err = nil
		}
	}
	switch err {
	case nil:
		if s.noteEnded(d) {
			s.end(orderly)
			return
		}
		if d == &s.up && s.isDeaf() {
			s.end(reset)
			return
		}
		s.watch(d)
	case errEnded, errResting:
	default:
		s.end(reset)
	}
}

// patience returns the time at which d, whose receiver is gone, is no longer
// read: as long as the client may still want to read what the backend said.
func (s *Session) patience(d *direction) func() time.Time {
	return func() time.Time {
		s.mu.Lock()
		defer s.mu.Unlock()
		if d == &s.up && !s.downEnded.IsZero() {
			return s.downEnded.Add(lingerTime)
		}
		return time.Time{}
	}
}

// other returns the direction that d is not.
func (s *Session) other(d *direction) *direction {
	if d == &s.up {
		return &s.down
	}
	return &s.up
}

func (s *Session) hasEnded(d *direction) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d == &s.up {
		return s.upEnded
	}
	return !s.downEnded.IsZero()
}

// noteDeaf notes that the client takes no more, and reports whether nobody
// reads it any more.
func (s *Session) noteDeaf() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = true
	return s.upEnded
}

func (s *Session) isDeaf() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deaf
}

// noteEnded notes that d's stream has ended and reports whether both have.
func (s *Session) noteEnded(d *direction) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d == &s.up {
		s.upEnded = true
	} else {
		s.downEnded = time.Now()
		if !s.upEnded {
			interrupt(s.clientConn()) // whoever waits there may have to lose patience
		}
	}
	return s.upEnded && !s.downEnded.IsZero()
}

// watch waits, after d's stream has ended, for a reset of the connection that
// it came from, to pass it on.
func (s *Session) watch(d *direction) {
	for {
		switch err := d.in.src.watch(); err {
		case nil:
			return // cannot tell
		case errInterrupted:
			select {
			case <-s.done:
				return
			default:
			}
		default:
			s.end(reset)
			return
		}
	}
}

// end ends the session: whoever waits for anything in it wakes up.
func (s *Session) end(how closeHow) {
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return
	}
	s.over = true
	backend, cancel, rest := s.backend, s.cancel, s.rest
	s.mu.Unlock()
	close(s.done)
	if rest != nil {
		rest.askEnd(how)
		return
	}
	s.turns.end()
	s.up.in.halt()
	s.down.in.halt()
	if cancel != nil {
		cancel()
	}
	closeConn(s.clientConn(), how)
	closeConn(backend, how)
}

// interrupt lets both directions look anew at what they are to do.
func (s *Session) interrupt() {
	interrupt(s.clientConn())
	s.up.in.kick()
	s.mu.Lock()
	backend := s.backend
	s.mu.Unlock()
	if backend != nil {
		interrupt(backend)
		s.down.in.kick()
	}
}

// planChanged makes a new plan's effect immediate. A framed session looks at
// the plan for each exchange anyhow.
func (s *Session) planChanged() {
	if s.proxy.plan.Load().points&Live != 0 {
		s.fate()
	}
	s.mu.Lock()
	rest := s.rest
	s.meetings = 0
	s.mu.Unlock()
	if rest != nil {
		if !s.untouched() {
			rest.askWake()
		}
		return
	}
	if s.codec == nil || s.opaque.Load() {
		s.interrupt()
	}
}

// drain asks the session to end once it is between two exchanges.
func (s *Session) drain() {
	if s.codec != nil {
		interrupt(s.clientConn())
	}
}

// count returns how many exchanges there were so far; a tcp connection whose
// fate is drawn once is one.
func (s *Session) count() uint64 {
	if s.codec == nil && s.drawsOnce() {
		return 1
	}
	return s.exchanges.Load()
}

// addBytes adds what the session has carried so far.
func (s *Session) addBytes(st *Stats) {
	st.ToBackend += s.up.out.count.Load()
	st.ToClient += s.down.out.count.Load()
	st.FromBackend += s.down.in.src.count.Load()
	st.FromClient += s.up.in.src.count.Load()
}

func (s *Session) noteData(p Point) {
	if o := s.proxy.observer; o != nil {
		o.Message(s, p == Request)
	}
}
