package matrix

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// cases returns what the items come to, proxy by proxy, checked.
func (f *file) cases() ([]Case, error) {
	var all []Case
	var errs []error
	used := make([]bool, len(f.items))
	for _, p := range f.proxies {
		var own []Case
		for i, it := range f.items {
			if !it.isOf(p.Name) {
				continue
			}
			list, err := f.failures(it, p)
			used[i] = used[i] || len(list) > 0 || err != nil
			errs = append(errs, err)
			for _, failure := range list {
				c := Case{p.Name, failure}
				err := f.check(c, p)
				if err == nil {
					own, err = put(own, c)
				}
				errs = append(errs, err)
			}
		}
		all = append(all, own...)
	}
	for i, it := range f.items {
		switch err := f.checkProxies(it); {
		case err != nil:
			errs = append(errs, err)
		case !used[i]:
			errs = append(errs, f.unknown(it))
		}
	}
	return all, errors.Join(errs...)
}

// put adds c. What was written down takes the place of what a default list has
// under its name.
func put(cases []Case, c Case) ([]Case, error) {
	i := slices.IndexFunc(cases, func(o Case) bool { return o.Name == c.Name })
	switch {
	case i < 0:
		return append(cases, c), nil
	case c.Listed:
	case cases[i].Listed:
		cases[i] = c
	default:
		return cases, &option.Error{Place: c.Place, Name: "failures", Problem: fmt.Sprintf(
			"there is a failure named %s of %s already, at %s: give it a name of its own", c.Name, c.Proxy, cases[i].Place)}
	}
	return cases, nil
}

// failures returns what an item comes to for a proxy; none if it names what the
// proxy's protocol does not have.
func (f *file) failures(it item, p spec.Proxy) ([]Failure, error) {
	if it.failure == "" {
		return f.described(it)
	}
	if err := checkPattern(it.failure); err != nil {
		return nil, &option.Error{Place: it.place, Name: "failures", Problem: err.Error()}
	}
	known, err := Defaults(f.registry, f.protocol(p))
	if err != nil {
		return nil, err
	}
	var list []Failure
	for _, k := range known {
		if ok, _ := path.Match(it.failure, k.Name); ok || it.failure == everything {
			failure := it.finish(k)
			failure.Listed = k.Name != it.failure
			list = append(list, failure)
		}
	}
	if len(list) == 0 && f.isBehavior(it.failure) {
		it.failure, it.behavior = "", it.failure
		return f.described(it)
	}
	return list, nil
}

// described returns the failure that an item describes by a behavior or toxics.
func (f *file) described(it item) ([]Failure, error) {
	made := Failure{Name: it.behavior, Toxics: it.toxics}
	if it.behavior != "" {
		if strings.ContainsAny(it.behavior, ":,") {
			return nil, &option.Error{Place: it.place, Name: "behavior", Problem: fmt.Sprintf(
				"%q is a draw: write one behavior, and how often as percent: 20", it.behavior)}
		}
		plan := spec.Single(it.behavior, it.options.Clone(), it.place)
		plan.Entries[0].Weight = it.percent
		made.Plan = f.registry.NormalPlan(plan)
	}
	return []Failure{it.finish(made)}, nil
}

// protocol returns the protocol of a proxy, which was checked.
func (f *file) protocol(p spec.Proxy) string {
	if v, ok := p.Settings["protocol"]; ok {
		return v.Text
	}
	settings, _ := vaurien.NewSettings()
	return settings.Protocol
}

func (f *file) isBehavior(name string) bool {
	for _, k := range f.registry.Behaviors() {
		if option.Canonical(k.Name) == option.Canonical(name) {
			return true
		}
	}
	return false
}

// check says whether a case can be run.
func (f *file) check(c Case, p spec.Proxy) error {
	p = p.Clone()
	p.Plan, p.Toxics = c.Plan, c.Toxics
	_, err := f.registry.Build(p)
	return err
}

// checkProxies says whether all the proxies that an item names are there.
func (f *file) checkProxies(it item) error {
	for _, v := range it.proxies {
		one := item{proxies: []option.Value{v}}
		if !slices.ContainsFunc(f.names, one.isOf) {
			return &option.Error{Place: v.Place, Name: "proxies", Problem: fmt.Sprintf("there is no proxy %q%s", v.Text, nearest(v.Text, f.names))}
		}
	}
	return nil
}

// unknown says that nothing is called as an item says.
func (f *file) unknown(it item) error {
	known := []string{everything}
	for _, p := range f.proxies {
		list, err := Defaults(f.registry, f.protocol(p))
		if err != nil {
			return err
		}
		for _, k := range list {
			known = append(known, k.Name)
		}
	}
	for _, k := range f.registry.Behaviors() {
		known = append(known, k.Name)
	}
	near := option.DidYouMean(it.failure, known)
	if near == "" {
		near = "; vaurien matrix --list shows those that there are"
	}
	return &option.Error{Place: it.place, Name: "failures", Problem: fmt.Sprintf("unknown failure %q%s", it.failure, near)}
}
