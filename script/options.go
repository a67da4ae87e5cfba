package script

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/vaurien-proxy/vaurien/option"
)

// A declared is an option that a script declares.
type declared struct {
	at      syntax.Position
	name    string // as the script writes it
	kind    option.Type
	def     string // as a user would write it; empty: the type's own
	doc     string
	min     string
	max     string
	choices []string
}

var (
	_ starlark.Value = (*declared)(nil)
	_ starlark.Value = optionType("")
)

func (d *declared) String() string        { return "option" }
func (d *declared) Type() string          { return "option" }
func (d *declared) Freeze()               {}
func (d *declared) Truth() starlark.Bool  { return true }
func (d *declared) Hash() (uint32, error) { return 0, errors.New("unhashable: option") }

// An optionType is the name of a type that Starlark itself has not.
type optionType option.Type

const (
	durationType = optionType(option.Duration)
	sizeType     = optionType(option.Size)
)

func (t optionType) String() string        { return string(t) }
func (t optionType) Type() string          { return "type" }
func (t optionType) Freeze()               {}
func (t optionType) Truth() starlark.Bool  { return true }
func (t optionType) Hash() (uint32, error) { return starlark.String(t).Hash() }

// builtinTypes are the types that are called as Starlark's functions are.
var builtinTypes = map[string]option.Type{"int": option.Int, "float": option.Float, "str": option.Text, "bool": option.Bool}

// declareOption is option(type, default=, doc=, min=, max=, choices=).
func declareOption(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var kind, def, least, most starlark.Value
	var choices *starlark.List
	d := &declared{at: t.CallFrame(1).Pos}
	if err := starlark.UnpackArgs("option", args, kwargs, "type", &kind, "default?", &def, "doc?", &d.doc,
		"min?", &least, "max?", &most, "choices?", &choices); err != nil {
		return nil, err
	}
	switch k := kind.(type) {
	case optionType:
		d.kind = option.Type(k)
	case *starlark.Builtin:
		d.kind = builtinTypes[k.Name()]
	}
	if d.kind == "" {
		return nil, errors.New("option: the type is one of bool, int, float, str, duration, size")
	}
	var err error
	if d.def, err = optionText(def); err == nil {
		if d.min, err = optionText(least); err == nil {
			d.max, err = optionText(most)
		}
	}
	if err != nil {
		return nil, err
	}
	if choices != nil {
		for x := range choices.Elements() {
			word, err := optionText(x)
			if err != nil {
				return nil, err
			}
			d.choices = append(d.choices, word)
		}
	}
	if d.kind == option.Text && len(d.choices) > 0 {
		d.kind = option.Choice
		if d.def == "" {
			d.def = d.choices[0]
		}
	}
	return d, nil
}

// optionText writes a value of a declaration as a user would.
func optionText(v starlark.Value) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case starlark.String:
		return string(v), nil
	case starlark.Bool, starlark.Int, starlark.Float:
		return strings.ToLower(v.String()), nil
	}
	return "", fmt.Errorf("option: %s is no value of an option: write text, a number, True or False", v.Type())
}

var optionName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// reserved are words that have a meaning of their own beside options.
var reserved = []string{"callable", "name", "weight", "behavior", "handler"}

// optionsOf reads the global "options" and checks each declaration.
func (s *Script) optionsOf(v starlark.Value) ([]*declared, error) {
	if v == nil {
		return nil, nil
	}
	dict, ok := v.(*starlark.Dict)
	if !ok {
		return nil, &option.Error{Place: s.path, Problem: `options: write options = {"NAME": option(TYPE, default = …, doc = "…")}`}
	}
	var out []*declared
	var errs []error
	for key, x := range dict.Entries() {
		name, _ := starlark.AsString(key)
		d, ok := x.(*declared)
		switch {
		case !ok:
			errs = append(errs, &option.Error{Place: s.path, Problem: fmt.Sprintf(
				`options: %s is not declared: write option(TYPE, default = …, doc = "…")`, shown(key))})
			continue
		case !optionName.MatchString(name):
			errs = append(errs, problem(d.at, "%s is not a name for an option: write small letters, digits and _", shown(key)))
			continue
		case slices.Contains(reserved, name):
			errs = append(errs, problem(d.at, "an option cannot be called %s: it means something else in a configuration", name))
			continue
		case d.name != "":
			errs = append(errs, problem(d.at, "this option has the name %s already: declare one for each", d.name))
			continue
		}
		d.name = name
		if err := d.check(); err != nil {
			errs = append(errs, problem(d.at, "option %s: %s", name, err))
		}
		out = append(out, d)
	}
	return out, errors.Join(errs...)
}

// check tries the declaration's values as a user's would be.
func (d *declared) check() error {
	number := d.kind != option.Bool && d.kind != option.Text && d.kind != option.Choice
	def := d.def
	if def == "" && number {
		def = "0"
	}
	for _, v := range []struct{ name, text string }{{"min", d.min}, {"max", d.max}, {"default", def}} {
		if v.text == "" {
			continue
		}
		if !number && v.name != "default" {
			return fmt.Errorf("%s is for numbers, durations and sizes", v.name)
		}
		plain := *d
		if v.name != "default" {
			plain.min, plain.max, plain.choices = "", "", nil
		}
		var set option.Set
		if plain.def = ""; plain.kind == option.Choice {
			plain.def = plain.choices[0]
		}
		plain.declare(&set)
		if err := set.Assign(option.Values{d.name: {Text: v.text}}); err != nil {
			return fmt.Errorf("%s: %s", v.name, option.Errors(err)[0].Problem)
		}
	}
	return nil
}

// declare declares the option on set, and returns what gives its value to the
// script.
func (d *declared) declare(set *option.Set) func() starlark.Value {
	name := option.Canonical(d.name)
	var o *option.Option
	var value func() starlark.Value
	switch d.kind {
	case option.Bool:
		def, _ := option.ParseBool(d.def)
		v := new(bool)
		o, value = set.Bool(v, name, def, d.doc), func() starlark.Value { return starlark.Bool(*v) }
	case option.Int:
		v := new(int64)
		def, _ := strconv.ParseInt(d.def, 10, 64) // check has seen that it can be read; nothing is 0
		o, value = set.Int(v, name, def, d.doc), func() starlark.Value { return starlark.MakeInt64(*v) }
	case option.Float:
		v := new(float64)
		def, _ := strconv.ParseFloat(d.def, 64)
		o, value = set.Float(v, name, def, d.doc), func() starlark.Value { return starlark.Float(*v) }
	case option.Size:
		v := new(int64)
		def, _ := option.ParseSize(d.def)
		o, value = set.Size(v, name, def, d.doc), func() starlark.Value { return starlark.MakeInt64(*v) }
	case option.Duration:
		v := new(time.Duration)
		def, _ := option.ParseDuration(d.def)
		o, value = set.Duration(v, name, def, d.doc), func() starlark.Value { return starlark.Float(v.Seconds()) }
	case option.Choice:
		v := new(string)
		o, value = set.Choice(v, name, d.def, d.doc, d.choices...), func() starlark.Value { return starlark.String(*v) }
	default:
		v := new(string)
		o, value = set.Text(v, name, d.def, d.doc), func() starlark.Value { return starlark.String(*v) }
	}
	if d.min != "" {
		o.AtLeast(d.min)
	}
	if d.max != "" {
		o.AtMost(d.max)
	}
	if len(d.choices) > 0 {
		o.OneOf(d.choices...)
	}
	return value
}
