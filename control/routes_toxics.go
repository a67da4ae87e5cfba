package control

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// What bodies about toxics may look like, for error messages.
const (
	toxicExample   = `{"behavior": "latency", "percent": 50, "options": {"latency": "100ms"}}`
	toxicsExample  = `[` + toxicExample + `]`
	enabledExample = `{"enabled": false}`
	patchExample   = `{"backend": "localhost:80", "enabled": true}`
)

// toxicRoutes is the part of our own dialect about toxics and about proxies
// that are not enabled.
func (a *api) toxicRoutes() []route {
	return []route{
		{"PATCH", "/proxies/{name}", a.patchProxy, failOwn},
		{"POST", "/proxies/{name}/enabled", a.setEnabled, failOwn},
		{"GET", "/proxies/{name}/toxics", a.listToxics, failOwn},
		{"PUT", "/proxies/{name}/toxics", a.setToxics, failOwn},
		{"POST", "/proxies/{name}/toxics", a.putToxic, failOwn},
		{"PUT", "/proxies/{name}/toxics/{toxic}", a.putToxic, failOwn},
		{"DELETE", "/proxies/{name}/toxics/{toxic}", a.removeToxic, failOwn},
	}
}

// read returns the body of a request without parameters.
func read(r *http.Request, example string) (node, error) {
	if _, err := query(r); err != nil {
		return node{}, err
	}
	return readJSON(r, example)
}

func readJSON(r *http.Request, example string) (node, error) {
	body, err := readBody(r)
	if err != nil {
		return node{}, err
	}
	return parseJSON(body, example)
}

func (a *api) patchProxy(r *http.Request) (reply, error) {
	q, err := query(r, "dry-run")
	if err != nil {
		return reply{}, err
	}
	dry, err := queryDryRun(q)
	if err != nil {
		return reply{}, err
	}
	n, err := readJSON(r, patchExample)
	if err == nil {
		err = n.must(objectNode, "", patchExample)
	}
	if err == nil {
		err = n.only("", "proxy", "backend", "enabled", "toxics", "for")
	}
	if err != nil {
		return reply{}, err
	}
	change := Patch{DryRun: dry}
	var errs []error
	for _, f := range n.fields {
		switch f.key {
		case "toxics":
			list, err := decodeToxics(f.node, "toxics")
			errs = append(errs, err)
			change.Toxics = &list
		case "enabled":
			on, err := f.truth("enabled")
			errs = append(errs, err)
			change.Enabled = &on
		case "for":
			var err error
			change.For, err = f.lasting("for")
			errs = append(errs, err)
		case "proxy":
			errs = append(errs, f.must(stringNode, f.key, patchExample))
			change.Proxy = &f.text
		case "backend":
			errs = append(errs, f.must(stringNode, f.key, patchExample))
			change.Backend = &f.text
		}
	}
	if err := errors.Join(errs...); err != nil {
		return reply{}, err
	}
	p, err := a.c.Patch(r.Context(), pathName(r), change)
	return reply{json: p}, err
}

func (a *api) setEnabled(r *http.Request) (reply, error) {
	n, err := read(r, enabledExample)
	if err == nil {
		err = n.must(objectNode, "", enabledExample)
	}
	if err == nil {
		err = n.only("", "enabled")
	}
	if err != nil {
		return reply{}, err
	}
	f, ok := n.get("enabled")
	if !ok {
		return reply{}, &option.Error{Place: "enabled", Problem: "is missing: write " + enabledExample}
	}
	on, err := f.truth("enabled")
	if err != nil {
		return reply{}, err
	}
	p, err := a.c.SetEnabled(r.Context(), pathName(r), on)
	return reply{json: p}, err
}

// truth reads true or false.
func (n node) truth(path string) (bool, error) {
	return n.text == "true", n.must(boolNode, path, enabledExample)
}

// lasting reads how long something lasts.
func (n node) lasting(path string) (time.Duration, error) {
	v, err := n.value(path)
	if err != nil {
		return 0, err
	}
	d, err := decodeFor(v.Text, path)
	if err != nil {
		return 0, err
	}
	return d, checkFor(path, d)
}

func (a *api) listToxics(r *http.Request) (reply, error) {
	p, err := a.named(r)
	return reply{json: p.Toxics}, err
}

func (a *api) setToxics(r *http.Request) (reply, error) {
	n, err := read(r, toxicsExample)
	if err != nil {
		return reply{}, err
	}
	list, err := decodeToxics(n, "toxics")
	if err != nil {
		return reply{}, err
	}
	p, err := a.c.SetToxics(r.Context(), pathName(r), list)
	return reply{json: p}, err
}

func (a *api) putToxic(r *http.Request) (reply, error) {
	n, err := read(r, toxicExample)
	if err != nil {
		return reply{}, err
	}
	t, err := decodeToxic(n, "")
	if err != nil {
		return reply{}, err
	}
	if name := r.PathValue("toxic"); name != "" {
		if t.Name != "" && t.Name != name {
			return reply{}, &option.Error{Place: "name", Problem: fmt.Sprintf("is not the %q of the path: leave it out", name)}
		}
		t.Name = name
	}
	p, err := a.c.PutToxic(r.Context(), pathName(r), t)
	return reply{json: p}, err
}

func (a *api) removeToxic(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	p, err := a.c.RemoveToxic(r.Context(), pathName(r), r.PathValue("toxic"))
	return reply{json: p}, err
}

// decodeToxics reads a list of toxics. It may be sent back as it was got.
func decodeToxics(n node, path string) ([]spec.Toxic, error) {
	if err := n.must(arrayNode, path, toxicsExample); err != nil {
		return nil, err
	}
	list := []spec.Toxic{}
	var errs []error
	for i, item := range n.items {
		t, err := decodeToxic(item, fmt.Sprintf("%s[%d]", path, i))
		errs = append(errs, err)
		list = append(list, t)
	}
	return list, errors.Join(errs...)
}

func decodeToxic(n node, path string) (spec.Toxic, error) {
	t := spec.Toxic{Percent: 100, Place: cmp.Or(path, "name")}
	if err := n.must(objectNode, path, toxicExample); err != nil {
		return t, err
	}
	if err := n.only(path, "name", "behavior", "percent", "options", "for"); err != nil {
		return t, err
	}
	t.Place = join(path, "behavior")
	var errs []error
	if _, ok := n.get("behavior"); !ok {
		errs = append(errs, &option.Error{Place: t.Place, Problem: "is missing: write " + toxicExample})
	}
	for _, f := range n.fields {
		at := join(path, f.key)
		switch f.key {
		case "name":
			t.Name = f.text
			errs = append(errs, f.must(stringNode, at, toxicExample))
		case "behavior":
			t.Behavior = f.text
			errs = append(errs, f.must(stringNode, at, toxicExample))
		case "percent":
			v, err := strconv.ParseFloat(f.text, 64)
			if f.kind != numberNode || err != nil || !(v >= 0 && v <= 100) {
				errs = append(errs, &option.Error{Place: at, Problem: "is not a percentage: write a number from 0 to 100"})
			}
			t.Percent = v
		case "for":
			var err error
			t.For, err = f.lasting(at)
			errs = append(errs, err)
		case "options":
			if err := f.must(objectNode, at, `{"latency": "100ms"}`); err != nil {
				errs = append(errs, err)
				continue
			}
			options, bad := f.values(at)
			t.Options = options
			errs = append(errs, bad...)
		}
	}
	return t, errors.Join(errs...)
}
