package control

import (
	"maps"
	"reflect"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// kinds finds the declarations of options by the name of what they belong to.
type kinds struct {
	behaviors map[string]vaurien.Kind
	protocols map[string]vaurien.ProtocolKind
}

func kindsOf(reg *vaurien.Registry) kinds {
	k := kinds{make(map[string]vaurien.Kind), make(map[string]vaurien.ProtocolKind)}
	for _, b := range reg.Behaviors() {
		k.behaviors[b.Name] = b
	}
	for _, p := range reg.Protocols() {
		k.protocols[p.Name] = p
	}
	return k
}

// behavior returns every option of a behavior as it is once values, which are
// known to be right, are assigned; of those that all behaviors have only the
// ones that differ from their defaults.
func (k kinds) behavior(name string, values option.Values) map[string]string {
	var set option.Set
	k.behaviors[name].New(&set)
	return resolved(&set, values)
}

func (k kinds) protocol(name string, values option.Values) map[string]string {
	var set option.Set
	k.protocols[name].New(&set)
	return resolved(&set, values)
}

func resolved(set *option.Set, values option.Values) map[string]string {
	set.Assign(values)
	out := make(map[string]string, len(set.Options()))
	for _, o := range set.Options() {
		if !o.Common || o.Value() != o.Default {
			out[o.Name] = o.Value()
		}
	}
	return out
}

// compile makes a plan to run and to show, for the proxy that is built as b.
func (d *Daemon) compile(draw spec.Plan, b *built) (*compiled, error) {
	if err := draw.Check(PlaceOf(draw)); err != nil {
		return nil, err
	}
	plan, err := d.words().registry.Compile(draw, b.spec.Behaviors, b.config.Protocol)
	if err != nil {
		return nil, err
	}
	return d.show(draw, plan, b.spec.Behaviors), nil
}

func (d *Daemon) show(draw spec.Plan, plan *vaurien.Plan, behaviors map[string]option.Values) *compiled {
	c := &compiled{draw: draw.Clone(), plan: plan, entries: make([]PlanEntry, 0, len(draw.Entries))}
	for _, e := range draw.Entries {
		c.entries = append(c.entries, PlanEntry{
			Weight:  e.Weight,
			Name:    e.Name,
			Options: d.words().kinds.behavior(e.Name, behaviors[e.Name].Merge(e.Options)),
		})
	}
	return c
}

// same says whether two plans do the same, wherever they were written.
func (c *compiled) same(other *compiled) bool {
	return reflect.DeepEqual(c.entries, other.entries)
}

// build checks a configuration and makes of it what can be made without an
// address to listen on.
func (d *Daemon) build(p spec.Proxy) (*built, error) {
	p = p.Clone()
	if p.Name == "" {
		p.Name = spec.DefaultProxy
	}
	if err := spec.CheckName(p.Name); err != nil {
		return nil, &option.Error{Place: p.Place, Problem: err.Error()}
	}
	if err := p.Plan.Check(PlaceOf(p.Plan)); err != nil {
		return nil, err
	}
	p = d.words().registry.Normal(p)
	cfg, err := d.words().registry.Build(p)
	if err != nil {
		return nil, err
	}
	cfg.Name = p.Name
	cfg.Loops = d.options.Loops
	cfg.Logger, cfg.Observer, cfg.Clock, cfg.Dial = d.options.Logger, d.options.Observer, d.options.Clock, d.options.Dial
	b := &built{
		spec:    p,
		config:  cfg,
		plan:    d.show(p.Plan, cfg.Plan.With(), p.Behaviors),
		toxics:  d.showToxics(p.Toxics, cfg.Plan.Toxics(), p.Behaviors),
		options: make(map[string]map[string]string),
	}
	for name, values := range p.Behaviors {
		b.options["behavior "+name] = d.words().kinds.behavior(name, values)
	}
	protocol := cfg.Settings.Protocol
	b.options["protocol "+protocol] = d.words().kinds.protocol(protocol, p.Protocols[protocol])
	return b, nil
}

// same says whether two configurations differ in nothing but their plans and
// the places where they were written.
func (b *built) same(other *built) bool {
	return b.config.Settings == other.config.Settings && sameToxics(b.toxics, other.toxics) &&
		maps.EqualFunc(b.options, other.options, maps.Equal[map[string]string, map[string]string])
}

// speaksAs reports whether what is compiled for b is right for other too.
func (b *built) speaksAs(other *built) bool {
	return b == other || b.config.Settings.Protocol == other.config.Settings.Protocol &&
		maps.EqualFunc(b.options, other.options, maps.Equal[map[string]string, map[string]string])
}

// needsNew says whether going from b to other takes a new proxy, and with it
// new connections: that is so for its address, its protocol and its dice, and when
// it is enabled or no longer.
func (b *built) needsNew(other *built) bool {
	s, o := b.config.Settings, other.config.Settings
	protocol := "protocol " + s.Protocol
	return s.Proxy != o.Proxy || s.Enabled != o.Enabled || s.Backlog != o.Backlog ||
		s.Protocol != o.Protocol || !maps.Equal(b.options[protocol], other.options[protocol]) ||
		drawOf(&s) != drawOf(&o) ||
		o.Seed != "" && b.config.Seed != other.config.Seed
}
