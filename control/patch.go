package control

import (
	"context"
	"errors"
	"strconv"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// SetEnabled implements Controller.
func (d *Daemon) SetEnabled(ctx context.Context, name string, enabled bool) (Proxy, error) {
	return d.Patch(ctx, name, Patch{Enabled: &enabled})
}

// Patch implements Controller.
func (d *Daemon) Patch(ctx context.Context, name string, change Patch) (Proxy, error) {
	if err := change.check(); err != nil {
		return Proxy{}, err
	}
	e := d.expiry()
	how := func(b *built) (*built, error) { return d.patched(b, change, e) }
	if change.DryRun {
		return d.tried(name, how)
	}
	return e.change(ctx, name, how)
}

// replace is alter for a change that may need a new listener.
func (d *Daemon) replace(ctx context.Context, name string, how func(*built) (*built, error)) (*running, error) {
	if err := d.takeTurn(ctx); err != nil {
		return nil, err
	}
	defer d.endTurn()
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
		if !from.needsNew(to) {
			if r.follow(from, to) {
				return r, nil
			}
			continue
		}
		fresh, err := d.open(ctx, []*built{to}, map[string]*running{r.name: r})
		if err != nil {
			return nil, err
		}
		switch err := d.handOver(r, from, fresh[0]); {
		case errors.Is(err, errChanged):
			fresh[0].proxy.Close()
		case err != nil:
			fresh[0].proxy.Close()
			return nil, err
		default:
			return fresh[0], nil
		}
	}
}

// check says whether the addresses are such, and the time is one.
func (p Patch) check() error {
	var errs []error
	for _, a := range []struct {
		name    string
		address *string
	}{{"proxy", p.Proxy}, {"backend", p.Backend}} {
		if a.address != nil {
			if err := vaurien.CheckAddress(*a.address); err != nil {
				errs = append(errs, &option.Error{Name: a.name, Problem: err.Error()})
			}
		}
	}
	errs = append(errs, checkFor("", p.For))
	if p.For > 0 && p.Proxy != nil {
		errs = append(errs, &option.Error{Name: "proxy", Problem: "cannot be changed for a time: leave out one of proxy and for"})
	}
	if p.Toxics != nil {
		for _, t := range *p.Toxics {
			if p.For > 0 && t.For > 0 {
				errs = append(errs, &option.Error{Place: t.Place, Name: "for", Problem: "is said of the whole change already: say it once"})
			}
			errs = append(errs, checkFor(t.Place, t.For))
		}
	}
	return errors.Join(errs...)
}

// patched returns b with the change made. e notes what is in it for a time.
func (d *Daemon) patched(b *built, change Patch, e *expiry) (*built, error) {
	root := b.root()
	if change.For > 0 {
		return d.lay(root, e.patch(b.layers, change, root), b)
	}
	to := root.copy()
	layers := byHand(b.layers, change.takeOut)
	if change.Toxics != nil {
		var err error
		lasting, forATime := parted(d.words().registry.NormalToxics(*change.Toxics, root.spec.Behaviors))
		if to, err = d.with(root, lasting); err != nil {
			return nil, err
		}
		for _, t := range forATime {
			layers = e.put(layers, t)
		}
	}
	s := &to.config.Settings
	set := func(name string, field, value *string) {
		if value != nil {
			*field = *value
			to.spec.Settings[name] = option.Value{Text: *value}
		}
	}
	set("proxy", &s.Proxy, change.Proxy)
	set("backend", &s.Backend, change.Backend)
	if change.Enabled != nil {
		s.Enabled = *change.Enabled
		to.spec.Settings["enabled"] = option.Value{Text: strconv.FormatBool(*change.Enabled)}
	}
	return d.lay(to, layers, b)
}

// takeOut takes out of a layer what the change is about.
func (p Patch) takeOut(l *layer) {
	if p.Backend != nil {
		l.backend = nil
	}
	if p.Enabled != nil {
		l.enabled = nil
	}
	if p.Toxics != nil {
		l.toxics, l.only = nil, false
	}
}

// errChanged says that a proxy's configuration changed meanwhile.
var errChanged = errors.New("changed meanwhile")

// handOver lets fresh take old's place, with the plan that old has in force and
// what it has counted.
func (d *Daemon) handOver(old *running, from *built, fresh *running) error {
	if !old.bequeath(from, fresh) {
		return errChanged
	}
	if !d.swap([]*running{fresh}, []*running{old}) {
		return ErrClosed
	}
	return nil
}
