package control

import (
	"math"
	"slices"
	"time"

	"github.com/vaurien-proxy/vaurien/spec"
)

// A layer lies over a proxy's own configuration, and over the layers beneath
// it, until it is taken away: then what is beneath is in force again, as it was.
// It is never changed, only replaced by another of the same id.
//
// What somebody changes by hand is changed beneath, and taken out of the layers:
// the last word is theirs.
//
// The last one made lies on top.
type layer struct {
	id      uint64
	owner   owner
	plan    *layerPlan   // nil: it leaves the plan alone
	toxics  []spec.Toxic // beside those beneath; one of the same name is in its place
	only    bool         // toxics are all there are
	backend *string
	enabled *bool
	until   time.Time // of a timed one
}

// An owner is who takes a layer away.
type owner int

const (
	timed   owner = iota // its time, for it is a change for a time
	staged               // a scenario, of which it is a step
	stopped              // whoever has stopped all chaos
)

// A layerPlan is a layer's plan.
type layerPlan struct {
	draw  spec.Plan
	share func() float64 // of the weights; nil: all

	// What it was compiled to, and of what.
	made  *compiled
	words *words
	of    *built
}

// empty reports whether a layer does nothing.
func (l *layer) empty() bool {
	return l.plan == nil && l.toxics == nil && !l.only && l.backend == nil && l.enabled == nil
}

// root returns the proxy's own configuration: b without its layers.
func (b *built) root() *built {
	if b.under != nil {
		return b.under
	}
	return b
}

// lay returns root with layers over it. from is what is in force now: toxics
// that are there already go on.
func (d *Daemon) lay(root *built, layers []layer, from *built) (*built, error) {
	layers = slices.DeleteFunc(slices.Clone(layers), func(l layer) bool { return l.owner != staged && l.empty() })
	if len(layers) == 0 {
		return root, nil
	}
	b := root.copy()
	b.under, b.layers = root, layers
	s := &b.config.Settings
	list, until := b.spec.Toxics, make(map[string]time.Time)
	for i := range layers {
		l := &layers[i]
		if l.only {
			list = nil
			clear(until)
		}
		for _, t := range l.toxics {
			list = putToxic(list, t)
			until[t.Name] = l.until
		}
		if l.backend != nil {
			s.Backend = *l.backend
		}
		if l.enabled != nil {
			s.Enabled = *l.enabled
		}
		if l.plan != nil {
			var err error
			if l.plan, err = d.compileLayer(l.plan, root); err != nil {
				return nil, err
			}
			b.held = l.plan.made
		}
	}
	b.toxics = slices.Concat(root.toxics, from.toxics) // to be kept, if they are the same
	toxics, err := d.compileToxics(list, b)
	if err != nil {
		return nil, err
	}
	b.spec.Toxics, b.toxics = list, toxics
	for i := range b.toxics {
		b.toxics[i].until = until[b.toxics[i].show.Name]
	}
	return b, nil
}

// compileLayer returns a layer's plan as it runs over root. It stays what it is,
// with what its behaviors remember, unless what it is made of has changed.
func (d *Daemon) compileLayer(p *layerPlan, root *built) (*layerPlan, error) {
	words := d.words()
	if p.made != nil && p.words == words && p.of.speaksAs(root) {
		return p, nil
	}
	made, err := d.compile(words.registry.NormalPlan(p.draw), root)
	if err != nil {
		return nil, err
	}
	if p.share != nil {
		made.plan, made.share = made.plan.Shared(p.share), p.share
	}
	return &layerPlan{p.draw, p.share, made, words, root}, nil
}

// putToxic returns list with t in the place of the one of its name, or after
// the others.
func putToxic(list []spec.Toxic, t spec.Toxic) []spec.Toxic {
	list = slices.Clone(list)
	if i := indexToxic(list, t.Name); i >= 0 {
		list[i] = t
		return list
	}
	return append(list, t)
}

func withoutToxic(list []spec.Toxic, name string) []spec.Toxic {
	return slices.DeleteFunc(slices.Clone(list), func(t spec.Toxic) bool { return t.Name == name })
}

func indexToxic(list []spec.Toxic, name string) int {
	return slices.IndexFunc(list, func(t spec.Toxic) bool { return t.Name == name })
}

// byHand returns layers without what somebody has changed by hand since: out
// takes it out of each.
func byHand(layers []layer, out func(l *layer)) []layer {
	layers = slices.Clone(layers)
	for i := range layers {
		out(&layers[i])
		if len(layers[i].toxics) == 0 {
			layers[i].toxics = nil
		}
	}
	return layers
}

// take puts a toxic that was changed by hand where the layer would hide it, and
// leaves it to what is beneath otherwise.
func (l *layer) take(t spec.Toxic) {
	if l.only {
		l.toxics = putToxic(l.toxics, t)
	} else {
		l.toxics = withoutToxic(l.toxics, t.Name)
	}
}

// isStopped reports whether a layer holds off all chaos.
func (b *built) isStopped() bool {
	return slices.ContainsFunc(b.layers, func(l layer) bool { return l.owner == stopped })
}

// withoutPlans returns b with no plan of a layer in force.
func (b *built) withoutPlans() *built {
	if b.held == nil {
		return b
	}
	to := b.copy()
	to.layers = byHand(b.layers, func(l *layer) { l.plan = nil })
	to.held = nil
	return to
}

// shown returns a plan as it is to be shown, a ramp as it is now.
func (c *compiled) shown() Plan {
	p := Plan{Draw: c.draw.Draw(), Entries: cloneEntries(c.entries)}
	if c.share == nil {
		return p
	}
	draw, share := c.draw.Clone(), c.share()
	for i := range p.Entries {
		p.Entries[i].Weight = roundPercent(p.Entries[i].Weight * share)
		draw.Entries[i].Weight = p.Entries[i].Weight
	}
	p.Draw = draw.Draw()
	return p
}

// roundPercent rounds a percentage of a ramp to what a reader wants to see.
func roundPercent(percent float64) float64 { return math.Round(percent*100) / 100 }

// armHeld returns the plan that a layer puts in force; none if none does.
func (b *built) armHeld() armed {
	if b.held == nil {
		return armed{}
	}
	return b.arm(b.held)
}
