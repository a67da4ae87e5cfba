package ledger

import (
	"sync"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// DefaultKeep is how many entries a Ledger keeps in memory, unless it is told
// otherwise: half a second of 20,000 exchanges each second, in 5 to 6 MB.
const DefaultKeep = 10_000

// Options say what a Ledger keeps. The zero value of a field means what its
// comment says.
type Options struct {
	Keep       int        // how many entries; 0: DefaultKeep
	Attributes Attributes // which attributes of requests; empty: KeyAttributes
	Hash       *Hash      // texts among them are hashed with it; nil: they are kept as they are

	// Protocols returns the attributes of requests of a protocol. Nil: none are
	// known.
	Protocols func(protocol string) []vaurien.Attribute

	// Plan returns what is to be kept of a plan, which it may not change. Nil:
	// plans are kept as they are.
	Plan func(proxy string, p *Plan) *Plan
}

// A Ledger is told what proxies do and keeps the newest of it. Its methods may
// be called from any goroutine and wait for nobody.
type Ledger struct {
	options Options
	names   sync.Map // protocol → []string: the attributes to ask for

	mu    sync.Mutex
	ring  []Entry // that with number n is at n modulo its length
	next  uint64  // the number of the next entry
	alarm uint64  // the number at which those who wait are to be woken; 0: nobody waits
	rung  chan struct{}
}

var _ vaurien.Recorder = (*Ledger)(nil)

// New returns a ledger without entries.
func New(o Options) *Ledger {
	if o.Keep <= 0 {
		o.Keep = DefaultKeep
	}
	if o.Attributes == "" {
		o.Attributes = KeyAttributes
	}
	return &Ledger{options: o, ring: make([]Entry, o.Keep), next: 1}
}

// Add adds an entry, of which it keeps a copy. A zero Time is now.
func (l *Ledger) Add(e Entry) {
	if l == nil {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if e.InPlan != nil && l.options.Plan != nil {
		e.InPlan = l.options.Plan(e.Proxy, e.InPlan)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	to := l.slot()
	e.Number, e.Attributes, e.Deeds = to.Number, append(to.Attributes, e.Attributes...), append(to.Deeds, e.Deeds...)
	*to = e
	l.added()
}

// slot returns where the next entry belongs, empty but for its number and the
// memory of what was there. mu is held.
func (l *Ledger) slot() *Entry {
	e := &l.ring[l.next%uint64(len(l.ring))]
	*e = Entry{Number: l.next, Attributes: e.Attributes[:0], Deeds: e.Deeds[:0]}
	return e
}

// added counts the entry in slot and wakes those who wait for it. mu is held.
func (l *Ledger) added() {
	if l.next == l.alarm {
		l.alarm = 0
		close(l.rung)
	}
	l.next++
}

// oldest returns the number of the oldest entry that is kept. mu is held.
func (l *Ledger) oldest() uint64 {
	if kept := uint64(len(l.ring)); l.next > kept {
		return l.next - kept
	}
	return 1
}

// wakeAt returns a channel that is closed once there is an entry of that
// number, or earlier. It returns nil if there is one.
func (l *Ledger) wakeAt(number uint64) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case number < l.next:
		return nil
	case l.alarm == 0:
		l.alarm, l.rung = number, make(chan struct{})
	case number < l.alarm:
		l.alarm = number
	}
	return l.rung
}

// SessionStart implements vaurien.Observer.
func (l *Ledger) SessionStart(s *vaurien.Session) {
	l.Add(Entry{
		Type: SessionType, Proxy: s.Proxy().Name(), Session: s.Number(), Client: s.Client().String(), State: StateOpen,
	})
}

// SessionEnd implements vaurien.Observer.
func (l *Ledger) SessionEnd(s *vaurien.Session) {
	st := s.Stats()
	l.Add(Entry{
		Type: SessionType, Proxy: s.Proxy().Name(), Session: s.Number(), Client: s.Client().String(), State: StateClosed,
		ToBackend: st.ToBackend, ToClient: st.ToClient, Exchanges: st.Exchanges,
	})
}

// Message implements vaurien.Observer.
func (l *Ledger) Message(*vaurien.Session, bool) {}

// Fault implements vaurien.Observer.
func (l *Ledger) Fault(*vaurien.Session, string) {}

// Record implements vaurien.Recorder.
func (l *Ledger) Record(r *vaurien.Record) {
	p := r.Session.Proxy()
	protocol := p.Protocol()
	if r.Exchange == 0 && r.Behavior == "" && len(r.Deeds) == 0 && protocol != "tcp" {
		return // its exchanges are told apart, and nothing was done to it beside them
	}
	names, values := l.Attributes(protocol), l.kept(r.Values)
	over, fate := !r.Ended.IsZero(), Fate("")
	if over {
		fate = fateOf(r)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.slot()
	e.Type, e.Time, e.Proxy, e.Session, e.Client = BegunType, r.Arrived, p.Name(), r.Session.Number(), r.Client
	e.Exchange, e.Verb, e.Digest, e.Plan, e.Behavior = r.Exchange, r.Verb, r.Digest, r.Plan, r.Behavior
	e.Forwarded, e.Replied, e.Ended = since(r.Arrived, r.Forwarded), since(r.Arrived, r.Replied), since(r.Arrived, r.Ended)
	for i, v := range values {
		if known(v) {
			e.Attributes = append(e.Attributes, Attribute{names[i], v})
		}
	}
	if over {
		e.Type, e.Answered, e.Fate = ExchangeType, r.Answered, fate
		for i := range r.Deeds {
			d := &r.Deeds[i]
			e.Deeds = append(e.Deeds, Deed{
				Point: d.Point, What: d.What, Detail: d.Detail, Times: d.Times,
				At: max(d.At.Sub(r.Arrived), 0), For: d.For, Late: d.Late,
			})
		}
	}
	l.added()
}

// since returns how long after a time another was; Never if it was not.
func since(start, t time.Time) time.Duration {
	if t.IsZero() {
		return Never
	}
	return max(t.Sub(start), 0)
}
