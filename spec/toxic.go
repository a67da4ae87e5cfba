package spec

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vaurien-proxy/vaurien/option"
)

// A Toxic is a behavior that is drawn once for each connection and acts on all
// of it, beside what the draw decides.
type Toxic struct {
	Name     string        // unique among a proxy's; empty: BEHAVIOR_DIRECTION
	Behavior string        // its kind
	Percent  float64       // of the connections
	Options  option.Values // over those that the proxy has for the kind
	For      time.Duration // how long it stays, in a running proxy; 0: until it is changed
	Place    string        // where it was written
}

// Clone returns a copy that shares nothing with t.
func (t Toxic) Clone() Toxic {
	t.Options = t.Options.Clone()
	return t
}

// CloneToxics returns a copy of list that shares nothing with it. It is nil if
// list is.
func CloneToxics(list []Toxic) []Toxic {
	out := slices.Clone(list)
	for i := range out {
		out[i] = out[i].Clone()
	}
	return out
}

// MaxToxics is the most toxics of a proxy: more than anybody can mean.
const MaxToxics = 1000

// CheckToxics says whether toxics can stand side by side: with names, no two
// alike, and percentages from 0 to 100. Errors are *option.Error.
func CheckToxics(list []Toxic) []error {
	if len(list) > MaxToxics {
		return []error{&option.Error{Place: list[MaxToxics].Place, Problem: fmt.Sprintf("a proxy has at most %d toxics", MaxToxics)}}
	}
	var errs []error
	seen := make(map[string]bool)
	for _, t := range list {
		fail := func(format string, args ...any) {
			errs = append(errs, &option.Error{Place: t.Place, Problem: fmt.Sprintf(format, args...)})
		}
		switch {
		case !isToxicName(t.Name):
			fail("%.100q is not a name for a toxic: write 1 to 100 characters that can be seen", t.Name)
		case seen[t.Name]:
			fail("there are two toxics named %s: give each a name of its own", t.Name)
		case !(t.Percent >= 0 && t.Percent <= 100):
			fail("toxic %s: %v: a percentage is from 0 to 100", t.Name, t.Percent)
		}
		seen[t.Name] = true
	}
	return errs
}

// isToxicName says whether name can stand in a URL's path, once escaped, and on
// a line of a log.
func isToxicName(name string) bool {
	return name != "" && len(name) <= 100 && name != "." && name != ".." && utf8.ValidString(name) &&
		strings.IndexFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }) < 0
}

// behaviorSet finds a behavior's options by its name, however its words are
// joined.
func behaviorSet(sets map[string]*option.Set, name string) *option.Set {
	if set := sets[name]; set != nil {
		return set
	}
	for n, set := range sets {
		if option.Canonical(n) == option.Canonical(name) {
			return set
		}
	}
	return nil
}
