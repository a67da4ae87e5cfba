package config

import (
	"errors"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A Layer is what the flags or the environment say: of the program, and of one
// proxy. Nothing is in it that was not written. The zero Layer says nothing.
type Layer struct {
	Program option.Values
	Proxy   spec.Proxy // without a plan: its draw is the setting behavior, as text
}

// Set puts a value in the layer, in place of one it has.
func (l *Layer) Set(f Field, v option.Value) {
	values := &l.Proxy.Settings
	switch f.Group {
	case OfProgram:
		values = &l.Program
	case OfBehavior:
		values = section(&l.Proxy.Behaviors, f.Kind)
	case OfProtocol:
		values = section(&l.Proxy.Protocols, f.Kind)
	}
	if *values == nil {
		*values = option.Values{}
	}
	(*values)[f.Option.Name] = v
	switch f.Group {
	case OfBehavior:
		l.Proxy.Behaviors[f.Kind] = *values
	case OfProtocol:
		l.Proxy.Protocols[f.Kind] = *values
	}
}

func section(m *map[string]option.Values, kind string) *option.Values {
	if *m == nil {
		*m = map[string]option.Values{}
	}
	values := (*m)[kind]
	return &values
}

// proxy returns what the layer says of a proxy, with its draw as a plan.
func (l Layer) proxy() (spec.Proxy, error) {
	p := l.Proxy.Clone()
	draw, ok := p.Settings["behavior"]
	if !ok {
		return p, nil
	}
	delete(p.Settings, "behavior")
	plan, err := spec.ParseDraw(draw.Text, draw.Place)
	p.Plan, _ = plan.NameScripts("") // see Source.Scripts
	return p, err
}

// apply puts what the layer says over proxies, in place: its seed over each of
// them, the rest over the proxy named default, or the only one there is.
func (l Layer) apply(proxies []spec.Proxy, file string) error {
	over, err := l.proxy()
	if err != nil {
		return err
	}
	if seed, ok := over.Settings["seed"]; ok {
		for i := range proxies {
			proxies[i].Settings["seed"] = seed
		}
		delete(over.Settings, "seed")
	}
	if !over.Says() {
		return nil
	}
	target := -1
	for i, p := range proxies {
		if p.Name == spec.DefaultProxy || len(proxies) == 1 {
			target = i
		}
	}
	if target < 0 {
		var errs []error
		for _, place := range places(over) {
			errs = append(errs, &option.Error{Place: place, Problem: "for which proxy? " + file +
				" describes several, none of them named " + spec.DefaultProxy + ": write it there"})
		}
		return errors.Join(errs...)
	}
	proxies[target] = proxies[target].Merge(over)
	return nil
}
