package option

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
)

// A Value is a setting as somebody wrote it.
type Value struct {
	Text  string
	Place string // where: a flag, file:line, a JSON field; may be empty
}

// Values are settings by name. Names are compared as Canonical writes them.
type Values map[string]Value

// Clone returns a copy of v that shares nothing with it.
func (v Values) Clone() Values {
	out := make(Values, len(v))
	for k, x := range v {
		out[k] = x
	}
	return out
}

// Merge returns v with the values of over in place of its own.
func (v Values) Merge(over Values) Values {
	out := v.Clone()
	for k, x := range over {
		out[Canonical(k)] = x
	}
	return out
}

// Canonical returns the form in which names of settings are compared: lower
// case, words joined by '-'. The seed's overwrite_host_header and the flag's
// overwrite-host-header are one setting.
func Canonical(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}

// An Error says which setting is wrong, where it was written, and what would
// be right. It is one line.
type Error struct {
	Place   string // as in Value
	Name    string // the setting
	Problem string
}

func (e *Error) Error() string {
	s := e.Problem
	if e.Name != "" {
		s = e.Name + ": " + s
	}
	if e.Place != "" && e.Place != e.Name {
		s = e.Place + ": " + s
	}
	return s
}

// Errors returns every *Error inside err, in order; nil if there is none.
func Errors(err error) []*Error {
	switch e := err.(type) {
	case nil:
		return nil
	case *Error:
		return []*Error{e}
	case interface{ Unwrap() []error }:
		var out []*Error
		for _, one := range e.Unwrap() {
			out = append(out, Errors(one)...)
		}
		return out
	}
	return Errors(errors.Unwrap(err))
}

// A Set is a group of settings that belong together. The zero Set is empty and
// ready to use. A Set is for one goroutine.
type Set struct {
	options []*Option
	checks  []check
}

type check struct {
	name string
	ok   func() error
}

// Options returns the declared settings in the order of their declaration.
func (s *Set) Options() []*Option { return s.options }

// Lookup returns the setting of that name or alias, or nil.
func (s *Set) Lookup(name string) *Option {
	name = Canonical(name)
	for _, o := range s.options {
		if o.Name == name || slices.Contains(o.Aliases, name) {
			return o
		}
	}
	return nil
}

// Check adds a test of several settings together, run by Assign once each has
// its value. Its error is reported under the setting name.
func (s *Set) Check(name string, ok func() error) {
	s.checks = append(s.checks, check{name, ok})
}

// Assign sets the declared variables from values; a setting not named in
// values keeps its default. It returns all that is wrong, joined, each an
// *Error; the variables are then of no use.
func (s *Set) Assign(values Values) error {
	var errs []error
	for _, name := range sortedNames(values) {
		v := values[name]
		o := s.Lookup(name)
		if o == nil {
			errs = append(errs, &Error{Place: v.Place, Name: name, Problem: s.unknown(name)})
			continue
		}
		if err := o.assign(v.Text); err != nil {
			errs = append(errs, &Error{Place: v.Place, Name: o.Name, Problem: err.Error()})
		}
	}
	if len(errs) == 0 {
		for _, c := range s.checks {
			if err := c.ok(); err != nil {
				errs = append(errs, &Error{Place: values[c.name].Place, Name: c.name, Problem: err.Error()})
			}
		}
	}
	return errors.Join(errs...)
}

func (s *Set) unknown(name string) string {
	known := make([]string, len(s.options))
	for i, o := range s.options {
		known[i] = o.Name
	}
	if len(known) == 0 {
		return "unknown option: there are none here"
	}
	return fmt.Sprintf("unknown option%s; known: %s", DidYouMean(Canonical(name), known), strings.Join(known, ", "))
}

func sortedNames(v Values) []string {
	names := make([]string, 0, len(v))
	for n := range v {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// DidYouMean returns `: did you mean "x"?` for the known word nearest to the
// one written, or nothing if none is near.
func DidYouMean(word string, known []string) string {
	best, least := "", 1+max(1, (len(word)+2)/3)
	for _, k := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", best)
}

func (s *Set) add(o *Option) *Option {
	if s.Lookup(o.Name) != nil {
		panic("option: " + o.Name + " declared twice")
	}
	o.Default = o.get()
	s.options = append(s.options, o)
	return o
}

// bind declares a setting of any type that one function parses and another
// writes; weight, if not nil, orders values for bounds.
func bind[T any](s *Set, p *T, name string, typ Type, def T, doc string,
	parse func(string) (T, error), format func(T) string, weight func(T) float64,
) *Option {
	*p = def
	o := &Option{Name: name, Type: typ, Doc: doc, get: func() string { return format(*p) }}
	o.set = func(text string) error {
		v, err := parse(text)
		if err == nil {
			*p = v
		}
		return err
	}
	if weight != nil {
		o.num = func(text string) (float64, error) {
			v, err := parse(text)
			return weight(v), err
		}
	}
	return s.add(o)
}

// Bool declares a yes or no.
func (s *Set) Bool(p *bool, name string, def bool, doc string) *Option {
	return bind(s, p, name, Bool, def, doc, ParseBool, strconv.FormatBool, nil)
}

// Int declares a whole number.
func (s *Set) Int(p *int64, name string, def int64, doc string) *Option {
	return bind(s, p, name, Int, def, doc, parseInt,
		func(n int64) string { return strconv.FormatInt(n, 10) }, func(n int64) float64 { return float64(n) })
}

// Float declares a decimal number.
func (s *Set) Float(p *float64, name string, def float64, doc string) *Option {
	return bind(s, p, name, Float, def, doc, parseFloat,
		func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }, func(v float64) float64 { return v })
}

// Duration declares a time, written in seconds or with a unit.
func (s *Set) Duration(p *time.Duration, name string, def time.Duration, doc string) *Option {
	return bind(s, p, name, Duration, def, doc, ParseDuration, FormatDuration,
		func(d time.Duration) float64 { return float64(d) })
}

// Size declares a number of bytes.
func (s *Set) Size(p *int64, name string, def int64, doc string) *Option {
	return bind(s, p, name, Size, def, doc, ParseSize, FormatSize, func(n int64) float64 { return float64(n) })
}

// Text declares a setting that may be any text.
func (s *Set) Text(p *string, name, def, doc string) *Option {
	same := func(t string) string { return t }
	return bind(s, p, name, Text, def, doc, func(t string) (string, error) { return t, nil }, same, nil)
}

// Choice declares a setting that takes one of a few words.
func (s *Set) Choice(p *string, name, def, doc string, choices ...string) *Option {
	o := s.Text(p, name, def, doc).OneOf(choices...)
	o.Type = Choice
	return o
}

// FormatDuration writes d as ParseDuration reads it, without idle zeros: 1h,
// not 1h0m0s.
func FormatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
