package audit

import (
	"cmp"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien/ledger"
)

// Read reads the last run of the ledger at path, with its older files. Its
// memory is bounded, however long the ledger is. An error about what is written
// is an *option.Error with its place.
func Read(path string, o Options) (*Report, error) {
	r, err := Analyse(ledger.Lines(path), o)
	if r != nil {
		r.Ledger = path
	}
	return r, err
}

// Analyse reads the last run among entries.
func Analyse(entries iter.Seq2[ledger.Line, error], o Options) (*Report, error) {
	if o.Window <= 0 {
		o.Window = DefaultWindow
	}
	a, earlier := newAnalysis(o), 0
	for l, err := range entries {
		if err != nil {
			return nil, err
		}
		if l.Type == ledger.RunType && !l.Run.Continues && a.reader.entries > 0 {
			a = newAnalysis(o)
			earlier++
		}
		a.reader.read(&l.Entry)
	}
	r := a.report()
	r.Earlier = earlier
	return r, nil
}

// An analysis puts together what is found.
type analysis struct {
	options Options
	reader  *reader
	order   order
	tracker tracker
	dice    *rand.Rand

	requests, connects counts
	byKind             []Kind
	meter              *meter
	habits             map[habitKey]*habit
	doubles            Doubles
	clients            map[*proxy]*client
	chains             []*chain
	ends               map[*chain]ending
}

type habitKey struct {
	proxy      *proxy
	connection bool
}

// A client is what there is to know of a proxy's clients.
type client struct {
	healing healing
	pool    pool
	broken  int
}

func newAnalysis(o Options) *analysis {
	a := &analysis{
		options: o, meter: newMeter(), habits: make(map[habitKey]*habit), clients: make(map[*proxy]*client),
		ends: make(map[*chain]ending), dice: rand.New(rand.NewPCG(3, 4)), // the same ledger, the same report
	}
	a.order = order{most: mostWaiting, next: a.tracker.track}
	a.reader = newReader(a.order.add)
	a.tracker.options, a.tracker.sinks = o, a
	return a
}

func (an *analysis) client(p *proxy) *client {
	c := an.clients[p]
	if c == nil {
		c = new(client)
		an.clients[p] = c
	}
	return c
}

func (an *analysis) counts(connection bool) *counts {
	if connection {
		return &an.connects
	}
	return &an.requests
}

func (an *analysis) kind(number uint32) *Kind {
	for int(number) >= len(an.byKind) {
		k := an.reader.kinds.list[len(an.byKind)]
		an.byKind = append(an.byKind, Kind{Proxy: k.proxy.name, Verb: k.verb})
	}
	return &an.byKind[number]
}

// first implements sinks.
func (an *analysis) first(a *attempt) {
	an.seen(a)
	an.counts(a.connection).first(a)
	if k := an.kind(a.number); a.fails() {
		k.Failed++
	}
	if a.counts() {
		an.meter.note(a, false)
	}
}

// counts reports whether an attempt is part of the load. A connection that
// succeeds is there for its exchanges, unless it is all that is known.
func (a *attempt) counts() bool {
	return !a.connection || a.outcome == failed || a.session.proxy.protocol == "tcp"
}

// retried implements sinks.
func (an *analysis) retried(c *chain, a *attempt, gap int64) {
	an.seen(a)
	an.counts(a.connection).retried(c)
	an.kind(a.number).Retries++
	an.meter.note(a, true)
	before := &c.previous
	key := habitKey{c.proxy, a.connection}
	h := an.habits[key]
	if h == nil {
		h = newHabit(c.proxy, a.connection)
		an.habits[key] = h
	}
	h.note(c, before, gap)
	if gap < 0 {
		an.reader.waits.guess(before, a)
	}
	an.doubles.note(c, before, a)
}

// seen takes any attempt.
func (an *analysis) seen(a *attempt) {
	p := a.session.proxy
	an.kind(a.number).Attempts++
	c := an.client(p)
	c.healing.note(a)
	c.pool.note(a, an.dice)
	if a.breaks {
		c.broken++
	}
}

// over implements sinks.
func (an *analysis) over(c *chain, how ending) {
	an.counts(c.last.connection).over(c, how)
	k := an.kind(c.number)
	switch {
	case how == recovered:
		k.Recovered++
		h := &an.client(c.proxy).healing
		h.retried = max(h.retried, c.last.end)
		h.waited.add(milliseconds(c.last.end-c.attempts[0].at), an.dice)
	case how == abandoned && c.last.outcome == doubtful:
		if k.Failed--; c.count == 1 {
			return // it did not fail
		}
	case how == abandoned && c.count > 1:
		k.GaveUp++
	}
	an.keep(c, how)
}

// mostKept is how many chains a report shows: the longest, and of those that
// are as long the first.
const mostKept = 200

func (an *analysis) keep(c *chain, how ending) {
	an.chains = append(an.chains, c)
	an.ends[c] = how
	if len(an.chains) < 4*mostKept {
		return
	}
	an.trim()
}

// trim leaves the longest.
func (an *analysis) trim() {
	slices.SortStableFunc(an.chains, func(a, b *chain) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.attempts[0].at, b.attempts[0].at))
	})
	for _, c := range an.chains[min(len(an.chains), mostKept):] {
		delete(an.ends, c)
	}
	an.chains = slices.Clone(an.chains[:min(len(an.chains), mostKept)])
}

// report ends the analysis.
func (an *analysis) report() *Report {
	rd := an.reader
	an.order.flush()
	an.tracker.finish(rd.last)
	an.trim()
	r := &Report{
		Started: when(rd.first), Ended: when(rd.last), Window: milliseconds(int64(an.options.Window)), Entries: rd.entries, Lost: rd.lost,
		Late: an.order.late, Requests: an.requests.tally(), Connects: an.connects.tally(), Load: an.meter.load(),
		Doubles: an.doubles, Timeouts: rd.waits.timeouts(),
	}
	for _, p := range rd.order {
		name := p.name
		if p.protocol != "" {
			name += " (" + p.protocol + ")"
		}
		r.Proxies = append(r.Proxies, name)
		c := an.client(p)
		r.Conns = append(r.Conns, c.pool.connections(p.stats, c.broken))
		r.Conns[len(r.Conns)-1].Proxy = p.name
		if h := c.healing.recovery(p, rd.last); h != nil {
			r.Recovery = append(r.Recovery, *h)
		}
		for _, connection := range []bool{false, true} {
			h := an.habits[habitKey{p, connection}]
			if h == nil {
				continue
			}
			if b := h.backoff(); b != nil {
				r.Backoff = append(r.Backoff, *b)
			}
			r.Told = append(r.Told, h.told.list...)
		}
	}
	for _, k := range an.byKind {
		if k.Failed > 0 || k.Retries > 0 {
			r.ByKind = append(r.ByKind, k)
		}
	}
	slices.SortStableFunc(r.ByKind, func(a, b Kind) int {
		return cmp.Or(cmp.Compare(b.Failed, a.Failed), strings.Compare(a.Verb, b.Verb))
	})
	for _, c := range an.chains {
		r.Chains = append(r.Chains, c.chain(an.ends[c]))
	}
	r.Verdict = r.findings()
	return r
}
