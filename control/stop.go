package control

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/vaurien-proxy/vaurien/spec"
)

// A Halt says whether all chaos is stopped.
type Halt struct {
	Stopped bool       `json:"stopped"`
	Since   *time.Time `json:"since,omitempty"`
	Proxies []string   `json:"proxies"` // those whose plans and toxics are held off
}

// Stop implements Controller.
func (d *Daemon) Stop(ctx context.Context) (Halt, error) {
	now := time.Now()
	d.halted.CompareAndSwap(nil, &now)
	err := d.everywhere(ctx, func(layers []layer) []layer {
		if slices.ContainsFunc(layers, layer.isStop) {
			layers = slices.DeleteFunc(slices.Clone(layers), layer.isStop) // what was changed since stops too
		}
		return append(slices.Clip(layers), layer{
			id: d.layerID(), owner: stopped, only: true, plan: &layerPlan{draw: spec.Plan{}},
		})
	})
	// After the proxies are quiet, so that what is beneath the scenario does not
	// show for a moment.
	if s, running := d.stage.current(); running {
		s.Stop("all chaos was stopped")
		select {
		case <-s.Done():
		case <-ctx.Done():
			return Halt{}, context.Cause(ctx)
		}
	}
	if err != nil {
		return Halt{}, err
	}
	d.log.Warn("all chaos is stopped")
	d.note("stop", "all chaos is stopped")
	return d.Halted(ctx)
}

func (l layer) isStop() bool { return l.owner == stopped }

// Resume implements Controller.
func (d *Daemon) Resume(ctx context.Context) (Halt, error) {
	was := d.halted.Swap(nil)
	err := d.everywhere(ctx, func(layers []layer) []layer {
		return slices.DeleteFunc(slices.Clone(layers), layer.isStop)
	})
	if err != nil {
		return Halt{}, err
	}
	if was != nil {
		d.log.Warn("what was there before all chaos was stopped is put back")
		d.note("resume", "what was there before all chaos was stopped is put back")
	}
	return d.Halted(ctx)
}

// Halted implements Controller.
func (d *Daemon) Halted(ctx context.Context) (Halt, error) {
	proxies, err := d.Proxies(ctx)
	h := Halt{Since: d.halted.Load(), Proxies: []string{}}
	h.Stopped = h.Since != nil
	for _, p := range proxies {
		if p.Stopped {
			h.Proxies = append(h.Proxies, p.Name)
		}
	}
	return h, err
}

// everywhere changes the layers of every proxy. One that goes meanwhile has
// none.
func (d *Daemon) everywhere(ctx context.Context, how func([]layer) []layer) error {
	all, err := d.snapshot()
	if err != nil {
		return err
	}
	var errs []error
	for name := range all {
		if err := d.relay(ctx, name, how); err != nil && !errors.Is(err, ErrNoProxy) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// relay changes the layers of a proxy.
func (d *Daemon) relay(ctx context.Context, name string, how func([]layer) []layer) error {
	_, err := d.alter(ctx, name, func(b *built) (*built, error) { return d.lay(b.root(), how(b.layers), b) })
	return err
}
