package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Name is the name of the behavior of Kind.
const Name = "replay"

// Kind returns the behavior that does again what the recording says. What that
// did is made by reg.
func (r *Recording) Kind(reg *vaurien.Registry) vaurien.Kind {
	made := &maker{recording: r, registry: reg, actors: make(map[string]*actors)}
	return vaurien.Kind{
		Name: Name,
		Doc:  "does again what the ledger of --replay says",
		New: func(set *option.Set) vaurien.Make {
			var proxy string
			var number int64
			set.Text(&proxy, "proxy", "", "which of the ledger's proxies")
			set.Int(&number, "plan", 1, "which of its plans decides what connections meet").AtLeast("0")
			return func(p vaurien.Protocol) (vaurien.Behavior, error) {
				a, err := made.of(proxy, p)
				if err != nil {
					return nil, err
				}
				return vaurien.Chain(onConnection{a, uint64(number)}, onExchange{a, uint64(number)}), nil
			}
		},
	}
}

// A maker makes the actors of each proxy once, so that what they remember
// outlives a change of plans.
type maker struct {
	recording *Recording
	registry  *vaurien.Registry

	mu     sync.Mutex
	actors map[string]*actors
}

func (m *maker) of(proxy string, p vaurien.Protocol) (*actors, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a := m.actors[proxy]; a != nil {
		return a, nil
	}
	lives := m.recording.proxies[proxy]
	if len(lives) == 0 {
		return nil, &option.Error{Name: "proxy", Problem: fmt.Sprintf("%q is not in the ledger %s", proxy, m.recording.path)}
	}
	a := &actors{lives: lives, plans: make([]map[uint64]behaviors, len(lives)), began: make(map[*vaurien.Proxy]int)}
	var errs []error
	for i, f := range lives {
		a.plans[i] = map[uint64]behaviors{0: {}}
		toxics := make(behaviors)
		for _, planned := range f.plans {
			b, err := m.behaviors(&planned, toxics, p)
			errs = append(errs, err)
			for name, c := range b {
				a.points |= c.Points()
				if a.plans[i][0][name] == nil {
					a.plans[i][0][name] = c
				}
			}
			a.plans[i][planned.Number] = b
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	m.actors[proxy] = a
	return a, nil
}

// behaviors are those of a plan and its toxics by the names that a ledger gives
// them.
type behaviors map[string]vaurien.Behavior

// always is a behavior that is chosen always, under the name that a ledger has
// for it.
func always(name string, b vaurien.Behavior) vaurien.Behavior {
	return vaurien.OneOf(vaurien.Choice{Weight: 100, Name: name, Behavior: b})
}

// counters are the options that count exchanges over all sessions, or let some
// of them pass first: the ledger knows what came of it.
var counters = []string{"after", "first", "every", "max", "warmup"}

// behaviors makes those of a plan. Toxics that are what they were in the plan
// before are those in toxics, with what they remember.
func (m *maker) behaviors(p *plan, toxics behaviors, protocol vaurien.Protocol) (behaviors, error) {
	out := make(behaviors)
	var errs []error
	for _, c := range p.Behaviors {
		b, err := m.behavior(c.Name, c.Options, append([]string{"match"}, counters...), p.place, protocol)
		errs = append(errs, err)
		out[c.Name] = always(c.Name, b)
	}
	for _, t := range p.Toxics {
		key := fmt.Sprint(t.Name, t.Behavior, t.Options)
		b := toxics[key]
		if b == nil {
			var err error
			b, err = m.behavior(t.Behavior, t.Options, counters, p.place, protocol)
			errs = append(errs, err)
			b = always(t.Name, b)
			toxics[key] = b
		}
		out[t.Name] = b
	}
	return out, errors.Join(errs...)
}

// behavior makes a behavior without some of its options.
func (m *maker) behavior(name string, options map[string]string, without []string, at string, p vaurien.Protocol) (vaurien.Behavior, error) {
	values := make(option.Values, len(options))
	for name, text := range options {
		values[name] = option.Value{Text: text, Place: at}
	}
	for _, name := range without {
		delete(values, name)
	}
	return m.registry.Behavior(name, values, at, p)
}

// actors are what acts in a proxy.
type actors struct {
	lives  []*life
	plans  []map[uint64]behaviors // of each life, by number; 0 has the first of each name
	points vaurien.Point          // of all of them

	mu    sync.Mutex
	began map[*vaurien.Proxy]int // which life of the proxy each is
}

// life returns which life of the recorded proxy p is: they come in their order.
func (a *actors) life(p *vaurien.Proxy) (int, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, is := a.began[p]
	if !is {
		n = len(a.began)
		a.began[p] = n
	}
	return n, n < len(a.lives)
}

// choose returns the behaviors of a plan that names lists, but for those that
// except lists. In the ledger of a replay an exchange may have met, close to a
// change of plans, what the other plan has.
func (a *actors) choose(life int, plan uint64, names, except string) vaurien.Behavior {
	var chosen []vaurien.Behavior
	all := a.plans[life][0]
	others := all.split(except)
	for _, name := range all.split(names) {
		if slices.Contains(others, name) {
			continue
		}
		b := a.plans[life][plan][name]
		if b == nil {
			b = all[name]
		}
		chosen = append(chosen, b)
	}
	if chosen == nil {
		return nil
	}
	return vaurien.Chain(chosen...)
}

// split returns those names of b that a ledger joined by plus signs, of which a
// toxic's name may have some itself.
func (b behaviors) split(names string) (out []string) {
	for names != "" {
		longest := ""
		for name := range b {
			if len(name) > len(longest) && (names == name || strings.HasPrefix(names, name+"+")) {
				longest = name
			}
		}
		if longest != "" {
			out = append(out, longest)
			names = strings.TrimPrefix(names[len(longest):], "+")
			continue
		}
		_, names, _ = strings.Cut(names, "+")
	}
	return out
}

// onConnection chooses what a connection meets for as long as it lasts.
type onConnection struct {
	*actors
	plan uint64
}

var _ vaurien.Selector = onConnection{}

func (o onConnection) OfConnection() bool    { return true }
func (o onConnection) Points() vaurien.Point { return o.points }

func (o onConnection) Select(e *vaurien.Event) vaurien.Behavior {
	n, is := o.life(e.Session.Proxy())
	if !is {
		return nil
	}
	return o.choose(n, o.plan, o.lives[n].sessions[place{e.Session.Number(), o.plan}], "")
}

func (o onConnection) Act(_ *vaurien.Event, next vaurien.Next) error { return next() }

// onExchange chooses what an exchange meets, beside what its connection does.
type onExchange struct {
	*actors
	plan uint64
}

var _ vaurien.Selector = onExchange{}

func (o onExchange) Points() vaurien.Point { return o.points }

func (o onExchange) Select(e *vaurien.Event) vaurien.Behavior {
	n, is := o.life(e.Session.Proxy())
	if !is || e.Exchange == 0 {
		return nil
	}
	d, is := o.lives[n].touched[place{e.Session.Number(), e.Exchange}]
	if !is {
		return nil
	}
	return o.choose(n, d.plan, d.names, o.lives[n].sessions[place{e.Session.Number(), o.plan}])
}

func (o onExchange) Act(_ *vaurien.Event, next vaurien.Next) error { return next() }
