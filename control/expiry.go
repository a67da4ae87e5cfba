package control

import (
	"context"
	"slices"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// An expiry makes the layers of one change for a time, and takes them away when
// it is over.
type expiry struct {
	d    *Daemon
	now  time.Time
	made []layer
}

func (d *Daemon) expiry() *expiry { return &expiry{d: d, now: time.Now()} }

// change is altered, after which time runs.
func (e *expiry) change(ctx context.Context, name string, how func(*built) (*built, error)) (Proxy, error) {
	p, err := e.d.altered(ctx, name, func(b *built) (*built, error) {
		e.made = nil // by an earlier try
		return how(b)
	})
	if err == nil {
		for _, l := range e.made {
			time.AfterFunc(time.Until(l.until), func() { e.d.expire(p.Name, l.id) })
		}
	}
	return p, err
}

// add puts a layer over others for a time.
func (e *expiry) add(layers []layer, l layer, d time.Duration) []layer {
	l.id, l.owner, l.until = e.d.layerID(), timed, e.now.Add(d)
	e.made = append(e.made, l)
	return append(slices.Clip(layers), l)
}

// put puts a toxic over others for a time, in the place of one that was there
// for a time already.
func (e *expiry) put(layers []layer, t spec.Toxic) []layer {
	layers = byHand(layers, func(l *layer) {
		if l.owner == timed {
			l.toxics = withoutToxic(l.toxics, t.Name)
		}
	})
	return e.add(layers, layer{toxics: []spec.Toxic{t}}, t.For)
}

// patch makes a change of root for a time, in the place of an earlier one.
func (e *expiry) patch(layers []layer, change Patch, root *built) []layer {
	layers = byHand(layers, func(l *layer) {
		if l.owner == timed {
			change.takeOut(l)
		}
	})
	l := layer{backend: change.Backend, enabled: change.Enabled}
	if change.Toxics != nil {
		l.only, l.toxics = true, e.d.words().registry.NormalToxics(*change.Toxics, root.spec.Behaviors)
	}
	return e.add(layers, l, change.For)
}

// expire takes a layer away whose time is over.
func (d *Daemon) expire(name string, id uint64) {
	gone := func(l layer) bool { return l.id == id }
	r, err := d.find(name)
	if err != nil || !slices.ContainsFunc(r.configuration().layers, gone) {
		return // it was taken away by hand, or the proxy was
	}
	_, err = d.altered(d.life, name, func(b *built) (*built, error) {
		return d.lay(b.root(), slices.DeleteFunc(slices.Clone(b.layers), gone), b)
	})
	if err != nil && d.life.Err() == nil {
		d.log.Error("what was there before a change for a time cannot be put back", "proxy", name, "error", err)
	}
}

// layerID returns an id for a layer.
func (d *Daemon) layerID() uint64 { return d.layers.Add(1) }

// parted parts toxics that stay from those for a time.
func parted(list []spec.Toxic) (lasting, forATime []spec.Toxic) {
	lasting = []spec.Toxic{}
	for _, t := range list {
		if t.For > 0 {
			forATime = append(forATime, t)
		} else {
			lasting = append(lasting, t)
		}
	}
	return lasting, forATime
}

// checkFor says whether d can be how long something lasts.
func checkFor(place string, d time.Duration) error {
	if d >= 0 {
		return nil
	}
	return &option.Error{Place: place, Name: "for", Problem: d.String() +
		" is in the past: write how long it is to last, as in 30s"}
}
