package spec

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/vaurien-proxy/vaurien/option"
)

// yaml reads the YAML form:
//
//	http: localhost:8080           settings of the program
//	statsd: {enabled: true}        those that begin with statsd-
//	proxies:                       any number of proxies by name
//	  web:
//	    backend: localhost:80      settings of a proxy
//	    behavior: 20:delay         its draw; or a list, [{weight: 20, name: delay, sleep: 2}]
//	    behaviors: {delay: {sleep: 2}, mine: {callable: mine.star}}
//	    protocols: {http: {overwrite-host-header: true}}
//	    toxics: [{behavior: latency, percent: 50, latency: 100ms}]
//	matrix: {…}                    what package matrix reads
//
// What is said of a proxy at the top holds for all of them, or, if none is
// named, describes the one proxy DefaultProxy. It is read through the
// library's nodes, which know their lines.
func (r *reader) yaml(data []byte) {
	root, ok := r.yamlRoot(data)
	if !ok {
		return
	}
	shared := newProxy(DefaultProxy, r.place(root.Line))
	var proxies *yaml.Node
	r.mapping(root, "", func(key string, at, value *yaml.Node) {
		switch prefix, isGroup := r.group(key); {
		case option.Canonical(key) == "proxies":
			if proxies != nil {
				r.fail(at.Line, key, "given already, at %s", r.place(proxies.Line))
			}
			proxies = value
		case option.Canonical(key) == "matrix":
			r.file.Matrix = &Node{&reader{words: r.words, file: File{Name: r.file.Name}}, value}
		case isGroup:
			r.mapping(value, key, func(key string, at, value *yaml.Node) {
				if text, ok := r.scalar(key, value); ok {
					r.grouped(prefix, key, text, at.Line)
				}
			})
		default:
			r.proxyKey(&shared, true, key, at, value)
		}
	})
	if proxies == nil {
		if shared.Says() {
			r.file.Proxies = []Proxy{shared}
		}
		return
	}
	if written, ok := shared.Settings["proxy"]; ok {
		r.errs = append(r.errs, &option.Error{
			Place: written.Place, Name: "proxy",
			Problem: "the proxies below cannot share an address: write it in one of them",
		})
		delete(shared.Settings, "proxy")
	}
	r.mapping(proxies, "proxies", func(name string, at, value *yaml.Node) {
		p := newProxy(name, r.place(at.Line))
		if err := CheckName(name); err != nil {
			r.fail(at.Line, "", "%s", err)
		}
		r.mapping(value, name, func(key string, at, value *yaml.Node) {
			r.proxyKey(&p, false, key, at, value)
		})
		merged := shared.Merge(p)
		merged.Name, merged.Place = p.Name, p.Place
		r.file.Proxies = append(r.file.Proxies, merged)
	})
	if len(r.file.Proxies) == 0 && len(r.errs) == 0 {
		r.fail(proxies.Line, "proxies", "names no proxy: write NAME: {proxy: HOST:PORT, backend: HOST:PORT}")
	}
}

