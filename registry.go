package vaurien

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A Registry holds the kinds of behaviors and protocols that can be named. It
// is made once and then only read.
type Registry struct {
	behaviors map[string]Kind
	protocols map[string]ProtocolKind
}

// NewRegistry returns a registry of these kinds. It panics if two of them have
// one name, for that is an error in the program.
func NewRegistry(behaviors []Kind, protocols []ProtocolKind) *Registry {
	r := &Registry{make(map[string]Kind), make(map[string]ProtocolKind)}
	for _, k := range behaviors {
		if _, twice := r.behaviors[k.Name]; twice {
			panic("vaurien: behavior " + k.Name + " registered twice")
		}
		r.behaviors[k.Name] = k
	}
	for _, k := range protocols {
		if _, twice := r.protocols[k.Name]; twice {
			panic("vaurien: protocol " + k.Name + " registered twice")
		}
		r.protocols[k.Name] = k
	}
	return r
}

// Behaviors returns the kinds of behaviors, sorted by name.
func (r *Registry) Behaviors() []Kind { return sortedKinds(r.behaviors) }

// Protocols returns the kinds of protocols, sorted by name.
func (r *Registry) Protocols() []ProtocolKind { return sortedKinds(r.protocols) }

func sortedKinds[K any](m map[string]K) []K {
	out := make([]K, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[name])
	}
	return out
}

// unknown is the error for a name that is not in m.
func unknown[K any](what, name, place string, m map[string]K) error {
	known := slices.Sorted(maps.Keys(m))
	return &option.Error{Place: place, Problem: fmt.Sprintf("unknown %s %q%s known: %s",
		what, name, cmp.Or(option.DidYouMean(name, known), ";"), strings.Join(known, ", "))}
}

// Behavior makes a behavior of the kind name with these options, for proxies
// of the protocol p; with p nil, the options are checked as far as they can be
// without one, and the behavior does nothing. Errors are *option.Error; one
// about the name itself bears place.
func (r *Registry) Behavior(name string, options option.Values, place string, p Protocol) (Behavior, error) {
	k, ok := r.behaviors[r.kindName(name)]
	if !ok {
		return nil, unknown("behavior", name, place, r.behaviors)
	}
	var set option.Set
	make := k.New(&set)
	if err := set.Assign(options); err != nil {
		return nil, inSection("behavior "+name, err)
	}
	if p == nil {
		return Chain(), nil
	}
	b, err := make(p)
	if err != nil {
		var oe *option.Error
		if !errors.As(err, &oe) {
			oe = &option.Error{Place: place, Problem: err.Error()}
		} else if oe.Place == "" {
			oe.Place = options[oe.Name].Place
		}
		return nil, inSection("behavior "+name, oe)
	}
	return b, nil
}

// Protocol makes a protocol of the kind name with these options.
func (r *Registry) Protocol(name string, options option.Values, place string) (Protocol, error) {
	k, ok := r.protocols[name]
	if !ok {
		return nil, unknown("protocol", name, place, r.protocols)
	}
	var set option.Set
	make := k.New(&set)
	if err := set.Assign(options); err != nil {
		return nil, inSection("protocol "+name, err)
	}
	return make(), nil
}

// inSection says in each error that has no place whose option it is about.
func inSection(section string, err error) error {
	for _, e := range option.Errors(err) {
		if e.Place == "" {
			e.Place = section
		}
	}
	return err
}

// Compile makes a plan to run of a draw. behaviors has the options of each
// behavior by name; an entry's own options go over them. All of behaviors is
// checked, drawn or not, since a later draw may need it. The plan is for
// proxies of the protocol p.
func (r *Registry) Compile(draw spec.Plan, behaviors map[string]option.Values, p Protocol) (*Plan, error) {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(behaviors)) {
		_, err := r.Behavior(name, behaviors[name], firstPlace(behaviors[name]), p)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := draw.Check(""); err != nil {
		return nil, err
	}
	choices := make([]Choice, 0, len(draw.Entries))
	for _, e := range draw.Entries {
		b, err := r.Behavior(e.Name, behaviors[e.Name].Merge(e.Options), e.Place, p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		choices = append(choices, Choice{Weight: e.Weight, Name: e.Name, Behavior: b})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return NewPlan(OneOf(choices...)), nil
}

func firstPlace(v option.Values) string {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		return v[name].Place
	}
	return ""
}
