package spec

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/vaurien-proxy/vaurien/option"
)

// yamlToxics reads a proxy's toxics: a list of mappings of name, behavior,
// percent and the behavior's options, which may also stand under options.
func (r *reader) yamlToxics(p *Proxy, at, value *yaml.Node) {
	const example = "write [{behavior: latency, percent: 50, latency: 100ms}]"
	if p.Toxics != nil {
		r.fail(at.Line, "toxics", "given already, at %s", p.Place)
		return
	}
	p.Toxics = []Toxic{}
	if value.Tag == "!!null" {
		return
	}
	if value.Kind != yaml.SequenceNode {
		r.fail(value.Line, "toxics", "takes a list, not %s: %s", describe(value), example)
		return
	}
	for _, item := range value.Content {
		if t, ok := r.yamlToxic(item, example); ok {
			p.Toxics = append(p.Toxics, t)
		}
	}
	var named []Toxic // the names of those without one depend on their kinds
	for _, t := range p.Toxics {
		if t.Name != "" {
			named = append(named, t)
		}
	}
	r.errs = append(r.errs, CheckToxics(named)...)
}

func (r *reader) yamlToxic(item *yaml.Node, example string) (Toxic, bool) {
	t := Toxic{Percent: 100, Options: option.Values{}, Place: r.place(item.Line)}
	written := option.Values{}
	before := len(r.errs)
	var nested *yaml.Node
	r.mapping(item, "toxics", func(key string, at, value *yaml.Node) {
		if option.Canonical(key) == "options" {
			nested = value
			return
		}
		if text, ok := r.scalar(key, value); ok {
			r.put(written, option.Canonical(key), key, text, at.Line)
		}
	})
	if len(r.errs) > before {
		return t, false
	}
	t.Name, t.Behavior = written["name"].Text, written["behavior"].Text
	if t.Behavior == "" {
		r.fail(item.Line, "toxics", "names no behavior: %s", example)
		return t, false
	}
	if percent, ok := written["percent"]; ok {
		v, err := strconv.ParseFloat(strings.TrimSuffix(percent.Text, "%"), 64)
		if err != nil || !(v >= 0 && v <= 100) {
			r.errs = append(r.errs, &option.Error{Place: percent.Place, Name: "percent",
				Problem: strconv.Quote(percent.Text) + " is not a percentage: write a number from 0 to 100"})
			return t, false
		}
		t.Percent = v
	}
	r.keep(t.Options, t.Behavior, written, "name", "behavior", "percent")
	if nested != nil { // for an option that is called as a key is
		options := option.Values{}
		r.mapping(nested, "options", func(key string, at, value *yaml.Node) {
			if text, ok := r.scalar(key, value); ok {
				r.put(options, option.Canonical(key), key, text, at.Line)
			}
		})
		r.keep(t.Options, t.Behavior, options)
	}
	return t, len(r.errs) == before
}
