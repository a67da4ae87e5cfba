package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// ParseToxiproxy reads a configuration file of Toxiproxy: the array that
// POST /populate takes. The toxics in it are read too. file stands in the
// places. Errors are *option.Error, one or several joined.
func ParseToxiproxy(file string, data []byte, reg *vaurien.Registry) ([]spec.Proxy, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var all []toxiproxyProxyBody
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, &option.Error{Place: lineOf(file, data, err), Problem: "not a list of proxies as JSON: " + jsonProblem(err)}
	}
	words := newTranslator(catalogOf(reg))
	var out []spec.Proxy
	var errs []error
	for i, b := range all {
		place := fmt.Sprintf("%s: proxy %d", file, i+1)
		if b.Name != "" {
			place = fmt.Sprintf("%s: proxy %s", file, b.Name)
		}
		if field := b.missing(); field != "" {
			errs = append(errs, &option.Error{Place: place, Problem: "missing required field: " + field})
			continue
		}
		p, err := words.proxy(b)
		if err != nil {
			errs = append(errs, &option.Error{Place: place, Problem: err.Error()})
			continue
		}
		relocate(&p, place)
		out = append(out, p)
	}
	return out, errors.Join(errs...)
}

// relocate says in each place of p that it is in that proxy.
func relocate(p *spec.Proxy, place string) {
	in := func(values option.Values) {
		for name, v := range values {
			v.Place = place
			values[name] = v
		}
	}
	p.Place = place
	in(p.Settings)
	for i := range p.Toxics {
		p.Toxics[i].Place = place + ", toxic " + p.Toxics[i].Name
		in(p.Toxics[i].Options)
	}
}

// lineOf returns the line at which reading JSON failed.
func lineOf(file string, data []byte, err error) string {
	offset := int64(-1)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = e.Offset
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = e.Offset
	}
	if offset < 0 || offset > int64(len(data)) {
		return file
	}
	return fmt.Sprintf("%s:%d", file, 1+bytes.Count(data[:offset], []byte{'\n'}))
}
