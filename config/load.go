package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A Source is where settings come from. The zero Source has only the defaults.
type Source struct {
	File      string   // the configuration file; empty for none
	FilePlace string   // where that was said, for errors; --config if empty
	Environ   []string // as os.Environ returns it
	Flags     Layer

	// Bare leaves out the proxy that there is when nothing is said of any. What
	// flags and environment say of it is then an error, but for the seed.
	Bare bool

	// Defaults are settings of the program that all else goes over.
	Defaults option.Values

	// FreePorts lets proxies listen on a free port of the loopback where
	// nobody says on which address.
	FreePorts bool

	// Seed is for every proxy that nobody gave one; 0 leaves them without, to
	// have one chosen each time they are made.
	Seed uint64
}

// SeedChosen is the place of a seed that nobody wrote: Source.Seed.
const SeedChosen = "the seed chosen"

// freePort is any free port, of the loopback alone.
const freePort = "127.0.0.1:0"

// A Program is all that there is to run, checked.
type Program struct {
	Settings Settings
	Proxies  []spec.Proxy // one at least, unless the source is bare; their names and addresses differ
	Seed     uint64       // for proxies to come; 0: nobody said
	Matrix   *spec.Node   // the file's matrix, as it stands there; nil if there is none

	set *option.Set // of a copy of Settings, for Changed
}

// Load reads the source and checks all of it against r. It may be called again
// to read the file anew. Its errors are *option.Error, one or many joined, but
// for a file that cannot be read.
func (s Source) Load(r *vaurien.Registry) (*Program, error) {
	words := Words(r)
	var file spec.File
	var errs []error
	if s.File != "" {
		var err error
		if file, err = spec.ReadFile(s.File, words); err != nil && option.Errors(err) == nil {
			return nil, s.unreadable(err)
		}
		errs = append(errs, err)
	}
	environ, err := FromEnviron(s.Environ, words)
	errs = append(errs, err)

	program := &Program{Proxies: file.Proxies, Matrix: file.Matrix}
	var settings *Settings
	settings, program.set = NewSettings()
	values := option.Values{}
	for _, layer := range []option.Values{s.Defaults, file.Program, environ.Program, s.Flags.Program} {
		plain, err := normalize(layer, program.set)
		errs = append(errs, err)
		values = values.Merge(plain)
	}
	errs = append(errs, program.set.Assign(values))
	program.Settings = *settings

	program.Seed, err = s.comingSeed(environ)
	errs = append(errs, err)
	switch {
	case s.Bare:
		environ.Proxy, s.Flags.Proxy = spec.Proxy{}, spec.Proxy{}
	case len(program.Proxies) == 0:
		program.Proxies = []spec.Proxy{spec.Proxy{Name: spec.DefaultProxy}.Clone()}
	}
	errs = append(errs, environ.apply(program.Proxies, s.File), s.Flags.apply(program.Proxies, s.File))
	for _, p := range program.Proxies {
		if _, written := p.Settings["seed"]; !written && s.Seed != 0 {
			p.Settings["seed"] = option.Value{Text: strconv.FormatUint(s.Seed, 10), Place: SeedChosen}
		}
		if _, written := p.Settings["proxy"]; !written && s.FreePorts {
			p.Settings["proxy"] = option.Value{Text: freePort, Place: "a free port"}
		}
		_, err := r.Build(p)
		errs = append(errs, err)
	}
	if err := Tidy(errs...); err != nil {
		return nil, err
	}
	if err := program.checkAddresses(); err != nil {
		return nil, Tidy(err)
	}
	return program, nil
}

// comingSeed returns the seed for proxies to come. With a bare source it is all
// that may be said of proxies.
func (s Source) comingSeed(environ Layer) (uint64, error) {
	seed := s.Seed
	var errs []error
	for _, layer := range []Layer{environ, s.Flags} {
		p := layer.Proxy.Clone()
		if v, written := p.Settings["seed"]; written {
			n, err := strconv.ParseUint(v.Text, 10, 64)
			if err != nil && s.Bare {
				errs = append(errs, &option.Error{Place: v.Place, Name: "seed", Problem: fmt.Sprintf("%q is not a whole number", v.Text)})
			}
			seed = n
			delete(p.Settings, "seed")
		}
		if !s.Bare {
			continue
		}
		for _, place := range places(p) {
			errs = append(errs, &option.Error{Place: place, Problem: "is said of a proxy, and there is none yet: say it when you create one"})
		}
	}
	return seed, errors.Join(errs...)
}

func (s Source) unreadable(err error) error {
	place := cmp.Or(s.FilePlace, "--config")
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		err = failure.Err
	}
	return &option.Error{Place: place, Problem: s.File + ": " + err.Error()}
}

// Changed lists the settings of the program that differ from those of q.
func (p *Program) Changed(q *Program) []string {
	var names []string
	for i, o := range p.set.Options() {
		if o.Value() != q.set.Options()[i].Value() {
			names = append(names, o.Name)
		}
	}
	return names
}

// Tidy joins errs, which may be nil or joined themselves, for a user to read:
// each said once, and without the setting's name where the place is one.
func Tidy(errs ...error) error {
	var out []error
	seen := map[string]bool{}
	for _, err := range errs {
		list := option.Errors(err)
		if err != nil && list == nil {
			out = append(out, err)
		}
		for _, e := range list {
			plain := *e
			if strings.HasPrefix(e.Place, "--") || strings.HasPrefix(e.Place, envPrefix) {
				plain.Name = ""
			}
			if !seen[plain.Error()] {
				seen[plain.Error()] = true
				out = append(out, &plain)
			}
		}
	}
	return errors.Join(out...)
}

// places lists where p's values were written, sorted.
func places(p spec.Proxy) []string {
	var out []string
	add := func(values option.Values) {
		for _, v := range values {
			out = append(out, v.Place)
		}
	}
	add(p.Settings)
	for _, e := range p.Plan.Entries {
		out = append(out, e.Place)
	}
	for _, options := range []map[string]option.Values{p.Behaviors, p.Protocols} {
		for _, values := range options {
			add(values)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func placeOf(p spec.Proxy, name string) string {
	return cmp.Or(p.Settings[name].Place, p.Place, fmt.Sprintf("proxy %s", p.Name))
}
