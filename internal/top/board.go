package top

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/control"
)

// Window is what latencies are of: the last ten seconds.
const Window = 10 * time.Second

// A Board is what is known of a server. The zero value knows nothing.
type Board struct {
	looks   []Look // the newest last, the first as old as Window
	proxies []Proxy

	silent   time.Time // since when the server does not answer; zero: it does
	problem  error     // why not
	noStream error     // why there are no events

	events
}

// A Proxy is the state of a proxy, and what happened in it lately.
type Proxy struct {
	control.Proxy

	// In a second, between the last two looks.
	Exchanges, ToBackend, ToClient, Faulty float64
	Faults                                 []Rate // the most frequent first

	ClientTook, BackendTook Histogram // of the window
}

// A Rate is how often a behavior acts in a second.
type Rate struct {
	Behavior string
	Rate     float64
}

// Hear takes in what a Feed tells.
func (b *Board) Hear(what any) {
	switch what := what.(type) {
	case Looked:
		b.look(what.Look)
	case Happened:
		b.noStream = nil
		b.add(what.Entries)
	case NoAnswer:
		if b.silent.IsZero() {
			b.silent = what.At
		}
		b.problem = what.Err
	case NoStream:
		b.noStream = what.Err
	}
}

func (b *Board) look(l Look) {
	if !b.silent.IsZero() {
		b.looks = nil // rates and latencies begin anew
	}
	b.silent, b.problem = time.Time{}, nil
	b.looks = append(b.looks, l)
	for len(b.looks) > 2 && l.At.Sub(b.looks[1].At) >= Window {
		b.looks = b.looks[1:]
	}
	b.looks = slices.Clip(b.looks)
	b.proxies = make([]Proxy, len(l.Proxies))
	for i, p := range l.Proxies {
		b.proxies[i] = b.proxy(p)
	}
}

// Look is the newest look; zero before the first.
func (b *Board) Look() Look {
	if len(b.looks) == 0 {
		return Look{}
	}
	return b.looks[len(b.looks)-1]
}

// proxy returns what is shown of a proxy of the newest look.
func (b *Board) proxy(now control.Proxy) Proxy {
	p := Proxy{Proxy: now}
	newest := b.Look()
	latest := newest.Latencies[now.Name]
	p.ClientTook, p.BackendTook = latest.Client, latest.Backend
	if len(b.looks) < 2 {
		// What happened before the first look is none of the window's.
		p.ClientTook, p.BackendTook = Histogram{}, Histogram{}
		return p
	}
	first := b.looks[0].Latencies[now.Name]
	p.ClientTook, p.BackendTook = p.ClientTook.Minus(first.Client), p.BackendTook.Minus(first.Backend)

	last := b.looks[len(b.looks)-2]
	seconds := newest.At.Sub(last.At).Seconds()
	if seconds <= 0 {
		return p
	}
	var before control.Stats // of a new proxy: nothing
	if i := slices.IndexFunc(last.Proxies, func(o control.Proxy) bool { return o.Name == now.Name }); i >= 0 {
		before = last.Proxies[i].Stats
	}
	rate := func(now, before uint64) float64 {
		if now < before {
			before = 0 // it was made anew
		}
		return float64(now-before) / seconds
	}
	p.Exchanges = rate(now.Stats.Exchanges, before.Exchanges)
	p.ToBackend = rate(now.Stats.ToBackend, before.ToBackend)
	p.ToClient = rate(now.Stats.ToClient, before.ToClient)
	for _, behavior := range slices.Sorted(maps.Keys(now.Stats.Faults)) {
		if r := rate(now.Stats.Faults[behavior], before.Faults[behavior]); r > 0 {
			p.Faults = append(p.Faults, Rate{behavior, r})
			p.Faulty += r
		}
	}
	slices.SortStableFunc(p.Faults, func(a, b Rate) int { return cmp.Compare(b.Rate, a.Rate) })
	return p
}

// An order is what proxies are sorted by.
type order struct {
	name string
	less func(a, b *Proxy) int
}

// orders are what there is to sort by; all but the first begin with the most.
var orders = []order{
	{"name", func(a, b *Proxy) int { return strings.Compare(a.Name, b.Name) }},
	{"exchanges", func(a, b *Proxy) int { return cmp.Compare(b.Exchanges, a.Exchanges) }},
	{"faults", func(a, b *Proxy) int { return cmp.Compare(b.Faulty, a.Faulty) }},
	{"open", func(a, b *Proxy) int { return cmp.Compare(b.Stats.Open, a.Stats.Open) }},
	{"client latency", func(a, b *Proxy) int { return cmp.Compare(p99(b.ClientTook), p99(a.ClientTook)) }},
}

func p99(h Histogram) time.Duration {
	d, _ := h.Quantile(.99)
	return d
}

// sorted returns the proxies in an order, or in the reverse of it.
func (b *Board) sorted(by int, reverse bool) []Proxy {
	out := slices.Clone(b.proxies)
	slices.SortStableFunc(out, func(x, y Proxy) int {
		if reverse {
			x, y = y, x
		}
		return orders[by].less(&x, &y)
	})
	return out
}
