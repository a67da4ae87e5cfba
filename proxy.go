package vaurien

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"maps"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vaurien-proxy/vaurien/internal/memory"
)

const (
	// keepAliveIdle is after how long a silent connection is probed, so that a
	// peer which vanished is noticed; net's own default.
	keepAliveIdle = 15 * time.Second

	// After an error of accept that is not the listener's end, such as too
	// many open files, the proxy waits this long, and twice as long each time
	// up to the most.
	acceptPause     = 5 * time.Millisecond
	acceptPauseMost = time.Second
)

// A Proxy listens on an address and connects each client to its backend. Its
// methods may be called from any goroutine, and none but Shutdown and Close
// waits for traffic.
type Proxy struct {
	name       string
	settings   atomic.Pointer[Settings]
	seed       uint64
	dice       dice
	protocol   Protocol
	greets     bool           // the protocol's servers speak first
	anyOrder   bool           // its replies come in any order
	zeros      map[string]any // what requests have that lack an attribute
	listener   net.Listener
	dialer     func(context.Context, string) (net.Conn, error)
	clock      Clock
	log        *slog.Logger
	observer   Observer
	recordings []recording                   // by those who are told of exchanges
	recorded   []string                      // the attributes that it asked for
	digests    maphash.Seed                  // of requests
	pool       atomic.Pointer[chan struct{}] // a place for each backend connection; nil: no limit
	pipes      pipes
	loops      *Loops                // nil: goroutines carry everything
	known      atomic.Pointer[route] // to the backend
	held       atomic.Int64          // bytes read ahead by all sessions

	plan     atomic.Pointer[inForce]
	plans    atomic.Uint64 // how many there were
	last     atomic.Uint64 // number of the newest session
	faults   counts        // exchanges by behavior
	backend  atomic.Pointer[string]
	draining atomic.Bool

	ctx    context.Context // of calls to the backend
	cancel context.CancelFunc
	wg     sync.WaitGroup // the accepting goroutine and the sessions

	mu       sync.Mutex
	closed   bool
	sessions map[*Session]struct{}
	ended    Stats         // of sessions that have ended, and backends that could not be reached
	emptied  chan struct{} // closed when draining and the last session has ended
}

// Listen returns a proxy that listens, and accepts once Start is called.
func Listen(cfg Config) (*Proxy, error) {
	p := &Proxy{
		name: cfg.Name, seed: cfg.Seed, protocol: cfg.Protocol,
		listener: cfg.Listener, dialer: cfg.Dial, clock: cfg.Clock, log: cfg.Logger, observer: cfg.Observer,
		sessions: make(map[*Session]struct{}),
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if p.name == "" {
		p.name = "default"
	}
	if p.protocol == nil {
		p.protocol = TCP{}
	}
	first, ok := p.protocol.(ServerFirst)
	p.greets = ok && first.ServerFirst()
	multiplexed, ok := p.protocol.(Multiplexed)
	p.anyOrder = ok && multiplexed.Multiplexed()
	p.zeros = make(map[string]any)
	if d, ok := p.protocol.(Describing); ok {
		for _, a := range d.Attributes() {
			p.zeros[a.Name] = a.Zero
		}
	}
	if p.dialer == nil {
		p.dialer = dialTCP
	}
	if p.clock == nil {
		p.clock = runtimeClock{}
	}
	if p.log == nil {
		p.log = slog.Default()
	}
	p.log = p.log.With("proxy", p.name)
	p.SetSettings(cfg.Settings)
	p.record(cfg.Observer)
	p.digests = maphash.MakeSeed()
	p.dice = newDice(p.seed, p.name)
	p.plan.Store(newInForce(cfg.Plan, p.plans.Add(1)))
	p.SetBackend(cfg.Settings.Backend)
	if p.listener == nil {
		l, err := listenTCP(cfg.Settings.Proxy, int(cfg.Settings.Backlog))
		if err != nil {
			return nil, err
		}
		p.listener = l
	}
	return p, p.useLoops(cfg)
}

// useLoops lets loops accept clients and carry what nothing is done to, where
// the configuration has nothing of its own in their place.
func (p *Proxy) useLoops(cfg Config) error {
	_, tcp := p.protocol.(TCP)
	l, socket := p.listener.(*net.TCPListener)
	if cfg.Loops == nil || !tcp || !socket || cfg.Dial != nil {
		return nil
	}
	p.loops = cfg.Loops
	memory.Limit() // it reads files, which no loop should
	g, err := newGate(p, l)
	if err == nil {
		p.listener = g
	}
	return err
}

// Start lets the proxy accept connections.
func (p *Proxy) Start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	if g, ok := p.listener.(*gate); ok {
		g.open()
		return
	}
	p.wg.Add(1)
	go p.accept()
}

// Name returns the proxy's name.
func (p *Proxy) Name() string { return p.name }

// Addr returns the address that the proxy listens on.
func (p *Proxy) Addr() net.Addr { return p.listener.Addr() }

// Seed returns the seed of the proxy's dice.
func (p *Proxy) Seed() uint64 { return p.seed }

// Protocol returns the name of the protocol that the proxy was told to speak.
func (p *Proxy) Protocol() string { return p.settings.Load().Protocol }

// Backend returns the address that new sessions connect to.
func (p *Proxy) Backend() string { return *p.backend.Load() }

// SetBackend changes the address that new sessions connect to.
func (p *Proxy) SetBackend(address string) {
	p.backend.Store(&address)
	if b, ok := p.protocol.(BackendUser); ok {
		b.SetBackend(address)
	}
}

