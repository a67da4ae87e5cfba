package control

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// What a body may look like, for error messages.
const (
	planExample  = `{"plan": "20:delay", "options": {"delay": {"sleep": 2}}, "for": "30s"}`
	namedExample = `{"name": "delay", "sleep": 2}`
	proxyExample = `{"proxy": "localhost:8000", "backend": "localhost:80", "plan": "20:delay"}`
)

// maxEntries is the most behaviors of a draw: more than anybody can mean.
const maxEntries = 1000

// isJSON says whether a body is a JSON object rather than a bare word or draw.
// It looks at the body, not at what the request says of it, since curl -d calls
// everything a form.
func isJSON(body []byte) bool {
	b := bytes.TrimSpace(body)
	return len(b) > 0 && (b[0] == '{' || b[0] == '[' || b[0] == '"')
}

// decodeNamed reads {"name": "delay", "sleep": 2}, the seed's and 2.0's way to
// say a plan: all fields but the name are the behavior's options.
func decodeNamed(body []byte) (spec.Plan, error) {
	n, err := parseObject(body, namedExample)
	if err != nil {
		return spec.Plan{}, err
	}
	name, ok := n.get("name")
	if !ok {
		return spec.Plan{}, &option.Error{Place: "name", Problem: "is missing: write the behavior's name, as in " + namedExample}
	}
	if err := name.must(stringNode, "name", namedExample); err != nil {
		return spec.Plan{}, err
	}
	plan, err := parseDraw(name.text, "name")
	if err != nil {
		return spec.Plan{}, err
	}
	options, errs := n.values("", "name")
	if len(plan.Entries) > 1 && len(n.fields) > 1 {
		errs = append(errs, &option.Error{
			Place:   join("", n.fields[slices.IndexFunc(n.fields, func(f field) bool { return f.key != "name" })].key),
			Problem: "the draw names several behaviors: say whose option this is, with PUT /proxies/NAME/plan " + planExample,
		})
	}
	plan.Entries[0].Options = options
	return plan, errors.Join(errs...)
}

// decodeChange reads a plan in the own dialect, as planExample shows it. What
// a GET of the plan returned may be sent back.
func decodeChange(body []byte) (PlanChange, error) {
	n, err := parseObject(body, planExample)
	if err != nil {
		return PlanChange{}, err
	}
	if err := n.only("", "plan", "entries", "options", "for"); err != nil {
		return PlanChange{}, err
	}
	var change PlanChange
	var errs []error
	text, hasText := n.get("plan")
	entries, hasEntries := n.get("entries")
	if !hasText && !hasEntries {
		return PlanChange{}, &option.Error{Place: "plan", Problem: "is missing: write a draw, as in " + planExample}
	}
	if hasText {
		change.Plan, err = decodePlan(text.node, "plan")
		errs = append(errs, err)
	}
	if hasEntries {
		detailed, err := decodeEntries(entries.node, "entries")
		errs = append(errs, err)
		if err == nil && hasText && errs[0] == nil && detailed.Draw() != change.Plan.Draw() {
			errs = append(errs, &option.Error{Place: "entries", Problem: fmt.Sprintf(
				"say %s, but plan says %s: write one of the two", detailed.Draw(), change.Plan.Draw())})
		}
		change.Plan = detailed
	}
	if f, ok := n.get("options"); ok && errors.Join(errs...) == nil {
		errs = append(errs, addOptions(&change.Plan, f.node, "options"))
	}
	if f, ok := n.get("for"); ok {
		change.For, err = f.lasting("for")
		errs = append(errs, err)
	}
	return change, errors.Join(errs...)
}

func decodeFor(text, place string) (time.Duration, error) {
	d, err := option.ParseDuration(text)
	if err != nil {
		return 0, &option.Error{Place: place, Problem: err.Error()}
	}
	return d, nil
}

// decodePlan reads a draw as text, or as a list of entries.
func decodePlan(n node, path string) (spec.Plan, error) {
	switch n.kind {
	case stringNode:
		return parseDraw(n.text, path)
	case arrayNode:
		return decodeEntries(n, path)
	}
	return spec.Plan{}, &option.Error{Place: path, Problem: fmt.Sprintf(
		`is %s: write a draw, as in "20:delay,5:error", or a list, as in [{"weight": 20, "name": "delay"}]`, n.is())}
}

func parseDraw(text, place string) (spec.Plan, error) {
	if strings.Count(text, ",") >= maxEntries {
		return spec.Plan{}, tooMany(place)
	}
	return spec.ParseDraw(text, place)
}

func tooMany(place string) error {
	return &option.Error{Place: place, Problem: fmt.Sprintf("a draw has at most %d behaviors", maxEntries)}
}

