package vaurien

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// connect calls the backend, lets the direction to the client start from it,
// and lets the other one go on to it.
func (s *Session) connect() error {
	defer close(s.connected)
	var backend Conn
	dial := func(io.Writer) (err error) {
		backend, err = s.dial()
		return err
	}
	var err error
	if x := s.fate(); x.acts(Connect) {
		err = s.act(x, Connect, nil, nil, nil, dial)
	} else {
		err = dial(nil)
	}
	if err == nil && backend == nil {
		err = errors.New("a behavior let it not be called") // and did not say how to go on
	}
	if err != nil {
		return s.noBackend(err)
	}
	s.down.init(s, Reply, backend)
	if s.aside != nil {
		s.down.r.before = s.yield
	}
	return s.adopt(backend)
}

// adopt makes backend the session's, to be closed with it; at once if it has
// ended meanwhile.
func (s *Session) adopt(backend Conn) error {
	s.mu.Lock()
	s.backend = backend
	over := s.over
	s.mu.Unlock()
	if over {
		closeConn(backend, orderly)
		return errEnded
	}
	return nil
}

// dial connects to the backend, once there is room for one more connection.
func (s *Session) dial() (Conn, error) {
	p := s.proxy
	ctx, cancel := context.WithTimeout(p.ctx, p.settings.Load().Timeout)
	defer cancel()
	s.mu.Lock()
	s.cancel = cancel
	over := s.over
	s.mu.Unlock()
	if over {
		return nil, errEnded
	}
	if err := s.reserve(); err != nil {
		return nil, err
	}
	backend := p.Backend()
	conn, err := p.dialer(ctx, backend)
	if err != nil {
		s.giveBack()
		return nil, err
	}
	p.noteRoute(backend, conn)
	c, ok := conn.(Conn)
	if !ok {
		conn.Close()
		s.giveBack()
		return nil, fmt.Errorf("a %T cannot be half-closed", conn)
	}
	return c, nil
}

// reserve waits for one of the pool's places; the session keeps it until its
// end.
func (s *Session) reserve() error {
	pool := *s.proxy.pool.Load()
	if pool == nil {
		return nil
	}
	timeout := time.NewTimer(s.proxy.settings.Load().PoolTimeout)
	defer timeout.Stop()
	select {
	case pool <- struct{}{}:
	case <-timeout.C:
		return fmt.Errorf("all %d backend connections were in use for %v", cap(pool), s.proxy.settings.Load().PoolTimeout)
	case <-s.done:
		return errEnded
	}
	s.pool = pool
	return nil
}

// giveBack gives the session's place in the pool back, if it has one.
func (s *Session) giveBack() {
	if s.pool != nil {
		<-s.pool
		s.pool = nil
	}
}

// noBackend sees to a session whose backend cannot be reached. It ends as the
// proxy's setting says; but where the client speaks first and a behavior may
// answer in the backend's place, only when something must be passed on.
func (s *Session) noBackend(err error) error {
	if err == errEnded || s.isOver() {
		return errEnded
	}
	s.proxy.noteNoBackend(s, err)
	if s.codec == nil || s.proxy.greets || s.proxy.plan.Load().points&Request == 0 {
		s.endWithoutBackend()
	}
	return errEnded
}

func (s *Session) endWithoutBackend() { s.end(s.proxy.withoutBackend()) }

// withoutBackend says how a client sees that the backend cannot be reached.
func (p *Proxy) withoutBackend() closeHow {
	if p.settings.Load().BackendDown == "close" {
		return orderly
	}
	return reset
}

func (s *Session) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// hasBackend waits until the backend has been called and reports whether it
// is there.
func (s *Session) hasBackend() bool {
	select {
	case <-s.connected:
	case <-s.done:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backend != nil
}

// awaitBackend waits until the backend has been called and returns the
// connection to it. If there is none, the session ends.
func (s *Session) awaitBackend() (Conn, error) {
	select {
	case <-s.connected:
	case <-s.done:
		return nil, errEnded
	}
	s.mu.Lock()
	backend := s.backend
	s.mu.Unlock()
	if backend == nil {
		s.endWithoutBackend()
		return nil, errEnded
	}
	return backend, nil
}

// dialTCP is the Dial of a Config that names none.
func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	// Two system calls fewer than the default: an interval and a number of
	// probes are the kernel's.
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: keepAliveIdle, Interval: -1, Count: -1}}
	return d.DialContext(ctx, "tcp", address)
}
