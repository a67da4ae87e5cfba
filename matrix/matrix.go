package matrix

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/internal/command"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A Matrix is what is to be tried.
type Matrix struct {
	Settings Settings
	Proxies  []spec.Proxy // on free ports, with nothing that is done to their traffic
	Cases    []Case       // by proxy, and in their order
	Rules    []Rule
	Env      []command.Template

	// SetAside says what was to be done to the proxies' traffic, which it is
	// not: a run has one failure.
	SetAside []string

	registry *vaurien.Registry
}

// New returns the matrix of the proxies. node is what a file says of it, and may
// be nil; settings and env, each NAME=TEMPLATE, go over it. All of it is checked:
// errors are *option.Error, one or several joined.
func New(r *vaurien.Registry, proxies []spec.Proxy, node *spec.Node, settings option.Values, env []string) (*Matrix, error) {
	m := &Matrix{registry: r}
	names := make([]string, len(proxies))
	for i, p := range proxies {
		names[i] = p.Name
		m.Proxies = append(m.Proxies, m.plain(p))
	}
	f := &file{registry: r, proxies: m.Proxies, names: names, values: option.Values{}}
	if node != nil && !node.IsEmpty() {
		f.read(node)
	}
	own, set := NewSettings()
	errs := []error{f.err, set.Assign(f.values.Merge(settings))}
	m.Settings, m.Rules, m.Env = *own, f.rules, f.env
	for _, text := range env {
		t, err := command.ParseTemplate(text, "--env", names)
		errs = append(errs, err)
		m.Env = append(m.Env, t)
	}
	if f.items == nil {
		f.items = []item{{failure: everything}}
	}
	cases, err := f.cases()
	errs = append(errs, err)
	m.Cases = cases
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return m, nil
}

// plain returns p without a failure of its own, on a free port.
func (m *Matrix) plain(p spec.Proxy) spec.Proxy {
	p = p.Clone()
	if len(p.Plan.Entries) > 0 && p.Plan.Draw() != "100:dummy" {
		m.SetAside = append(m.SetAside, fmt.Sprintf("the behavior %s of proxy %s", p.Plan.Draw(), p.Name))
	}
	if len(p.Toxics) > 0 {
		m.SetAside = append(m.SetAside, fmt.Sprintf("%d toxics of proxy %s", len(p.Toxics), p.Name))
	}
	p.Plan, p.Toxics = spec.Plan{}, []spec.Toxic{}
	p.Settings["proxy"] = option.Value{Text: "127.0.0.1:0"}
	p.Settings["enabled"] = option.Value{Text: "true"}
	return p
}

// Select keeps the cases that match one of only, if there are any, and none of
// skip. A pattern is a name or has * for anything: db/hang, db, error:*.
func (m *Matrix) Select(only, skip []string) error {
	var errs []error
	check := func(flag string, patterns []string) {
		for _, pattern := range patterns {
			problem := checkPattern(pattern)
			if problem == nil && !slices.ContainsFunc(m.Cases, func(c Case) bool { return matches(pattern, c) }) {
				problem = fmt.Errorf("%q matches no failure%s (vaurien matrix --list shows them)", pattern, m.nearest(pattern))
			}
			if problem != nil {
				errs = append(errs, &option.Error{Place: flag, Problem: problem.Error()})
			}
		}
	}
	check("--only", only)
	check("--skip", skip)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	named := func(patterns []string, c Case) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, c) })
	}
	m.Cases = slices.DeleteFunc(m.Cases, func(c Case) bool {
		return len(only) > 0 && !named(only, c) || named(skip, c)
	})
	if len(m.Cases) == 0 {
		return &option.Error{Place: "--skip", Problem: "nothing is left to try"}
	}
	return nil
}

func (m *Matrix) nearest(pattern string) string {
	var known []string
	for _, c := range m.Cases {
		if strings.Contains(pattern, "/") {
			known = append(known, c.ID())
		} else {
			known = append(known, c.Name, c.Proxy)
		}
	}
	return option.DidYouMean(pattern, known)
}
