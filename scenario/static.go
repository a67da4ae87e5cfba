package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// CheckProxies says whether the scenario can be played on proxies such as these.
// If there are none, what depends on them is not checked: which there are, and
// what their protocols can do. Errors are *option.Error, one or several joined.
func (s *Scenario) CheckProxies(reg *vaurien.Registry, proxies []spec.Proxy) error {
	var errs []error
	for _, step := range s.leaves {
		if c := step.Change; c != nil {
			p, protocol, err := c.proxy(reg, proxies)
			if err == nil {
				err = c.check(reg, p, protocol)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// proxy returns the one of proxies that a change is about, and its protocol.
func (c *Change) proxy(reg *vaurien.Registry, proxies []spec.Proxy) (spec.Proxy, vaurien.Protocol, error) {
	if len(proxies) == 0 {
		return spec.Proxy{}, nil, nil
	}
	name := cmp.Or(c.Proxy, spec.DefaultProxy)
	i := slices.IndexFunc(proxies, func(p spec.Proxy) bool { return p.Name == name })
	if c.Proxy == "" && len(proxies) == 1 {
		i = 0
	}
	if i < 0 {
		var known []string
		for _, p := range proxies {
			known = append(known, p.Name)
		}
		return spec.Proxy{}, nil, &option.Error{Place: c.Place, Name: "proxy", Problem: fmt.Sprintf("there is no proxy %q; known: %s", name, strings.Join(known, ", "))}
	}
	p := reg.Normal(proxies[i])
	cfg, err := reg.Build(p)
	return p, cfg.Protocol, err
}

func (c *Change) check(reg *vaurien.Registry, p spec.Proxy, protocol vaurien.Protocol) error {
	var errs []error
	if c.Plan != nil {
		_, err := reg.Compile(reg.NormalPlan(*c.Plan), p.Behaviors, protocol)
		errs = append(errs, err)
	}
	_, err := reg.Toxics(reg.NormalToxics(c.Toxics, p.Behaviors), p.Behaviors, protocol)
	return errors.Join(append(errs, err)...)
}

// A Line says in words what a step is.
type Line struct{ When, Name, Does string }

// Lines says in words what the scenario does, a step a line.
func (s *Scenario) Lines() []Line { return lines(s.Steps, "") }

func lines(steps []*Step, indent string) []Line {
	var out []Line
	for i, s := range steps {
		when := "then"
		switch {
		case s.At != nil:
			when = "at " + option.FormatDuration(*s.At)
		case i == 0:
			when = "first"
		}
		var parts []string
		switch {
		case s.Repeat == Forever:
			parts = append(parts, "again and again")
		case s.Repeat > 1:
			parts = append(parts, fmt.Sprintf("%d times", s.Repeat))
		}
		if s.Every > 0 {
			parts = append(parts, "every "+option.FormatDuration(s.Every))
		}
		if s.Steps == nil {
			parts = slices.Insert(parts, 0, s.span())
			if s.Change != nil && s.Change.Proxy != "" {
				parts = append(parts, "proxy "+s.Change.Proxy)
			}
			parts = append(parts, s.does())
		}
		out = append(out, Line{indent + when, s.Name, strings.Join(parts, ", ")})
		out = append(out, lines(s.Steps, indent+"  ")...)
	}
	return out
}

// span says how long a step lasts.
func (s *Step) span() string {
	switch {
	case s.Until == Released && s.For > 0:
		return "until it is released, for " + option.FormatDuration(s.For) + " at most"
	case s.Until == Released:
		return "until it is released"
	case s.Until == End:
		return "until the end"
	}
	return "for " + option.FormatDuration(s.For)
}
