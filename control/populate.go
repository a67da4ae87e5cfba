package control

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A populating is a proxy that is there and what is to become of it.
type populating struct {
	r        *running
	patch    Patch
	from, to *built
	heir     *running // nil: it needs no new listener
}

// Populate makes each of these proxies, as POST /populate of Toxiproxy's API
// does. One that there is already, by its name, is left alone if it has these
// addresses and no toxics are given, that is nil. Otherwise it takes the
// addresses, enabled and the toxics, and keeps all else. Proxies that are not
// in the list stay as they are. All is checked and every new address is bound
// before anything changes, so that proxies may swap their addresses, and an
// error leaves everything as it was. It returns the proxies as they are then.
func (d *Daemon) Populate(ctx context.Context, proxies []spec.Proxy) ([]Proxy, error) {
	if err := d.takeTurn(ctx); err != nil {
		return nil, err
	}
	defer d.endTurn()
	come, changes, err := d.toPopulate(proxies)
	if err != nil {
		return nil, err
	}
	gone := make(map[string]*running)
	for _, c := range changes {
		if c.from.needsNew(c.to) {
			come = append(come, c.to)
			gone[c.r.name] = c.r
		}
	}
	fresh, err := d.open(ctx, come, gone)
	if err == nil {
		err = d.populate(fresh, changes)
	}
	if err != nil {
		for _, r := range fresh {
			r.proxy.Close()
		}
		return nil, err
	}
	done := make([]Proxy, len(proxies))
	for i, p := range proxies {
		if done[i], err = d.Proxy(ctx, p.Name); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// toPopulate returns what is to be made, and what is to be changed.
func (d *Daemon) toPopulate(proxies []spec.Proxy) (come []*built, changes []*populating, err error) {
	present, err := d.snapshot()
	if err != nil {
		return nil, nil, err
	}
	var errs []error
	names := make(map[string]bool)
	for _, p := range proxies {
		if names[p.Name] {
			errs = append(errs, &option.Error{Place: p.Place, Problem: fmt.Sprintf("there are two proxies named %s", p.Name)})
			continue
		}
		names[p.Name] = true
		r := present[p.Name]
		if r == nil {
			b, err := d.build(p)
			errs, come = append(errs, err), append(come, b)
			continue
		}
		patch, differs := r.state().populated(p)
		if !differs {
			continue
		}
		c := &populating{r: r, patch: patch}
		errs, changes = append(errs, patch.check(), c.make(d)), append(changes, c)
	}
	return come, changes, errors.Join(errs...)
}

// make makes what is to become of the proxy of what it is now.
func (c *populating) make(d *Daemon) (err error) {
	c.from = c.r.configuration()
	c.to, err = d.patched(c.from, c.patch, d.expiry())
	if err == nil && c.heir != nil {
		c.heir.built = c.to
	}
	return err
}

// populate puts fresh proxies to work, and changes others. It is to be called
// with the turn; what may change meanwhile are toxics and backends.
func (d *Daemon) populate(fresh []*running, changes []*populating) error {
	var gone []*running
	for _, c := range changes {
		if i := slices.IndexFunc(fresh, func(r *running) bool { return r.name == c.r.name }); i >= 0 {
			c.heir = fresh[i]
			gone = append(gone, c.r)
		}
	}
	for _, c := range changes {
		for !c.apply() {
			if _, err := d.snapshot(); err != nil {
				return err // it is closed
			}
			if err := c.make(d); err != nil {
				return err
			}
		}
	}
	if !d.swap(fresh, gone) {
		return ErrClosed
	}
	for _, c := range changes {
		r := c.r
		if c.heir != nil {
			r = c.heir
		}
		d.noteAltered(r, c.to)
	}
	return nil
}

// apply reports false if the proxy is not what it was any more.
func (c *populating) apply() bool {
	if c.heir != nil {
		return c.r.bequeath(c.from, c.heir)
	}
	return c.r.follow(c.from, c.to)
}

// populated returns how p differs from what is asked for, and whether it does.
func (p Proxy) populated(asked spec.Proxy) (Patch, bool) {
	listen, backend := asked.Settings["proxy"].Text, asked.Settings["backend"].Text
	same := p.listensOn(listen)
	if same && p.Backend == backend {
		return Patch{Toxics: &asked.Toxics}, asked.Toxics != nil
	}
	enabled := asked.Settings["enabled"].Text != "false"
	patch := Patch{Backend: &backend, Enabled: &enabled, Toxics: &asked.Toxics}
	if !same {
		patch.Proxy = &listen
	}
	return patch, true
}
