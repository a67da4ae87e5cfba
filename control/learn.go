package control

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/vaurien-proxy/vaurien"
)

// words are the behaviors and protocols that there are.
type words struct {
	registry *vaurien.Registry
	kinds    kinds
}

func newWords(reg *vaurien.Registry) *words { return &words{reg, kindsOf(reg)} }

func (d *Daemon) words() *words { return d.known.Load() }

// SetRegistry lets plans be made of what reg has from now on. It must have all
// that the plans in force are made of; these stay what they are.
func (d *Daemon) SetRegistry(reg *vaurien.Registry) { d.known.Store(newWords(reg)) }

// Registry returns what plans are made of.
func (d *Daemon) Registry() *vaurien.Registry { return d.words().registry }

// Renew makes the plans and toxics in force anew that name one of these
// behaviors, after SetRegistry has changed what these are. An error says that
// one of them cannot be made, and leaves everything as it was.
func (d *Daemon) Renew(ctx context.Context, behaviors ...string) error {
	if err := d.takeTurn(ctx); err != nil {
		return err
	}
	defer d.endTurn()
	all, err := d.snapshot()
	if err != nil {
		return err
	}
	named := make(map[string]bool)
	for _, name := range behaviors {
		named[name] = true
	}
	renewed := make(map[*running]*renewal)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		n, err := d.renewal(r, named)
		errs = append(errs, err)
		if n != nil {
			renewed[r] = n
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for r, n := range renewed {
		for !r.renew(n) { // somebody has changed it meanwhile
			again, err := d.renewal(r, named)
			if err != nil {
				errs = append(errs, err)
			}
			if again == nil {
				break
			}
			n = again
		}
	}
	return errors.Join(errs...)
}

// A renewal is a proxy's configuration and its plans, made anew.
type renewal struct {
	from, to           *built
	fromBase, fromOver *compiled // fromOver is nil if no plan is in force for a time
	base, over         *compiled
}

// renewal makes what r has anew; nil if it names none of these behaviors.
func (d *Daemon) renewal(r *running, named map[string]bool) (*renewal, error) {
	n := new(renewal)
	r.mu.Lock()
	n.from, n.fromBase = r.built, r.base.compiled
	if r.over != nil {
		n.fromOver = r.over.compiled
	}
	retired := r.retired
	r.mu.Unlock()
	if retired || !n.from.names(named) && !n.fromBase.names(named) && !n.fromOver.names(named) {
		return nil, nil
	}
	root := n.from.root()
	b, err := d.build(root.spec)
	if err != nil {
		return nil, err
	}
	n.to = root.copy()
	n.to.plan, n.to.options, n.to.config.Plan = b.plan, b.options, b.config.Plan
	n.to.toxics = b.toxics
	for i, t := range root.toxics {
		if !named[t.show.Behavior] {
			n.to.toxics[i] = t // what it remembers goes on
		}
	}
	if n.to, err = d.lay(n.to, n.from.layers, n.to); err != nil {
		return nil, err
	}
	n.base, err = d.compile(n.fromBase.draw, n.to)
	if err == nil && n.fromOver != nil {
		n.over, err = d.compile(n.fromOver.draw, n.to)
	}
	return n, err
}

// names reports whether the configuration has anything of these behaviors.
func (b *built) names(named map[string]bool) bool {
	for name := range b.spec.Behaviors {
		if named[name] {
			return true
		}
	}
	return b.plan.names(named) || b.held.names(named) || slices.ContainsFunc(b.toxics, func(t toxic) bool { return named[t.show.Behavior] })
}

// names reports whether the plan draws one of these behaviors. A nil plan does
// not.
func (c *compiled) names(named map[string]bool) bool {
	return c != nil && slices.ContainsFunc(c.entries, func(e PlanEntry) bool { return named[e.Name] })
}

// renew puts a renewal in force. It does nothing and returns false if what it
// was made of is not in force any more.
func (r *running) renew(n *renewal) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	over := (*compiled)(nil)
	if r.over != nil {
		over = r.over.compiled
	}
	if r.retired || r.built != n.from || r.base.compiled != n.fromBase || over != n.fromOver {
		return false
	}
	r.built, r.base = n.to, n.to.arm(n.base)
	if n.over != nil {
		r.over.armed = n.to.arm(n.over)
	}
	r.held = n.to.armHeld()
	r.putInForce()
	return true
}
