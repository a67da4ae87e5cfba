package vaurientest

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// Options are options of a behavior or a protocol by name, as
// docs/reference.md lists them: {"kind": "readonly", "first": 3, "sleep":
// 200 * time.Millisecond}. A value is a string, a bool, a number or a
// time.Duration. Hyphens and underscores in names are the same.
//
// Beside a plan of several behaviors the name says whose option it is:
// {"delay.sleep": "2s", "error.kind": "readonly"}.
type Options map[string]any

// An Option says how a proxy is to be.
type Option func(*config)

// config is what the options of New say.
type config struct {
	proxy    spec.Proxy
	registry *vaurien.Registry
	logger   *slog.Logger
	patience time.Duration
	errs     []error
}

func (c *config) fail(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

// Protocol says what is spoken, so that requests can be told apart: "http",
// "redis", "postgres" … The default is what the backend's URL says, or "tcp".
func Protocol(name string, options ...Options) Option {
	return func(c *config) {
		c.proxy.Settings["protocol"] = option.Value{Text: name}
		values, err := valuesOf(options)
		c.fail(err)
		c.proxy.Protocols[name] = values
	}
}

// Behavior is the plan from the start, as [Proxy.With] takes it. The default is
// to leave all traffic alone.
func Behavior(plan string, options ...Options) Option {
	return func(c *config) {
		var err error
		c.proxy.Plan, err = planOf(plan, options)
		c.fail(err)
	}
}

// Toxic adds a behavior that acts beside the plan, on whole connections. The
// first one of a kind bears its name, the second one is latency-2.
func Toxic(behavior string, options ...Options) Option {
	return func(c *config) {
		values, err := valuesOf(options)
		c.fail(err)
		name, same := behavior, 1
		for _, t := range c.proxy.Toxics {
			if t.Behavior == behavior {
				same++
				name = fmt.Sprintf("%s-%d", behavior, same)
			}
		}
		c.proxy.Toxics = append(c.proxy.Toxics, spec.Toxic{Name: name, Behavior: behavior, Percent: 100, Options: values})
	}
}

// Seed fixes the seed of the dice. Without it, it is that of the environment's
// VAURIEN_SEED or one chosen by chance, which a failed test prints.
func Seed(seed uint64) Option { return Setting("seed", seed) }

// Name names the proxy, in the log and for the dice: proxies of one test and
// one seed meet different fates for their names. The default is made of the
// test's name and the protocol's.
func Name(name string) Option { return func(c *config) { c.proxy.Name = name } }

// Setting gives any other setting of a proxy, as docs/reference.md lists them:
// Setting("draw", "connection"), Setting("timeout", time.Second).
func Setting(name string, value any) Option {
	return func(c *config) {
		text, err := textOf(value)
		if err != nil {
			err = fmt.Errorf("setting %s: %w", name, err)
		}
		c.fail(err)
		c.proxy.Settings[option.Canonical(name)] = option.Value{Text: text}
	}
}

// Logger takes the proxy's log. By default its warnings and errors are the
// test's.
func Logger(l *slog.Logger) Option { return func(c *config) { c.logger = l } }

// Patience is how long the Wait methods wait, 10 seconds by default, and never
// longer than the test's deadline allows.
func Patience(d time.Duration) Option { return func(c *config) { c.patience = d } }

// Registry gives the behaviors and protocols that can be named, in place of
// those that ship with Vaurien (package builtin).
func Registry(r *vaurien.Registry) Option { return func(c *config) { c.registry = r } }

// planOf reads a plan and the options of its behaviors.
func planOf(text string, options []Options) (spec.Plan, error) {
	plan, err := spec.ParseDraw(text, "")
	if err != nil {
		return plan, err
	}
	values, err := valuesOf(options)
	if err != nil {
		return plan, err
	}
	for name, value := range values {
		behavior, own, named := strings.Cut(name, ".")
		switch {
		case !named && len(plan.Entries) == 1:
			behavior, own = plan.Entries[0].Name, name
		case !named:
			return plan, fmt.Errorf("option %s: whose is it? The plan is %s: write \"%s.%s\"", name, text, plan.Entries[0].Name, name)
		}
		found := false
		for i := range plan.Entries {
			e := &plan.Entries[i]
			if option.Canonical(e.Name) == option.Canonical(behavior) {
				e.Options, found = e.Options.Merge(option.Values{own: value}), true
			}
		}
		if !found {
			return plan, fmt.Errorf("option %s: there is no behavior %q in the plan %s", name, behavior, text)
		}
	}
	return plan, nil
}

// valuesOf writes options as text; later ones go over earlier ones.
func valuesOf(options []Options) (option.Values, error) {
	values := make(option.Values)
	for _, some := range options {
		for name, value := range some {
			text, err := textOf(value)
			if err != nil {
				return nil, fmt.Errorf("option %s: %w", name, err)
			}
			values[option.Canonical(name)] = option.Value{Text: text}
		}
	}
	return values, nil
}

// textOf writes a value as the option's own parser reads it.
func textOf(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case time.Duration:
		return option.FormatDuration(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case bool, int, int64, uint64:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("a %T is no value: write a string, a bool, a number or a time.Duration", value)
}
