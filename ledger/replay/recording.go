// Package replay lets proxies do again what a ledger says that they did.
//
// A [Recording] has what the ledger's last run knows of each proxy: its plans,
// and which behaviors every session and exchange met. Its [Recording.Kind] is a
// behavior that meets the same sessions and exchanges, by their numbers, with
// the same behaviors, whatever dice, conditions and counters say now. What these
// do is what it was then, since it follows from the seed, the proxy's name and
// the same numbers.
package replay

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A Recording is a run that can be done again.
type Recording struct {
	path    string
	proxies map[string][]*life
}

// A life of a proxy lasts from when it begins to listen until it is gone. Its
// sessions are counted from 1.
type life struct {
	server   ledger.Server
	up       time.Time
	first    time.Time // when its first session began; zero: it had none
	plans    []plan
	sessions map[place]string   // by session and plan: which behaviors the connection met
	touched  map[place]decision // by session and exchange: what something was done to
}

// A place is a session and a plan, or an exchange in it.
type place struct{ session, number uint64 }

// A decision is which behaviors, of which plan, an exchange met.
type decision struct {
	plan  uint64
	names string // joined by plus signs
}

// A plan is one of a proxy's.
type plan struct {
	ledger.Plan
	at    time.Time
	place string // in the ledger
}

// Read reads the last run of the ledger at path. Errors are *option.Error.
func Read(path string) (*Recording, error) {
	r := &Recording{path: path, proxies: make(map[string][]*life)}
	for l, err := range ledger.LastRun(path) {
		if err != nil {
			return nil, err
		}
		if l.Proxy != "" {
			r.take(&l)
		}
	}
	if len(r.proxies) == 0 {
		return nil, &option.Error{Place: path, Problem: "tells of no proxy: there is nothing to do again"}
	}
	return r, nil
}

func (r *Recording) take(l *ledger.Line) {
	lives := r.proxies[l.Proxy]
	if l.Type == ledger.ProxyType && l.Server != nil {
		if begins(lives, l) {
			r.proxies[l.Proxy] = append(lives, &life{
				server: *l.Server, up: l.Time, sessions: make(map[place]string), touched: make(map[place]decision),
			})
		}
		return
	}
	if len(lives) > 0 {
		lives[len(lives)-1].take(l)
	}
}

// begins reports whether a proxy that had these lives begins another. A file
// that goes on says again what is so.
func begins(lives []*life, l *ledger.Line) bool {
	if len(lives) == 0 {
		return l.State != ledger.StateGone
	}
	return l.State == ledger.StateUp && lives[len(lives)-1].up.Before(l.Time)
}

func (f *life) take(l *ledger.Line) {
	switch l.Type {
	case ledger.PlanType:
		if f.plan(l.InPlan.Number) == nil {
			f.plans = append(f.plans, plan{*l.InPlan, l.Time, l.Place})
		}
	case ledger.SessionType:
		if l.State == ledger.StateOpen && f.first.IsZero() {
			f.first = l.Time
		}
	case ledger.ExchangeType:
		if l.Exchange == 0 {
			at := place{l.Session, l.Plan}
			if _, is := f.sessions[at]; !is {
				f.sessions[at] = l.Behavior
			}
		} else if f.server.Draw != "connection" && len(l.Deeds) > 0 {
			f.touched[place{l.Session, l.Exchange}] = decision{l.Plan, l.Behavior}
		}
	}
}

// plan returns the plan of that number; nil if the ledger does not have it.
func (f *life) plan(number uint64) *plan {
	for i := range f.plans {
		if f.plans[i].Number == number {
			return &f.plans[i]
		}
	}
	return nil
}

// A Change is a plan that is put in force.
type Change struct {
	Plan  uint64        // its number
	After time.Duration // after the proxy's first session began
}

// Changes returns the plan that a proxy begins with, and those that were put in
// force after its first session had begun, until it was gone for the first time.
func (r *Recording) Changes(proxy string) (first uint64, later []Change) {
	if len(r.proxies[proxy]) == 0 {
		return 0, nil
	}
	f := r.proxies[proxy][0]
	for _, p := range f.plans {
		if first == 0 || f.first.IsZero() || !p.at.After(f.first) {
			first = p.Number
			continue
		}
		later = append(later, Change{p.Number, p.at.Sub(f.first)})
	}
	return first, later
}

// Proxies makes of proxies, as their settings have them, what does the run
// again: with its seeds, and the behavior of Kind in the place of plans and
// toxics. Errors are *option.Error.
func (r *Recording) Proxies(proxies []spec.Proxy) ([]spec.Proxy, error) {
	var errs []error
	out := make([]spec.Proxy, len(proxies))
	for i, p := range proxies {
		p = p.Clone()
		lives := r.proxies[p.Name]
		if len(lives) == 0 {
			errs = append(errs, &option.Error{Place: p.Place, Problem: fmt.Sprintf("proxy %s is not in the ledger %s, which has %s",
				p.Name, r.path, strings.Join(slices.Sorted(maps.Keys(r.proxies)), ", "))})
			continue
		}
		server := lives[0].server
		if v, said := p.Settings["protocol"]; said && v.Text != server.Protocol || !said && server.Protocol != "tcp" {
			errs = append(errs, &option.Error{Place: v.Place, Problem: fmt.Sprintf("proxy %s spoke %s in the ledger %s: give it the same protocol",
				p.Name, server.Protocol, r.path)})
		}
		p.Settings["seed"] = option.Value{Text: strconv.FormatUint(server.Seed, 10), Place: r.path}
		p.Settings["draw"] = option.Value{Text: server.Draw, Place: r.path}
		first, _ := r.Changes(p.Name)
		p.Plan, p.Toxics = Plan(p.Name, first, r.path), []spec.Toxic{}
		out[i] = p
	}
	return out, errors.Join(errs...)
}

// Told returns what a ledger is to have of a plan: in the place of one that does
// again what the recording says, the recorded one, so that the ledger of a replay
// can be replayed.
func (r *Recording) Told(proxy string, p *ledger.Plan) *ledger.Plan {
	if len(p.Behaviors) != 1 || p.Behaviors[0].Name != Name {
		return p
	}
	number, _ := strconv.ParseUint(p.Behaviors[0].Options["plan"], 10, 64)
	for _, f := range r.proxies[proxy] {
		if recorded := f.plan(number); recorded != nil {
			told := recorded.Plan
			told.Number = p.Number
			return &told
		}
	}
	return p
}

// Plan returns a plan that does again what a proxy did by its plan of that
// number.
func Plan(proxy string, number uint64, place string) spec.Plan {
	return spec.Single(Name, option.Values{
		"proxy": {Text: proxy, Place: place},
		"plan":  {Text: strconv.FormatUint(number, 10), Place: place},
	}, place)
}