// Plan returns the plan in force.
func (p *Proxy) Plan() *Plan { return p.plan.Load().Plan }

// SetPlan puts a plan in force, for the next exchange of open connections too.
// What waits by the old plan waits no longer. A nil plan leaves all traffic
// untouched. It returns the number of the plan in this proxy, whose first is 1.
func (p *Proxy) SetPlan(plan *Plan) uint64 {
	number := p.plans.Add(1)
	old := p.plan.Swap(newInForce(plan, number))
	close(old.changed)
	p.each((*Session).planChanged)
	return number
}

// each calls f with every session. f must not wait.
func (p *Proxy) each(f func(*Session)) {
	p.mu.Lock()
	sessions := slices.Collect(maps.Keys(p.sessions))
	p.mu.Unlock()
	for _, s := range sessions { // a session may be asking the proxy something
		f(s)
	}
}

// Stats returns what the proxy has done so far.
func (p *Proxy) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.ended
	st.Open, st.Sessions = int64(len(p.sessions)), p.last.Load()
	for s := range p.sessions {
		st.Exchanges += s.count()
		s.addBytes(&st)
	}
	st.Faults = p.faults.all()
	return st
}

// accept accepts clients until the listener is closed. Other errors, such as
// that there are no more descriptors, pass.
func (p *Proxy) accept() {
	defer p.wg.Done()
	pause := time.Duration(0)
	for {
		conn, err := p.listener.Accept()
		if err == nil {
			pause = 0
			p.serve(conn)
			continue
		}
		if errors.Is(err, net.ErrClosed) || p.isClosed() {
			return
		}
		pause = min(max(2*pause, acceptPause), acceptPauseMost)
		p.log.Error("cannot accept a connection; trying again", "error", err, "in", pause)
		select {
		case <-time.After(pause):
		case <-p.ctx.Done():
			return
		}
	}
}

func (p *Proxy) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// serve starts a session for a client.
func (p *Proxy) serve(conn net.Conn) {
	client, ok := conn.(Conn)
	if !ok {
		p.log.Error("a connection cannot be half-closed", "type", fmt.Sprintf("%T", conn))
		conn.Close()
		return
	}
	if s := p.admit(client); s != nil {
		go s.run()
	} else {
		conn.Close()
	}
}

// admit returns a session for a client; nil if the proxy is closed.
func (p *Proxy) admit(client Conn) *Session {
	s := newSession(p, p.last.Add(1), client)
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.sessions[s] = struct{}{}
	p.wg.Add(1)
	p.mu.Unlock()
	if p.observer != nil {
		p.observer.SessionStart(s)
	}
	return s
}

// sessionEnded forgets a session that has ended.
func (p *Proxy) sessionEnded(s *Session) {
	if p.observer != nil {
		p.observer.SessionEnd(s)
	}
	exchanges := s.count()
	p.mu.Lock()
	delete(p.sessions, s)
	p.ended.Exchanges += exchanges
	s.addBytes(&p.ended)
	if len(p.sessions) == 0 && p.emptied != nil {
		close(p.emptied)
		p.emptied = nil
	}
	p.mu.Unlock()
	p.wg.Done()
}

// Shutdown stops accepting and lets the sessions end: those whose exchanges
// are told apart after the exchange they are in, the others when they like. It
// returns when all have ended and so has every goroutine of the proxy; once ctx
// is done it closes what is left and returns ctx's error.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.draining.Store(true)
	p.mu.Lock()
	p.closed = true
	emptied := p.emptied
	if emptied == nil {
		emptied = make(chan struct{})
		if len(p.sessions) == 0 {
			close(emptied)
		} else {
			p.emptied = emptied
		}
	}
	p.mu.Unlock()
	p.listener.Close()
	p.each((*Session).drain)
	var err error
	select {
	case <-emptied:
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.Close()
	return err
}

// Close ends the proxy and its sessions at once and waits for their
// goroutines.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	err := p.listener.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	p.each(func(s *Session) { s.end(orderly) })
	p.wg.Wait()
	p.pipes.close()
	return err
}

// noteFault counts and logs that a behavior acts on an exchange.
func (p *Proxy) noteFault(e *Event) {
	s, x := e.Session, e.x
	p.faults.add(x.name)
	if p.observer != nil {
		p.observer.Fault(s, x.name)
	}
	if !p.log.Enabled(p.ctx, slog.LevelInfo) {
		return
	}
	attrs := []slog.Attr{
		slog.Uint64("session", s.number), slog.Uint64("exchange", x.number),
		slog.String("behavior", x.name), slog.String("client", s.Client().String()),
	}
	if verb := x.request.Verb; verb != "" {
		attrs = append(attrs, slog.String("verb", verb))
	}
	if trace, _ := e.Attribute(TraceAttribute).(string); trace != "" {
		attrs = append(attrs, slog.String(TraceAttribute, trace))
	}
	p.log.LogAttrs(p.ctx, slog.LevelInfo, "fault", attrs...)
}

func (p *Proxy) notePanic(s *Session, v any) {
	p.log.Error("a session panicked and is reset", "session", s.number, "panic", v, "stack", string(debug.Stack()))
}

func (p *Proxy) noteNoBackend(s *Session, err error) {
	p.mu.Lock()
	p.ended.Unreached++
	p.mu.Unlock()
	p.log.Warn("cannot reach the backend", "session", s.number, "backend", p.Backend(), "error", err)
}