func decodeEntries(n node, path string) (spec.Plan, error) {
	const example = `[{"weight": 20, "name": "delay", "options": {"sleep": "150ms"}}]`
	var plan spec.Plan
	if err := n.must(arrayNode, path, example); err != nil {
		return plan, err
	}
	if len(n.items) > maxEntries {
		return plan, tooMany(path)
	}
	var errs []error
	for i, item := range n.items {
		e, err := decodeEntry(item, fmt.Sprintf("%s[%d]", path, i))
		errs = append(errs, err)
		plan.Entries = append(plan.Entries, e)
	}
	if err := errors.Join(errs...); err != nil {
		return plan, err
	}
	return plan, plan.Check(path)
}

func decodeEntry(n node, path string) (spec.Entry, error) {
	const example = `{"weight": 20, "name": "delay"}`
	e := spec.Entry{Weight: 100, Place: join(path, "name")}
	if err := n.must(objectNode, path, example); err != nil {
		return e, err
	}
	if err := n.only(path, "weight", "name", "options"); err != nil {
		return e, err
	}
	var errs []error
	name, ok := n.get("name")
	switch {
	case !ok || name.kind == stringNode && strings.TrimSpace(name.text) == "":
		errs = append(errs, &option.Error{Place: e.Place, Problem: "is missing: write the behavior's name, as in " + example})
	default:
		errs = append(errs, name.must(stringNode, e.Place, example))
	}
	e.Name = strings.TrimSpace(name.text)
	if f, ok := n.get("weight"); ok {
		w, err := strconv.ParseFloat(f.text, 64)
		if f.kind != numberNode || err != nil {
			errs = append(errs, &option.Error{Place: join(path, "weight"), Problem: "is not a percentage: write a number from 0 to 100"})
		}
		e.Weight = w
	}
	if f, ok := n.get("options"); ok {
		err := f.must(objectNode, join(path, "options"), `{"sleep": "150ms"}`)
		errs = append(errs, err)
		if err == nil {
			var bad []error
			e.Options, bad = f.values(join(path, "options"))
			errs = append(errs, bad...)
		}
	}
	return e, errors.Join(errs...)
}

// addOptions gives each entry of the plan the options that n has for its name;
// an entry's own go over them.
func addOptions(plan *spec.Plan, n node, path string) error {
	all, err := decodeSections(n, path)
	errs := []error{err}
	for _, f := range n.fields {
		found := false
		for i, e := range plan.Entries {
			if e.Name == f.key {
				found = true
				plan.Entries[i].Options = all[f.key].Merge(e.Options)
			}
		}
		if !found {
			errs = append(errs, &option.Error{Place: join(path, f.key), Problem: fmt.Sprintf(
				"%s is not in the plan %s", f.key, plan.Draw())})
		}
	}
	return errors.Join(errs...)
}

// decodeSections reads the options of several behaviors or protocols:
// {"delay": {"sleep": 2}}.
func decodeSections(n node, path string) (map[string]option.Values, error) {
	const example = `{"delay": {"sleep": 2}}`
	if err := n.must(objectNode, path, example); err != nil {
		return nil, err
	}
	all := make(map[string]option.Values, len(n.fields))
	var errs []error
	for _, f := range n.fields {
		at := join(path, f.key)
		if err := f.must(objectNode, at, `{"sleep": 2}`); err != nil {
			errs = append(errs, err)
			continue
		}
		values, bad := f.values(at)
		errs = append(errs, bad...)
		all[f.key] = values
	}
	return all, errors.Join(errs...)
}

// decodeProxy reads a whole proxy: the keys of the YAML file as JSON.
func decodeProxy(name string, body []byte) (spec.Proxy, error) {
	p := spec.Proxy{Name: name, Place: "name", Settings: make(option.Values)}
	n, err := parseObject(body, proxyExample)
	if err != nil {
		return p, err
	}
	_, set := vaurien.NewSettings()
	known := []string{"name", "plan", "behaviors", "protocols", "toxics"}
	for _, o := range set.Options() {
		known = append(known, o.Name)
	}
	var errs []error
	written := make(map[string]string) // setting → the key that says it
	for _, f := range n.fields {
		var err error
		key, path := f.key, join("", f.key)
		if o := set.Lookup(f.key); o != nil {
			key = o.Name
		}
		if first, twice := written[key]; twice {
			errs = append(errs, &option.Error{Place: path, Problem: "is said by " + first + " already"})
			continue
		}
		written[key] = path
		switch key {
		case "name":
			if f.kind != stringNode || f.text != cmp.Or(name, spec.DefaultProxy) {
				err = &option.Error{Place: "name", Problem: fmt.Sprintf("is not the %q of the path: leave it out", cmp.Or(name, spec.DefaultProxy))}
			}
		case "behavior", "plan":
			p.Plan, err = decodePlan(f.node, path)
		case "toxics":
			p.Toxics, err = decodeToxics(f.node, path)
		case "behaviors":
			p.Behaviors, err = decodeSections(f.node, path)
		case "protocols":
			p.Protocols, err = decodeSections(f.node, path)
		default:
			if set.Lookup(key) == nil {
				err = unknownField(path, f.key, known)
				break
			}
			p.Settings[key], err = f.value(path)
		}
		errs = append(errs, err)
	}
	return p, errors.Join(errs...)
}
