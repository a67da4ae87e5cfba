package ledger

import (
	"slices"
	"strings"
)

// A Filter chooses entries. What is empty chooses all. What only exchanges have
// lets entries of other types pass that say what the exchanges mean: only Types
// keeps them out.
type Filter struct {
	Types     []Type
	Proxies   []string
	Sessions  []uint64
	Verbs     []string
	Behaviors []string // one of those that were chosen
	Fates     []Fate   // of exchanges that are over
	Touched   bool     // only exchanges that a behavior was chosen for or did something to
}

// Match reports whether the filter chooses e. Losses always match.
func (f *Filter) Match(e *Entry) bool {
	if e.Type == LostType {
		return true
	}
	if len(f.Types) > 0 && !slices.Contains(f.Types, e.Type) ||
		len(f.Proxies) > 0 && e.Proxy != "" && !slices.Contains(f.Proxies, e.Proxy) ||
		len(f.Sessions) > 0 && e.Session != 0 && !slices.Contains(f.Sessions, e.Session) {
		return false
	}
	if e.Type != ExchangeType && e.Type != BegunType {
		return true
	}
	return (len(f.Verbs) == 0 || slices.ContainsFunc(f.Verbs, e.asks)) &&
		(len(f.Behaviors) == 0 || slices.ContainsFunc(f.Behaviors, e.chose)) &&
		(len(f.Fates) == 0 || e.Type == BegunType || slices.Contains(f.Fates, e.Fate)) &&
		(!f.Touched || e.Touched())
}

// Touched reports whether a behavior was chosen for the exchange, or did
// something to it.
func (e *Entry) Touched() bool { return e.Behavior != "" || len(e.Deeds) > 0 }

// chose reports whether the behavior of that name is among those chosen for the
// exchange, which a plus joins.
func (e *Entry) chose(behavior string) bool {
	for name := range strings.SplitSeq(e.Behavior, "+") {
		if name == behavior {
			return true
		}
	}
	return false
}

// asks reports whether the exchange's verb is this, in capitals or not.
func (e *Entry) asks(verb string) bool { return strings.EqualFold(e.Verb, verb) }
