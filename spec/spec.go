// Package spec is plain data: what a user asked for, before anything is made
// of it. A Proxy here is text with places, as read from flags, the
// environment, a file or the HTTP API; package vaurien makes running things of
// it and package builtin knows which behaviors and protocols there are.
package spec

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vaurien-proxy/vaurien/option"
)

// DefaultProxy is the name of the proxy that the command line's flags
// describe, and the one that the control routes without a name speak of.
const DefaultProxy = "default"

// A Proxy is everything that a user may say of one proxy.
type Proxy struct {
	Name     string
	Place    string        // where it was described; may be empty
	Settings option.Values // addresses, protocol, seed …: what vaurien.ProxySettings declares

	Plan      Plan                     // the draw
	Toxics    []Toxic                  // what acts beside it on whole connections; nil says nothing, empty says none
	Behaviors map[string]option.Values // options of behaviors by name, for every entry and every later draw
	Protocols map[string]option.Values // options of protocols by name
}

// Clone returns a copy that shares nothing with p.
func (p Proxy) Clone() Proxy {
	p.Settings = p.Settings.Clone()
	p.Plan = p.Plan.Clone()
	p.Toxics = CloneToxics(p.Toxics)
	p.Behaviors = cloneOptions(p.Behaviors)
	p.Protocols = cloneOptions(p.Protocols)
	return p
}

func cloneOptions(m map[string]option.Values) map[string]option.Values {
	out := make(map[string]option.Values, len(m))
	for k, v := range m {
		out[k] = v.Clone()
	}
	return out
}

// A Plan is a draw: weighted behaviors of which one is chosen for each
// exchange. What the weights leave of 100 goes to dummy. The zero Plan leaves
// all traffic untouched.
type Plan struct {
	Entries []Entry
}

// An Entry is one behavior of a draw.
type Entry struct {
	Weight  float64       // percent
	Name    string        // the behavior
	Options option.Values // its own, over those that the proxy has for the name
	Place   string        // where it was written
}

// Clone returns a copy that shares nothing with p.
func (p Plan) Clone() Plan {
	p.Entries = slices.Clone(p.Entries)
	for i := range p.Entries {
		p.Entries[i].Options = p.Entries[i].Options.Clone()
	}
	return p
}

// Draw returns the plan as a draw is written: 20:delay,10:error. The empty
// plan is 100:dummy.
func (p Plan) Draw() string {
	if len(p.Entries) == 0 {
		return "100:dummy"
	}
	parts := make([]string, len(p.Entries))
	for i, e := range p.Entries {
		parts[i] = strconv.FormatFloat(e.Weight, 'f', -1, 64) + ":" + e.Name
	}
	return strings.Join(parts, ",")
}

// Single returns the plan that meets every exchange with the one behavior
// name.
func Single(name string, options option.Values, place string) Plan {
	return Plan{Entries: []Entry{{Weight: 100, Name: name, Options: options, Place: place}}}
}

// ParseDraw reads a draw such as 20:delay,10:error. A bare name stands for
// 100:name. Errors are *option.Error and name place.
func ParseDraw(text, place string) (Plan, error) {
	fail := func(format string, args ...any) (Plan, error) {
		return Plan{}, &option.Error{Place: place, Problem: fmt.Sprintf(format, args...)}
	}
	var plan Plan
	if strings.TrimSpace(text) == "" {
		return fail("the draw is empty: write PERCENT:BEHAVIOR, as in 20:delay, or 100:dummy for none")
	}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		weight, name, found := strings.Cut(part, ":")
		e := Entry{Weight: 100, Name: strings.TrimSpace(part), Place: place}
		if found {
			w, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(weight), "%"), 64)
			if err != nil || math.IsNaN(w) {
				return fail("%q: %q is not a percentage: write PERCENT:BEHAVIOR, as in 20:delay", part, weight)
			}
			e.Weight, e.Name = w, strings.TrimSpace(name)
		}
		if e.Name == "" {
			return fail("%q names no behavior: write PERCENT:BEHAVIOR, as in 20:delay", part)
		}
		plan.Entries = append(plan.Entries, e)
	}
	return plan, plan.Check(place)
}

// Check says whether the weights make a draw: each from 0 to 100, and no more
// than 100 together.
func (p Plan) Check(place string) error {
	total := 0.0
	for _, e := range p.Entries {
		if !(e.Weight >= 0 && e.Weight <= 100) {
			return &option.Error{Place: place, Problem: fmt.Sprintf(
				"%v:%s: a percentage is from 0 to 100", e.Weight, e.Name)}
		}
		total += e.Weight
	}
	if total > 100+1e-9 { // decimals such as 33.3+33.3+33.4 may miss 100 by a rounding
		return &option.Error{Place: place, Problem: fmt.Sprintf(
			"%s: the percentages come to %v: together they may not pass 100", p.Draw(), total)}
	}
	return nil
}
