package metrics

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vaurien-proxy/vaurien"
)

// The most label values. What comes after them is other, or, of proxies, not
// measured; so nobody who may change plans, and no script that makes up words
// for what it does, can make more series than a server of metrics bears.
const (
	mostProxies   = 1000
	mostBehaviors = 100 // of a proxy; several that act together are one more
	mostDeeds     = 100 // of a behavior
	other         = "other"
)

// A Recorder measures how long exchanges take and what is done to them. It
// never waits. A [Handler] shows it.
type Recorder struct {
	backend, client, late, added *prometheus.HistogramVec
	deeds                        *prometheus.CounterVec
	proxies                      table[string, *ofProxy]
}

var _ vaurien.Recorder = (*Recorder)(nil)

// ofProxy is what is measured of a proxy.
type ofProxy struct {
	recorder              *Recorder
	label                 string
	backend, client, late prometheus.Observer
	behaviors             table[string, *ofBehavior]
}

// ofBehavior is what is measured of a behavior of a proxy.
type ofBehavior struct {
	of    *ofProxy
	label string
	added func() prometheus.Observer
	deeds table[deed, prometheus.Counter]
}

// A deed is what a behavior does; kind is the kind of failure, if it is one.
type deed struct{ what, kind string }

// NewRecorder returns a recorder that has measured nothing yet.
func NewRecorder() *Recorder {
	return &Recorder{
		backend: histogram("vaurien_backend_latency_seconds",
			"Time from when a request was passed on until the first of the backend's reply arrived.", latencies, "proxy"),
		client: histogram("vaurien_client_latency_seconds",
			"Time from when a request arrived until the last of its answer had been sent to the client.", latencies, "proxy"),
		added: histogram("vaurien_added_delay_seconds",
			"Time for which behaviors held up an exchange, or, once it is over, a connection.", latencies, "proxy", "behavior"),
		late: histogram("vaurien_delay_lateness_seconds",
			"How much longer a delay was than it was to be.", latenesses, "proxy"),
		deeds: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vaurien_deeds_total",
			Help: "What behaviors did in exchanges that are over; kind is that of a failure.",
		}, []string{"proxy", "behavior", "deed", "kind"}),
	}
}

// Attributes implements vaurien.Recorder: none are asked for.
func (r *Recorder) Attributes(string) []string { return nil }

// SessionStart implements vaurien.Observer.
func (r *Recorder) SessionStart(*vaurien.Session) {}

// SessionEnd implements vaurien.Observer.
func (r *Recorder) SessionEnd(*vaurien.Session) {}

// Message implements vaurien.Observer.
func (r *Recorder) Message(*vaurien.Session, bool) {}

// Fault implements vaurien.Observer.
func (r *Recorder) Fault(*vaurien.Session, string) {}

// Record implements vaurien.Recorder.
func (r *Recorder) Record(x *vaurien.Record) {
	if x.Ended.IsZero() || x.Exchange == 0 && len(x.Deeds) == 0 {
		return
	}
	p := r.proxy(x.Session.Proxy().Name())
	if p == nil {
		return
	}
	if d, ok := x.BackendLatency(); ok {
		p.backend.Observe(d.Seconds())
	}
	if d, ok := x.ClientLatency(); ok {
		p.client.Observe(d.Seconds())
	}
	if len(x.Deeds) > 0 {
		p.touched(x)
	}
}

// touched measures what was done to x.
func (p *ofProxy) touched(x *vaurien.Record) {
	b := p.behavior(x.Behavior)
	for i := range x.Deeds {
		d := &x.Deeds[i]
		if b.count(d); d.What == "delay" {
			p.late.Observe(d.Late.Seconds())
		}
	}
	if d := x.AddedDelay(); d > 0 {
		b.added().Observe(d.Seconds())
	}
}

// count counts a deed.
func (b *ofBehavior) count(d *vaurien.Deed) {
	key := deed{what: d.What}
	if d.What == "fail" {
		key.kind = d.Detail
	}
	c, ok := b.deeds.get(key)
	if !ok {
		c = b.addDeed(key)
	}
	c.Add(float64(d.Times))
}

func (b *ofBehavior) addDeed(d deed) prometheus.Counter {
	counter := func(what, kind string) prometheus.Counter {
		return b.of.recorder.deeds.WithLabelValues(b.of.label, b.label, valid(what), valid(kind))
	}
	c, ok := b.deeds.add(d, mostDeeds, func() prometheus.Counter { return counter(d.what, d.kind) })
	if !ok {
		c = counter(other, "")
	}
	return c
}

// proxy returns what is measured of the proxy of that name; nil if there are
// too many.
func (r *Recorder) proxy(name string) *ofProxy {
	if p, ok := r.proxies.get(name); ok {
		return p
	}
	return r.addProxy(name)
}

func (r *Recorder) addProxy(name string) *ofProxy {
	p, _ := r.proxies.add(name, mostProxies, func() *ofProxy {
		label := valid(name)
		return &ofProxy{
			recorder: r, label: label,
			backend: r.backend.WithLabelValues(label),
			client:  r.client.WithLabelValues(label),
			late:    r.late.WithLabelValues(label),
		}
	})
	return p
}

// behavior returns what is measured of the behavior that the plan calls so.
func (p *ofProxy) behavior(name string) *ofBehavior {
	if b, ok := p.behaviors.get(name); ok {
		return b
	}
	return p.addBehavior(name)
}

func (p *ofProxy) addBehavior(name string) *ofBehavior {
	b, ok := p.behaviors.add(name, mostBehaviors, func() *ofBehavior { return p.newBehavior(valid(name)) })
	if !ok {
		b, _ = p.behaviors.add(other, mostBehaviors+1, func() *ofBehavior { return p.newBehavior(other) })
	}
	return b
}

func (p *ofProxy) newBehavior(label string) *ofBehavior {
	return &ofBehavior{of: p, label: label, added: sync.OnceValue(func() prometheus.Observer {
		return p.recorder.added.WithLabelValues(p.label, label)
	})}
}

// keep forgets the proxies that are not among names.
func (r *Recorder) keep(names map[string]bool) {
	r.proxies.keep(func(name string) bool { return names[name] }, func(name string) {
		its := prometheus.Labels{"proxy": valid(name)}
		for _, h := range []*prometheus.HistogramVec{r.backend, r.client, r.late, r.added} {
			h.DeletePartialMatch(its)
		}
		r.deeds.DeletePartialMatch(its)
	})
}

// valid returns a name as a label's value.
func valid(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }
