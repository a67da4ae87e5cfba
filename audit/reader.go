package audit

import (
	"hash/maphash"

	"github.com/vaurien-proxy/vaurien/ledger"
)

// A proxy is one of those that a ledger tells of.
type proxy struct {
	name     string
	protocol string
	grammar  *grammar
	life     int   // how often it has begun to listen
	began    int64 // when it did last
	gone     int64 // when it was closed; 0: it was not
	open     int   // connections
	stats    Connections

	unreached int64 // when a connection failed last, by the tracker

	// Connecting, as an operation.
	connectOp   uint64
	connectKind uint32
}

// A session is a connection, as far as it is known by now. As entries are read
// ahead of attempts being looked at, much of it is.
type session struct {
	proxy     *proxy
	number    uint64
	opened    int64
	closed    int64  // 0: not known to be
	exchanges uint64 // the number of the last

	// Of the connection as an attempt.
	failed  bool
	failure attempt

	// Of the transaction that is open, or the mail.
	began   int64 // 0: none is
	said    uint64
	repeats bool

	// What was seen on it last, by the tracker.
	last lastSeen
}

type sessionKey struct {
	proxy  *proxy
	life   int
	number uint64
}

// mostClosed is how many closed sessions are remembered, since what is told of
// their exchanges may come after their end.
const mostClosed = 4096

// A reader makes attempts of entries.
type reader struct {
	seed     maphash.Seed
	proxies  map[string]*proxy
	order    []*proxy
	sessions map[sessionKey]*session
	closed   []sessionKey
	kinds    kinds
	hash     maphash.Hash
	first    int64 // the times of the first and the last entry
	last     int64
	entries  uint64
	lost     uint64
	waits    waits
	emit     func(attempt)
}

func newReader(emit func(attempt)) *reader {
	r := &reader{
		seed: maphash.MakeSeed(), proxies: make(map[string]*proxy), sessions: make(map[sessionKey]*session), emit: emit,
	}
	r.hash.SetSeed(r.seed)
	return r
}

func (r *reader) proxy(name string) *proxy {
	p := r.proxies[name]
	if p == nil {
		p = &proxy{name: name, grammar: grammarOf("")}
		p.connectOp, p.connectKind = maphash.Comparable(r.seed, name), r.kinds.number(p, connectionLabel)
		r.proxies[name] = p
		r.order = append(r.order, p)
	}
	return p
}

func (r *reader) session(name string, number uint64) *session {
	p := r.proxy(name)
	key := sessionKey{p, p.life, number}
	s := r.sessions[key]
	if s == nil {
		s = &session{proxy: p, number: number}
		r.sessions[key] = s
	}
	return s
}

// read takes an entry.
func (r *reader) read(e *ledger.Entry) {
	at := e.Time.UnixNano()
	r.entries++
	if e.Type != ledger.LostType {
		if r.first == 0 || at < r.first {
			r.first = at
		}
		r.last = max(r.last, at+int64(max(e.Ended, 0)))
	}
	switch e.Type {
	case ledger.LostType:
		r.lost += e.Count
	case ledger.ProxyType:
		r.readProxy(e, at)
	case ledger.SessionType:
		r.readSession(e, at)
	case ledger.ExchangeType:
		r.readExchange(e)
	}
}

func (r *reader) readProxy(e *ledger.Entry, at int64) {
	p := r.proxy(e.Proxy)
	if e.Server != nil && e.Server.Protocol != "" {
		p.protocol, p.grammar = e.Server.Protocol, grammarOf(e.Server.Protocol)
	}
	switch {
	case e.State == ledger.StateUp && at > p.began: // a file that goes on tells it again
		p.life++
		p.began, p.gone, p.open = at, 0, 0
	case e.State == ledger.StateGone:
		p.gone = at
	}
}

func (r *reader) readSession(e *ledger.Entry, at int64) {
	s := r.session(e.Proxy, e.Session)
	p := s.proxy
	if e.State == ledger.StateOpen {
		s.opened = at
		p.open++
		p.stats.Opened++
		p.stats.MostOpen = max(p.stats.MostOpen, p.open)
		r.emit(attempt{at: at, start: at, end: at, session: s, connection: true})
		return
	}
	s.closed = at
	p.open = max(p.open-1, 0)
	r.closed = append(r.closed, sessionKey{p, p.life, e.Session})
	if len(r.closed) > mostClosed {
		for _, key := range r.closed[:mostClosed/2] {
			delete(r.sessions, key)
		}
		r.closed = append(r.closed[:0], r.closed[mostClosed/2:]...)
	}
}

func (r *reader) readExchange(e *ledger.Entry) {
	s := r.session(e.Proxy, e.Session)
	a := attempt{session: s, exchange: e.Exchange, digest: e.Digest}
	a.describe(e)
	r.waits.note(s, e, &a)
	if e.Exchange == 0 || s.proxy.grammar.greets[e.Verb] && s.exchanges == 0 {
		// What the connection came to is told when it is its turn.
		if a.outcome == failed && !s.failed {
			s.failed, s.failure = true, a
		}
		return
	}
	s.exchanges = max(s.exchanges, e.Exchange)
	s.proxy.stats.Exchanges++
	if a.outcome == failed {
		a.retryAfter = retryAfterOf(s.proxy.protocol, e)
	}
	r.identify(&a, e)
	r.emit(a)
}

// identify says which operation an attempt is of, and what it means to do that
// twice.
func (r *reader) identify(a *attempt, e *ledger.Entry) {
	s := a.session
	g := s.proxy.grammar
	a.number = r.kinds.number(s.proxy, e.Verb)
	if g.repeats[e.Verb] {
		a.effect = repeating
	}
	h := &r.hash
	h.Reset()
	maphash.WriteComparable(h, a.number)
	texts := false
	for _, attribute := range e.Attributes {
		h.WriteString(attribute.Name)
		switch v := attribute.Value.(type) {
		case string:
			h.WriteString(v)
			texts = true
		case int64:
			maphash.WriteComparable(h, v)
		}
	}
	if g.bytes || !texts {
		maphash.WriteComparable(h, e.Digest)
	}
	a.op = h.Sum64()

	// A transaction is what was said in it.
	ends := s.began != 0 && g.commit[e.Verb]
	switch {
	case g.begin[e.Verb]:
		s.began, s.said, s.repeats = a.at, a.op, false
	case ends:
		maphash.WriteComparable(h, s.said)
		a.op = h.Sum64()
		if a.start = s.began; s.repeats {
			a.effect = repeating
		}
	case s.began != 0 && !g.abort[e.Verb]:
		maphash.WriteComparable(h, s.said)
		s.said = h.Sum64()
		s.repeats = s.repeats || a.effect == repeating
		if len(g.commit) > 0 {
			a.effect = harmless // it takes effect, if at all, with the commit
		}
	}
	if ends || g.abort[e.Verb] {
		s.began = 0
	}
}
