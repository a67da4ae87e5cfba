package vaurien

import (
	"errors"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// Toxics returns the plan's toxics.
func (p *Plan) Toxics() []Toxic { return p.toxics }

// With returns a plan of p's behavior, with these toxics in the place of p's.
func (p *Plan) With(toxics ...Toxic) *Plan {
	if len(toxics)+len(p.toxics) == 0 {
		return p
	}
	return NewPlan(p.root, toxics...)
}

// Toxics makes toxics to run, for proxies of the protocol p. behaviors has the
// options of each behavior by name; a toxic's own go over them.
func (r *Registry) Toxics(list []spec.Toxic, behaviors map[string]option.Values, p Protocol) ([]Toxic, error) {
	errs := spec.CheckToxics(list)
	var out []Toxic
	for _, t := range list {
		b, err := r.Behavior(t.Behavior, behaviors[t.Behavior].Merge(t.Options), t.Place, p)
		errs = append(errs, err)
		out = append(out, Toxic{Name: t.Name, Percent: t.Percent, Behavior: b})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

// kindName returns the name of the behavior that name means: slow-close is
// slow_close. A name that there is not is returned as it is.
func (r *Registry) kindName(name string) string {
	if _, ok := r.behaviors[name]; ok {
		return name
	}
	for known := range r.behaviors {
		if option.Canonical(known) == option.Canonical(name) {
			return known
		}
	}
	return name
}

// Normal returns p with the behaviors called by their own names, and a name for
// each toxic that has none: BEHAVIOR_DIRECTION, or BEHAVIOR where it has no
// direction.
func (r *Registry) Normal(p spec.Proxy) spec.Proxy {
	p = p.Clone()
	p.Plan = r.NormalPlan(p.Plan)
	for name, options := range p.Behaviors {
		if known := r.kindName(name); known != name {
			delete(p.Behaviors, name)
			p.Behaviors[known] = p.Behaviors[known].Merge(options)
		}
	}
	p.Toxics = r.NormalToxics(p.Toxics, p.Behaviors)
	return p
}

// NormalPlan is Normal for a plan alone.
func (r *Registry) NormalPlan(plan spec.Plan) spec.Plan {
	plan = plan.Clone()
	for i := range plan.Entries {
		plan.Entries[i].Name = r.kindName(plan.Entries[i].Name)
	}
	return plan
}

// NormalToxics is Normal for toxics alone, of a proxy that has these options
// for behaviors.
func (r *Registry) NormalToxics(list []spec.Toxic, behaviors map[string]option.Values) []spec.Toxic {
	list = spec.CloneToxics(list)
	for i := range list {
		t := &list[i]
		t.Behavior = r.kindName(t.Behavior)
		if t.Name != "" {
			continue
		}
		t.Name = t.Behavior
		if d := r.direction(t.Behavior, behaviors[t.Behavior].Merge(t.Options)); d != "" {
			t.Name += "_" + d
		}
	}
	return list
}

// direction returns the direction in which a behavior acts; empty if it has
// none.
func (r *Registry) direction(behavior string, options option.Values) string {
	k, ok := r.behaviors[behavior]
	if !ok {
		return ""
	}
	var set option.Set
	k.New(&set)
	o := set.Lookup("direction")
	if o == nil {
		return ""
	}
	for name, v := range options {
		if option.Canonical(name) == o.Name {
			return v.Text
		}
	}
	return o.Value()
}
