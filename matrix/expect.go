package matrix

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// What may be expected of a command.
const (
	Survive = "survive" // it succeeds
	Fail    = "fail"    // it ends, and does not succeed
	Any     = "any"     // nothing
)

// An Expectation is what is expected of the runs of a failure. The zero
// Expectation expects nothing.
type Expectation struct {
	Result      string         // Survive, Fail or Any; empty is Any
	Status      *int           // the exit status; nil: any that goes with Result
	MaxSlowdown float64        // how many times the time without a failure; 0: any
	Output      *regexp.Regexp // what the output must match; nil: anything
	Place       string         // where it was written
}

// A Rule is an expectation of the failures whose names match.
type Rule struct {
	Pattern string // as path.Match takes it: db/*, */hang, or error:* for every backend
	Expectation
}

// Matches reports whether the rule is about c.
func (r Rule) Matches(c Case) bool { return matches(r.Pattern, c) }

// matches reports whether pattern is of c: of its ID, or, where it has no
// slash, of its failure's name or its proxy's.
func matches(pattern string, c Case) bool {
	if strings.Contains(pattern, "/") {
		ok, _ := path.Match(pattern, c.ID())
		return ok
	}
	name, _ := path.Match(pattern, c.Name)
	proxy, _ := path.Match(pattern, c.Proxy)
	return name || proxy
}

// checkPattern says whether matches understands pattern.
func checkPattern(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
		return fmt.Errorf("%q is not a pattern: write a name, or one with * for anything, as in db/* or error:*", pattern)
	}
	return nil
}

// Expectation returns what is expected of c: what its failure says, or else the
// first rule that is about it, or else what the settings say.
func (m *Matrix) Expectation(c Case) Expectation {
	if c.Expect != nil {
		return *c.Expect
	}
	for _, r := range m.Rules {
		if r.Matches(c) {
			return r.Expectation
		}
	}
	e := Expectation{Result: m.Settings.Expect}
	if e.Result == Survive {
		e.MaxSlowdown = m.Settings.MaxSlowdown
	}
	return e
}

// IsAny reports whether nothing is expected.
func (e Expectation) IsAny() bool {
	return (e.Result == Any || e.Result == "") && e.Status == nil && e.MaxSlowdown == 0 && e.Output == nil
}

// String says what is expected.
func (e Expectation) String() string {
	result := e.Result
	if result == "" {
		result = Any
	}
	parts := []string{result}
	if e.Status != nil {
		parts = append(parts, fmt.Sprintf("status %d", *e.Status))
	}
	if e.MaxSlowdown > 0 {
		parts = append(parts, fmt.Sprintf("at most %g times as long", e.MaxSlowdown))
	}
	if e.Output != nil {
		parts = append(parts, fmt.Sprintf("output matching %s", e.Output))
	}
	return strings.Join(parts, ", ")
}

// unexpected says of an expectation that a run's end alone breaks it.
const unexpected = "not as expected"

// broken says why what came of a run is not what was expected; empty if it is.
func (e Expectation) broken(r *Run) string {
	wrong := r.TimedOut && !e.IsAny() ||
		e.Result == Survive && !r.survived() ||
		e.Result == Fail && r.survived() ||
		e.Status != nil && r.Status != *e.Status
	switch {
	case wrong:
		return unexpected
	case e.Output != nil && !r.outputMatches:
		return "its output does not match " + e.Output.String()
	}
	return ""
}
