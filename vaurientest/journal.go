package vaurientest

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/vaurien-proxy/vaurien"
)

const (
	// mostExchanges is how many exchanges are kept.
	mostExchanges = 10_000

	// keptValue is how many bytes of an attribute are kept.
	keptValue = 4 << 10
)

// A journal keeps what becomes of exchanges. It is the proxy's Recorder.
type journal struct {
	names  []string         // of the attributes that it asks for
	framed bool             // exchanges are told apart
	ended  func(exchangeID) // told of each exchange that is over

	mu        sync.Mutex
	changed   chan struct{} // closed, and made anew, when anything changes
	exchanges []*Exchange   // in the order in which they were told
	open      map[exchangeID]*Exchange
	over      uint64 // exchanges that are, since the proxy was made
	faults    map[string]int
	known     map[string]bool // names of behaviors that the registry does not know
}

// An exchangeID names an exchange in its proxy.
type exchangeID struct{ session, number uint64 }

var _ vaurien.Recorder = (*journal)(nil)

func newJournal(p vaurien.Protocol) *journal {
	j := &journal{
		changed: make(chan struct{}), open: make(map[exchangeID]*Exchange),
		faults: make(map[string]int), known: make(map[string]bool),
	}
	_, stream := p.(vaurien.TCP)
	j.framed = !stream
	for _, a := range attributesOf(p) {
		switch a.Name {
		case "verb", "session", "exchange": // a Record has them anyhow
		default:
			j.names = append(j.names, a.Name)
		}
	}
	return j
}

// SessionStart implements vaurien.Observer.
func (j *journal) SessionStart(*vaurien.Session) {}

// SessionEnd implements vaurien.Observer.
func (j *journal) SessionEnd(*vaurien.Session) {}

// Message implements vaurien.Observer.
func (j *journal) Message(*vaurien.Session, bool) {}

// Fault implements vaurien.Observer.
func (j *journal) Fault(_ *vaurien.Session, behavior string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for name := range strings.SplitSeq(behavior, "+") {
		j.faults[name]++
	}
	j.tell()
}

// Attributes implements vaurien.Recorder.
func (j *journal) Attributes(string) []string { return j.names }

// Record implements vaurien.Recorder.
func (j *journal) Record(r *vaurien.Record) {
	id := exchangeID{r.Session.Number(), r.Exchange}
	if j.framed && id.number == 0 && len(r.Deeds) == 0 {
		return // its exchanges are told apart, and nothing was done to it beside them
	}
	j.keep(id, r)
	if j.ended != nil && !r.Ended.IsZero() {
		j.ended(id)
	}
}

// keep notes a Record.
func (j *journal) keep(id exchangeID, r *vaurien.Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x := j.open[id]
	if x == nil {
		x = &Exchange{Session: id.session, Number: id.number, names: j.names}
		j.exchanges = append(j.exchanges, x)
		if len(j.exchanges) > 2*mostExchanges {
			j.exchanges = slices.Delete(j.exchanges, 0, mostExchanges)
		}
		j.open[id] = x
	}
	x.Verb, x.Deeds = r.Verb, slices.Clone(r.Deeds)
	x.Behavior, x.hold = plansOwn(r.Behavior)
	x.Arrived, x.Forwarded, x.Replied, x.Ended, x.Answered = r.Arrived, r.Forwarded, r.Replied, r.Ended, r.Answered
	x.values = copied(x.values, r.Values)
	if x.Over() {
		delete(j.open, id)
		if id.number > 0 {
			j.over++
		}
	}
	j.tell()
}

// copied copies what is kept of the values of attributes.
func copied(to, values []any) []any {
	to = append(to[:0], values...)
	for i, v := range to {
		if text, ok := v.(string); ok && len(text) > keptValue {
			to[i] = strings.Clone(text[:keptValue])
		}
	}
	return to
}

// plansOwn returns what a name says of the plan, and whether it says that a Hold
// has chosen the exchange: the barrier is no part of the plan.
func plansOwn(name string) (own string, hold bool) {
	if name == "" {
		return "", false
	}
	all := strings.Split(name, "+")
	others := slices.DeleteFunc(slices.Clone(all), func(n string) bool { return n == barrierName })
	return strings.Join(others, "+"), len(others) < len(all)
}

// tell wakes, with mu held, those who wait for a change.
func (j *journal) tell() {
	close(j.changed)
	j.changed = make(chan struct{})
}

// touch is tell for changes that are not the journal's own.
func (j *journal) touch() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.tell()
}

// news returns a channel that is closed at the next change.
func (j *journal) news() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.changed
}

func (j *journal) overSoFar() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.over
}

func (j *journal) fired(behavior string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.faults[behavior]
}

// count counts the exchanges that match.
func (j *journal) count(match func(*Exchange) bool) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, x := range j.exchanges {
		if match(x) {
			n++
		}
	}
	return n
}

// list returns the exchanges that match, in the order in which they arrived.
func (j *journal) list(match func(*Exchange) bool) []Exchange {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []Exchange
	for _, x := range j.exchanges {
		if match(x) {
			x := *x
			x.values, x.Deeds = slices.Clone(x.values), slices.Clone(x.Deeds)
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(a, b Exchange) int {
		return cmp.Or(a.Arrived.Compare(b.Arrived), cmp.Compare(a.Session, b.Session), cmp.Compare(a.Number, b.Number))
	})
	return all
}

func (j *journal) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.exchanges = nil
	clear(j.faults)
}

func (j *journal) know(behavior string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.known[behavior] = true
}

func (j *journal) knows(behavior string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.known[behavior]
}