// yamlRoot reads the one document; false if it is empty or wrong.
func (r *reader) yamlRoot(data []byte) (*yaml.Node, bool) {
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	var doc, second yaml.Node
	if err == nil {
		err = loader.Load(&doc)
	}
	if err == nil && loader.Load(&second) == nil {
		r.fail(second.Line, "", "a second document begins: write all in one")
		return nil, false
	}
	switch failure := (*yaml.LoadError)(nil); {
	case errors.Is(err, io.EOF):
		return nil, false
	case errors.As(err, &failure):
		r.fail(failure.Mark.Line, "", "not YAML: %s", oneLine(failure.Message))
		return nil, false
	case err != nil:
		r.fail(0, "", "not YAML: %s", oneLine(err.Error()))
		return nil, false
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 || doc.Content[0].Tag == "!!null" {
		return nil, false
	}
	return doc.Content[0], true
}

// proxyKey reads one key of a proxy.
func (r *reader) proxyKey(p *Proxy, whole bool, key string, at, value *yaml.Node) {
	value = resolve(value)
	if kind, ok := kinds[option.Canonical(key)]; ok && value.Kind == yaml.MappingNode && len(value.Content) > 0 {
		r.yamlSections(p, kind, key, value)
		return
	}
	switch option.Canonical(key) {
	case "behaviors", "handlers", "protocols":
		if value.Tag != "!!null" {
			r.mapping(value, key, nil)
		}
		return
	}
	if option.Canonical(key) == "toxics" {
		r.yamlToxics(p, at, value)
		return
	}
	if r.isDraw(key) && value.Kind == yaml.SequenceNode {
		plan, ok := r.yamlPlan(key, value)
		if ok {
			r.draw(p, key, plan, plan.Check(r.place(at.Line)), at.Line)
		}
		return
	}
	if text, ok := r.scalar(key, value); ok {
		r.setting(p, whole, key, text, at.Line)
	}
}

// yamlSections reads options by the name of their behavior or protocol.
func (r *reader) yamlSections(p *Proxy, kind, key string, value *yaml.Node) {
	r.mapping(value, key, func(name string, at, value *yaml.Node) {
		scripted := kind == "behavior" && hasCallable(value)
		values, set := r.sectionOf(p, kind, name, key, scripted, at.Line)
		if set == nil || resolve(value).Tag == "!!null" {
			return
		}
		r.mapping(value, name, func(key string, at, value *yaml.Node) {
			text, ok := r.scalar(key, value)
			switch {
			case !ok:
			case scripted && isCallable(key):
				r.callable(name, key, text, at.Line)
			default:
				r.options(values, set, key, text, at.Line)
			}
		})
	})
}

// yamlPlan reads a draw written as a list, whose items are parts of a draw as
// text or mappings of weight, name and the behavior's options.
func (r *reader) yamlPlan(key string, list *yaml.Node) (Plan, bool) {
	var plan Plan
	before := len(r.errs)
	for _, item := range list.Content {
		item = resolve(item)
		if item.Kind == yaml.ScalarNode {
			part, err := ParseDraw(item.Value, r.place(item.Line))
			if err != nil {
				r.errs = append(r.errs, err)
				continue
			}
			plan.Entries = append(plan.Entries, part.Entries...)
			continue
		}
		if e, ok := r.yamlEntry(key, item); ok {
			plan.Entries = append(plan.Entries, e)
		}
	}
	if len(list.Content) == 0 {
		r.fail(list.Line, key, "the draw is empty: write PERCENT:BEHAVIOR, as in 20:delay, or 100:dummy for none")
	}
	return plan, len(r.errs) == before
}

func (r *reader) yamlEntry(key string, item *yaml.Node) (Entry, bool) {
	written := option.Values{}
	before := len(r.errs)
	r.mapping(item, key, func(key string, at, value *yaml.Node) {
		name := option.Canonical(key)
		if name == "behavior" || name == "handler" {
			name = "name"
		}
		if text, ok := r.scalar(key, value); ok {
			r.put(written, name, key, text, at.Line)
		}
	})
	if len(r.errs) > before {
		return Entry{}, false
	}
	name, named := written["name"]
	if !named {
		r.fail(item.Line, key, "names no behavior: write {weight: 20, name: delay}")
		return Entry{}, false
	}
	draw := name.Text
	if path, ok := written["callable"]; ok {
		r.callable(name.Text, "callable", path.Text, item.Line)
	}
	if w, ok := written["weight"]; ok {
		draw, name.Place = w.Text+":"+draw, w.Place
	}
	part, err := ParseDraw(draw, name.Place)
	if err == nil && len(part.Entries) != 1 {
		r.fail(item.Line, key, "%q is several behaviors: write each as an item of its own", draw)
		return Entry{}, false
	}
	if err != nil {
		r.errs = append(r.errs, err)
		return Entry{}, false
	}
	e := part.Entries[0]
	e.Place, e.Options = written["name"].Place, option.Values{}
	r.keep(e.Options, e.Name, written, "name", "weight", "callable")
	return e, true
}

// keep puts what was written of a behavior, except those keys, into options.
func (r *reader) keep(options option.Values, behavior string, written option.Values, except ...string) {
	set := behaviorSet(r.words.Behaviors, behavior)
	for key, v := range written {
		if slices.Contains(except, key) {
			continue
		}
		if set != nil && set.Lookup(key) != nil {
			key = set.Lookup(key).Name
		}
		options[key] = v
	}
}
