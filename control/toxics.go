package control

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// toxic is one as it runs and as it is shown.
type toxic struct {
	run   vaurien.Toxic
	show  Toxic
	until time.Time // zero: until it is changed
}

// same says whether two toxics are one behavior, on however many connections.
func (t toxic) same(other toxic) bool {
	return t.show.Name == other.show.Name && t.show.Behavior == other.show.Behavior &&
		maps.Equal(t.show.Options, other.show.Options)
}

// compileToxics makes toxics to run and to show, for the proxy built as b.
// Those that b has stay what they are: what they remember of open connections,
// and the time that passes for them, goes on.
func (d *Daemon) compileToxics(list []spec.Toxic, b *built) ([]toxic, error) {
	run, err := d.words().registry.Toxics(list, b.spec.Behaviors, b.config.Protocol)
	if err != nil {
		return nil, err
	}
	return keep(b.toxics, d.showToxics(list, run, b.spec.Behaviors)), nil
}

func (d *Daemon) showToxics(list []spec.Toxic, run []vaurien.Toxic, behaviors map[string]option.Values) []toxic {
	out := make([]toxic, len(list))
	for i, t := range list {
		out[i] = toxic{run: run[i], show: Toxic{
			Name: t.Name, Behavior: t.Behavior, Percent: t.Percent,
			Options: d.words().kinds.behavior(t.Behavior, behaviors[t.Behavior].Merge(t.Options)),
		}}
	}
	return out
}

// keep returns fresh toxics with the behaviors of those old ones that are the
// same.
func keep(old, fresh []toxic) []toxic {
	for i, f := range fresh {
		for _, o := range old {
			if o.same(f) {
				fresh[i].run.Behavior = o.run.Behavior
			}
		}
	}
	return fresh
}

func sameToxics(a, b []toxic) bool {
	return slices.EqualFunc(a, b, func(x, y toxic) bool {
		return x.show.Percent == y.show.Percent && x.same(y)
	})
}

// with returns b with other toxics.
func (d *Daemon) with(b *built, list []spec.Toxic) (*built, error) {
	list = d.words().registry.NormalToxics(list, b.spec.Behaviors)
	toxics, err := d.compileToxics(list, b)
	if err != nil {
		return nil, err
	}
	to := b.copy()
	to.spec.Toxics, to.toxics = list, toxics
	return to, nil
}

// SetToxics implements Controller.
func (d *Daemon) SetToxics(ctx context.Context, name string, toxics []spec.Toxic) (Proxy, error) {
	return d.Patch(ctx, name, Patch{Toxics: &toxics})
}

// PutToxic implements Controller.
func (d *Daemon) PutToxic(ctx context.Context, name string, t spec.Toxic) (Proxy, error) {
	if err := checkFor(t.Place, t.For); err != nil {
		return Proxy{}, err
	}
	e := d.expiry()
	return e.change(ctx, name, func(b *built) (*built, error) {
		root := b.root()
		t := d.words().registry.NormalToxics([]spec.Toxic{t}, root.spec.Behaviors)[0]
		if t.For > 0 {
			return d.lay(root, e.put(b.layers, t), b)
		}
		to, err := d.with(root, putToxic(root.spec.Toxics, t))
		if err != nil {
			return nil, err
		}
		return d.lay(to, byHand(b.layers, func(l *layer) { l.take(t) }), b)
	})
}

// RemoveToxic implements Controller.
func (d *Daemon) RemoveToxic(ctx context.Context, name, toxic string) (Proxy, error) {
	return d.altered(ctx, name, func(b *built) (*built, error) {
		none := fmt.Errorf("%w: %q", ErrNoToxic, toxic)
		for i, l := range slices.Backward(b.layers) {
			if indexToxic(l.toxics, toxic) >= 0 { // what is beneath returns
				layers := slices.Clone(b.layers)
				layers[i].toxics = withoutToxic(l.toxics, toxic)
				return d.lay(b.root(), layers, b)
			}
			if l.only {
				return nil, none
			}
		}
		root := b.root()
		if indexToxic(root.spec.Toxics, toxic) < 0 {
			return nil, none
		}
		to, err := d.with(root, withoutToxic(root.spec.Toxics, toxic))
		if err != nil {
			return nil, err
		}
		return d.lay(to, b.layers, b)
	})
}

// alter puts in force what how makes of a proxy's configuration. Where that
// changes meanwhile, it is made again.
func (d *Daemon) alter(ctx context.Context, name string, how func(*built) (*built, error)) (*running, error) {
	for {
		r, err := d.find(name)
		if err != nil {
			return nil, err
		}
		from := r.configuration()
		to, err := how(from)
		if err != nil {
			return nil, err
		}
		if from.needsNew(to) {
			return d.replace(ctx, name, how)
		}
		if r.follow(from, to) {
			return r, nil
		}
	}
}

// altered is alter, whose outcome is told.
func (d *Daemon) altered(ctx context.Context, name string, how func(*built) (*built, error)) (Proxy, error) {
	r, err := d.alter(ctx, name, how)
	if err != nil {
		return Proxy{}, err
	}
	d.noteAltered(r, r.configuration())
	return r.state(), nil
}

func (d *Daemon) noteAltered(r *running, b *built) {
	names := make([]string, len(b.toxics))
	for i, t := range b.toxics {
		names[i] = t.show.Name
	}
	s := &b.config.Settings
	d.log.Info("proxy changed", "proxy", r.name, "enabled", s.Enabled, "backend", s.Backend, "toxics", names)
}
