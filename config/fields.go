package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A Group is what a setting belongs to.
type Group int

// The groups of settings.
const (
	OfProxy    Group = iota // a proxy
	OfBehavior              // a behavior
	OfProtocol              // a protocol
	OfProgram               // the program
)

// A Field is one setting and every name under which a user may write it.
type Field struct {
	Group  Group
	Kind   string // the behavior or protocol it is an option of; empty for the others
	Option *option.Option
}

// Words returns the names that a configuration file may use: the settings of
// the program and of a proxy, and what r has.
func Words(r *vaurien.Registry) spec.Words {
	words := spec.Words{Behaviors: map[string]*option.Set{}, Protocols: map[string]*option.Set{}}
	_, words.Program = NewSettings()
	_, words.Proxy = vaurien.NewSettings()
	for _, k := range r.Behaviors() {
		words.Behaviors[k.Name] = new(option.Set)
		k.New(words.Behaviors[k.Name])
	}
	for _, k := range r.Protocols() {
		words.Protocols[k.Name] = new(option.Set)
		k.New(words.Protocols[k.Name])
	}
	return words
}

// Fields lists every setting, by group and in the order of declaration.
func Fields(words spec.Words) []Field {
	var fields []Field
	add := func(group Group, kind string, set *option.Set) {
		for _, o := range set.Options() {
			fields = append(fields, Field{group, kind, o})
		}
	}
	add(OfProxy, "", words.Proxy)
	for _, kind := range slices.Sorted(maps.Keys(words.Behaviors)) {
		add(OfBehavior, kind, words.Behaviors[kind])
	}
	for _, kind := range slices.Sorted(maps.Keys(words.Protocols)) {
		add(OfProtocol, kind, words.Protocols[kind])
	}
	add(OfProgram, "", words.Program)
	return fields
}

// Flags returns the names of the field's flags without their dashes; the first
// is the one we print. A behavior's option also has the seed's dotted ones.
func (f Field) Flags() []string {
	var names []string
	for _, name := range append([]string{f.Option.Name}, f.Option.Aliases...) {
		switch f.Group {
		case OfBehavior:
			names = append(names, "behavior-"+f.Kind+"-"+name,
				"handlers."+f.Kind+"."+name, "handler."+f.Kind+"."+name, "handler-"+f.Kind+"-"+name)
		case OfProtocol:
			names = append(names, "protocol-"+f.Kind+"-"+name)
		default:
			names = append(names, name)
		}
	}
	return names
}

// Envs returns the names of the field's environment variables; the first is
// the one we print.
func (f Field) Envs() []string {
	var names []string
	for _, flag := range f.Flags() {
		name := envPrefix + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(flag))
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Key returns how a file names the field within its section.
func (f Field) Key() string { return f.Option.Name }
