package vaurien

import (
	"hash/maphash"
	"sync"
	"time"
)

// A Recorder is an Observer that is told what becomes of each exchange. What it
// does not ask for is not measured.
type Recorder interface {
	Observer

	// Attributes returns the names of those attributes of requests, beside the
	// verb, that Records are to have, for a proxy of the protocol of that name.
	// It is asked once for a proxy.
	Attributes(protocol string) []string

	// Record is called when a behavior is chosen for an exchange, with r.Ended
	// zero, and when the exchange is over, or its session is. Of exchanges that
	// no behavior acts on only the end is told. r and what it holds are valid
	// until Record returns. It must neither wait nor call the session or its
	// proxy but for what does not change: their numbers, names and addresses.
	Record(r *Record)
}

// A Record tells what became of an exchange; with Exchange 0, of a connection
// that was drawn once, or of what was done to it beside its exchanges.
type Record struct {
	Session  *Session
	Client   string // its address, host:port
	Exchange uint64
	Verb     string // of the request, in the protocol's own word
	Values   []any  // of the attributes that the Recorder asked for, in its order; nil of a connection
	Digest   uint64 // of the request's bytes, or the first of them: the same for the same in one process
	Plan     uint64 // which of the proxy's plans decided; the first is 1
	Behavior string // what was chosen, in the plan's words; empty: nothing
	Deeds    []Deed // what it did, in the order in which it was over

	Arrived   time.Time // the request, or the connection
	Forwarded time.Time // when the request was passed on; zero: it was not
	Replied   time.Time // when the first of the backend's reply arrived; zero: nothing did
	Ended     time.Time // when the last of the reply had gone out, or the session ended; zero: not yet
	Answered  bool      // the client was told an answer: the backend's or one made here
	NoReply   bool      // no answer is due: the request gets none, or it is a connection
}

// A Deed is what a behavior did. Those that follow each other and differ in
// their times only are one.
type Deed struct {
	Point  Point         // where
	What   string        // what: delay, hold, pace, fail, drop, discard, replace, close, reset, or the behavior's own word
	Detail string        // what exactly: the kind of failure
	Times  int           // how often
	At     time.Time     // when the first was over
	For    time.Duration // how long they held up what they acted on; of delays, which overlap, the longest
	Late   time.Duration // how much longer than they should, the latest of them
}

// mostDeeds is how many Deeds of one exchange are kept; further ones add to the
// last.
const mostDeeds = 16

// digested is how much of a request its digest is made of.
const digested = 4 << 10

// Observers returns an Observer that tells all of those given, some of which may
// be nil, and as Recorders those that are. It returns nil if none is left.
func Observers(observers ...Observer) Observer {
	var all several
	for _, o := range observers {
		if more, ok := o.(several); ok {
			all = append(all, more...)
		} else if o != nil {
			all = append(all, o)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}

type several []Observer

func (s several) SessionStart(x *Session) {
	for _, o := range s {
		o.SessionStart(x)
	}
}

func (s several) SessionEnd(x *Session) {
	for _, o := range s {
		o.SessionEnd(x)
	}
}

func (s several) Message(x *Session, toBackend bool) {
	for _, o := range s {
		o.Message(x, toBackend)
	}
}

func (s several) Fault(x *Session, behavior string) {
	for _, o := range s {
		o.Fault(x, behavior)
	}
}

// A recording is what one Recorder is told by a proxy.
type recording struct {
	to     Recorder
	values int // of the attributes that it asked for
}

// record lets those of o that are Recorders record the proxy's exchanges.
func (p *Proxy) record(o Observer) {
	all, ok := o.(several)
	if !ok {
		all = several{o}
	}
	for _, o := range all {
		if r, ok := o.(Recorder); ok {
			names := r.Attributes(p.Protocol())
			p.recordings = append(p.recordings, recording{r, len(names)})
			p.recorded = append(p.recorded, names...)
		}
	}
}

// tell gives each Recorder the values of the attributes that it asked for.
func (p *Proxy) tell(r *Record) {
	all, values := r.Values, r.Values
	for _, rec := range p.recordings {
		n := min(rec.values, len(values))
		r.Values, values = values[:n:n], values[n:]
		rec.to.Record(r)
	}
	r.Values = all // the Record goes on
}

// A trace is what is noted of an exchange for a Recorder. A nil trace notes
// nothing.
type trace struct {
	mu      sync.Mutex
	open    bool // the Record is yet to be ended
	unheard bool // the client did not hear all of the answer
	record  Record
}

// begin begins the Record of x, whose request is m; nil where x is the
// connection.
func (s *Session) begin(x *exchange, m *Message) {
	if len(s.proxy.recordings) == 0 {
		return
	}
	t := x.trace
	if t == nil {
		t = new(trace)
		x.trace = t
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open, t.unheard = true, false
	t.record = Record{
		Session: s, Client: s.clientName(), Exchange: x.number, Plan: x.plan.number, Behavior: x.name,
		Values: t.record.Values[:0], Deeds: t.record.Deeds[:0],
	}
	if m == nil {
		t.record.Arrived, t.record.NoReply = time.Now(), true
	} else {
		t.record.Arrived, t.record.Verb, t.record.NoReply = m.Arrived, m.Verb, m.NoReply
		t.record.Digest = maphash.Bytes(s.proxy.digests, m.Head[:min(len(m.Head), digested)])
		e := Event{Session: s, Exchange: x.number, Message: m, Point: Request, x: x}
		for _, name := range s.proxy.recorded {
			t.record.Values = append(t.record.Values, e.Attribute(name))
		}
	}
	if x.behavior != nil {
		s.proxy.tell(&t.record)
	}
}

// forwarded notes that the request was passed on; as soon as it arrived, or
// after a behavior acted on it.
func (t *trace) forwarded(acted bool) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.record.Forwarded = t.record.Arrived; acted {
		t.record.Forwarded = time.Now()
	}
}

// replied notes that a message of the reply arrived at that time.
func (t *trace) replied(at time.Time) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.record.Replied.IsZero() {
		t.record.Replied = at
	}
}

// answered notes that the last of an answer has gone out.
func (t *trace) answered() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.record.Answered, t.record.Ended = !t.unheard, time.Now()
}

// dropped notes that a message was thrown away at a point.
func (t *trace) dropped(p Point) {
	if t == nil || p != Reply {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unheard = true
}

// note notes a deed.
func (t *trace) note(d Deed) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	deeds := t.record.Deeds
	if n := len(deeds); n > 0 {
		last := &deeds[n-1]
		same := last.Point == d.Point && last.What == d.What && last.Detail == d.Detail
		if same || n == mostDeeds {
			last.Times++
			if d.What == "delay" {
				last.For = max(last.For, d.For)
			} else {
				last.For += d.For
			}
			last.Late = max(last.Late, d.Late)
			return
		}
	}
	if d.Times = 1; d.At.IsZero() {
		d.At = time.Now()
	}
	t.record.Deeds = append(deeds, d)
}

// end ends the Record.
func (t *trace) end() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.open {
		return
	}
	if t.open = false; t.record.Ended.IsZero() {
		t.record.Ended = time.Now()
	}
	t.record.Session.proxy.tell(&t.record)
	t.record.Session = nil
}
