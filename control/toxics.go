package control

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// toxic is one as it runs and as it is shown.
type toxic struct {
	run  vaurien.Toxic
	show Toxic
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
	run, err := d.registry.Toxics(list, b.spec.Behaviors, b.config.Protocol)
	if err != nil {
		return nil, err
	}
	return keep(b.toxics, d.showToxics(list, run, b.spec.Behaviors)), nil
}

func (d *Daemon) showToxics(list []spec.Toxic, run []vaurien.Toxic, behaviors map[string]option.Values) []toxic {
	out := make([]toxic, len(list))
	for i, t := range list {
		out[i] = toxic{run[i], Toxic{
			Name: t.Name, Behavior: t.Behavior, Percent: t.Percent,
			Options: d.kinds.behavior(t.Behavior, behaviors[t.Behavior].Merge(t.Options)),
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
	list = d.registry.NormalToxics(list, b.spec.Behaviors)
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
	return d.alter(name, func(b *built) (*built, error) { return d.with(b, toxics) })
}

// PutToxic implements Controller.
func (d *Daemon) PutToxic(ctx context.Context, name string, t spec.Toxic) (Proxy, error) {
	return d.alter(name, func(b *built) (*built, error) {
		t := d.registry.NormalToxics([]spec.Toxic{t}, b.spec.Behaviors)[0]
		list := slices.Clone(b.spec.Toxics)
		i := slices.IndexFunc(list, func(o spec.Toxic) bool { return o.Name == t.Name })
		if i < 0 {
			return d.with(b, append(list, t))
		}
		list[i] = t
		return d.with(b, list)
	})
}

// RemoveToxic implements Controller.
func (d *Daemon) RemoveToxic(ctx context.Context, name, toxic string) (Proxy, error) {
	return d.alter(name, func(b *built) (*built, error) {
		list := slices.Clone(b.spec.Toxics)
		i := slices.IndexFunc(list, func(o spec.Toxic) bool { return o.Name == toxic })
		if i < 0 {
			return nil, fmt.Errorf("%w: %q", ErrNoToxic, toxic)
		}
		return d.with(b, slices.Delete(list, i, i+1))
	})
}

// alter puts in force what how makes of a proxy's configuration, which needs no
// other listener. Where the configuration changes meanwhile, it is made again.
func (d *Daemon) alter(name string, how func(*built) (*built, error)) (Proxy, error) {
	for {
		r, err := d.find(name)
		if err != nil {
			return Proxy{}, err
		}
		from := r.configuration()
		to, err := how(from)
		if err != nil {
			return Proxy{}, err
		}
		if r.follow(from, to) {
			d.noteAltered(r, to)
			return r.state(), nil
		}
	}
}

func (d *Daemon) noteAltered(r *running, b *built) {
	names := make([]string, len(b.toxics))
	for i, t := range b.toxics {
		names[i] = t.show.Name
	}
	s := &b.config.Settings
	d.log.Info("proxy changed", "proxy", r.name, "enabled", s.Enabled, "backend", s.Backend, "toxics", names)
}
