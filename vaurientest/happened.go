package vaurientest

import (
	"strings"
	"testing"
)

// Fired returns on how many exchanges, or connections, that behavior has acted
// since the proxy was made, or since Forget. It counts one as soon as the
// behavior begins to act: before the client can tell.
func (p *Proxy) Fired(behavior string) int {
	p.tb.Helper()
	if err := p.checkName(behavior); err != nil {
		p.tb.Errorf("vaurientest: Fired: %s", oneLine(err))
	}
	return p.journal.fired(behavior)
}

// checkName says what is wrong with a behavior's name.
func (p *Proxy) checkName(behavior string) error {
	if p.journal.knows(behavior) {
		return nil
	}
	_, err := p.registry.Behavior(behavior, nil, "", nil)
	return err
}

// Exchanges returns what has become of the exchanges so far, in the order in
// which they arrived; of those for which a condition in the language of
// docs/conditions.md is true, if one is given. The last 10,000 are kept.
//
// An exchange whose reply the client has is over a moment later: Exchanges
// waits for those that are not, a second at most, but not for what a [Hold]
// holds. For more than that there is [Proxy.WaitExchanges].
func (p *Proxy) Exchanges(match ...string) []Exchange {
	p.tb.Helper()
	matches, err := p.matchingAll(match)
	if err != nil {
		p.tb.Errorf("vaurientest: Exchanges: %s", oneLine(err))
		return nil
	}
	p.settle()
	return p.journal.list(matches)
}

// WaitExchanges waits until n exchanges are over, of those for which match, if
// it is given, is true. It returns all of them that are over. When they do not
// come it fails the test at once, and says what there was.
func (p *Proxy) WaitExchanges(t testing.TB, n int, match ...string) []Exchange {
	t.Helper()
	matches, err := p.matchingAll(match)
	if err != nil {
		t.Fatalf("vaurientest: WaitExchanges: %s", oneLine(err))
	}
	over := func(x *Exchange) bool { return x.Over() && matches(x) }
	if !p.wait(t, func() bool { return p.journal.count(over) >= n }) {
		t.Fatalf("vaurientest: waiting for %d exchanges%s: %d are over\n%s", n, about(match), p.journal.count(over), p.summary())
	}
	return p.journal.list(over)
}

// Forget forgets what has happened so far: Fired counts from 0, and the list of
// Exchanges is empty. What is under way is forgotten too.
func (p *Proxy) Forget() { p.journal.forget() }

func (p *Proxy) matchingAll(texts []string) (func(*Exchange) bool, error) {
	matches := func(*Exchange) bool { return true }
	for _, text := range texts {
		m, err := p.matching(text)
		if err != nil {
			return nil, err
		}
		before := matches
		matches = func(x *Exchange) bool { return before(x) && m(x) }
	}
	return matches, nil
}

// about says in a message what a condition is about.
func about(match []string) string {
	text := strings.Join(match, " and ")
	if text == "" {
		return ""
	}
	return " with " + text
}
