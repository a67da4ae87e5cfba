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
	how := func(b *built) (*built, error) { return d.patched(b, change) }
	if change.Proxy == nil && change.Enabled == nil {
		return d.alter(name, how)
	}
	if err := d.takeTurn(ctx); err != nil {
		return Proxy{}, err
	}
	defer d.endTurn()
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
		if !from.needsNew(to) {
			if r.follow(from, to) {
				d.noteAltered(r, to)
				return r.state(), nil
			}
			continue
		}
		fresh, err := d.open(ctx, []*built{to}, map[string]*running{r.name: r})
		if err != nil {
			return Proxy{}, err
		}
		switch err := d.handOver(r, from, fresh[0]); {
		case errors.Is(err, errChanged):
			fresh[0].proxy.Close()
		case err != nil:
			fresh[0].proxy.Close()
			return Proxy{}, err
		default:
			d.noteAltered(fresh[0], to)
			return fresh[0].state(), nil
		}
	}
}

// check says whether the addresses are such.
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
	return errors.Join(errs...)
}

// patched returns b with the change made.
func (d *Daemon) patched(b *built, change Patch) (*built, error) {
	to := b.copy()
	if change.Toxics != nil {
		var err error
		if to, err = d.with(b, *change.Toxics); err != nil {
			return nil, err
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
	return to, nil
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
