package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// Put implements Controller. An empty name is that of the default proxy.
func (d *Daemon) Put(ctx context.Context, p spec.Proxy) (Proxy, error) {
	b, err := d.build(p)
	if err != nil {
		return Proxy{}, err
	}
	if err := d.change(ctx, []*built{b}, false); err != nil {
		return Proxy{}, err
	}
	return d.Proxy(ctx, b.spec.Name)
}

// Apply makes the running proxies exactly these. All of them are checked and
// every new address is bound before anything changes, and an error leaves
// everything as it was. A proxy whose configuration is what it was is left
// alone, with the plan that it may have for a time. One that differs keeps its
// connections, unless its listening address, protocol or dice differ, and
// takes the plan given here, whatever was put in force since.
func (d *Daemon) Apply(ctx context.Context, proxies []spec.Proxy) error {
	var all []*built
	var errs []error
	for _, p := range proxies {
		b, err := d.build(p)
		if err == nil {
			err = conflict(all, b)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, b)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return d.change(ctx, all, true)
}

// conflict says what keeps b from running beside others.
func conflict(others []*built, b *built) error {
	address := b.config.Settings.Proxy
	for _, o := range others {
		if o.spec.Name == b.spec.Name {
			return &option.Error{Place: b.spec.Place, Problem: fmt.Sprintf("there are two proxies named %s", b.spec.Name)}
		}
		if o.config.Settings.Proxy == address && !anyPort(address) {
			return &option.Error{Place: b.spec.Settings["proxy"].Place, Name: "proxy", Problem: fmt.Sprintf(
				"%s is the address of proxy %s already", address, o.spec.Name)}
		}
	}
	return nil
}

// Delete implements Controller.
func (d *Daemon) Delete(ctx context.Context, name string) error {
	if err := d.takeTurn(ctx); err != nil {
		return err
	}
	defer d.endTurn()
	r, err := d.find(name)
	if err != nil {
		return err
	}
	d.swap(nil, []*running{r})
	return nil
}

// change makes proxies of all; with exactly, it ends those that are not among
// them.
func (d *Daemon) change(ctx context.Context, all []*built, exactly bool) error {
	if err := d.takeTurn(ctx); err != nil {
		return err
	}
	defer d.endTurn()
	present, err := d.snapshot()
	if err != nil {
		return err
	}

	type pair struct {
		r *running
		b *built
	}
	var stay []pair
	var come []*built
	gone := maps.Clone(present)
	for _, b := range all {
		r := present[b.spec.Name]
		switch {
		case r == nil:
			come = append(come, b)
		case r.is(b):
			delete(gone, b.spec.Name)
		case r.configuration().needsNew(b):
			if b.config.Settings.Seed == "" {
				b.config.Seed = r.configuration().config.Seed
			}
			come = append(come, b)
		default:
			stay = append(stay, pair{r, b})
			delete(gone, b.spec.Name)
		}
	}
	if !exactly {
		maps.DeleteFunc(gone, func(name string, _ *running) bool {
			return !slices.ContainsFunc(come, func(b *built) bool { return b.spec.Name == name })
		})
	}

	fresh, err := d.open(ctx, come, gone)
	if err == nil && !d.swap(fresh, slices.Collect(maps.Values(gone))) {
		err = ErrClosed
	}
	if err != nil {
		for _, r := range fresh {
			r.proxy.Close()
		}
		return err
	}
	for _, s := range stay {
		if s.r.become(s.b) {
			d.log.Info("proxy changed", "proxy", s.r.name, "backend", s.b.config.Settings.Backend, "plan", s.b.spec.Plan.Draw())
		}
	}
	return nil
}

// open makes new proxies that listen but do not accept yet. They may take over
// the addresses of those that go. With an error it returns those it made.
func (d *Daemon) open(ctx context.Context, come []*built, gone map[string]*running) ([]*running, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.life, cancel)()

	var fresh []*running
	var errs []error
	free := maps.Clone(gone)
	for _, b := range come {
		p, err := d.listen(ctx, b, free)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fresh = append(fresh, &running{
			name: b.spec.Name, proxy: p, past: new(history), log: d.log, built: b, base: b.arm(b.plan),
			account: account{ledger: d.options.Ledger, plan: 1},
		})
	}
	return fresh, errors.Join(errs...)
}

// swap puts fresh proxies to work in the place of those that go. It does
// nothing and returns false if the daemon is closed.
func (d *Daemon) swap(fresh, gone []*running) bool {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return false
	}
	for _, r := range gone {
		delete(d.running, r.name)
	}
	for _, r := range fresh {
		d.running[r.name] = r
	}
	d.mu.Unlock()

	for _, r := range gone {
		r.retire()
		d.closing.Go(func() { r.proxy.Close(); r.past.ended(r.proxy) })
		d.log.Info("proxy closed", "proxy", r.name)
		if !slices.ContainsFunc(fresh, func(f *running) bool { return f.name == r.name }) {
			d.stage.gone(r.name)
		}
	}
	for _, r := range fresh {
		r.announce()
		r.proxy.Start()
		s := r.state()
		if s.Enabled {
			d.log.Info("proxy started", "proxy", r.name, "listen", s.Proxy, "backend", s.Backend,
				"protocol", s.Protocol, "plan", s.Plan.Draw, "seed", s.Seed)
		}
	}
	return true
}

// takeTurn waits for the right to change which proxies there are.
func (d *Daemon) takeTurn(ctx context.Context) error {
	select {
	case <-d.turn:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (d *Daemon) endTurn() { d.turn <- struct{}{} }
