// Package reference writes what a user can look up: the text of --help and the
// page docs/reference.md. Both are made of the declarations that the program
// itself runs by, so that they cannot say anything else than it does.
package reference

import (
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/option"
)

// A Command is a subcommand as the reference names it.
type Command struct{ Name, Doc string }

// An Invocation is a flag of the program that is no setting: it has no
// counterpart in the environment or in files.
type Invocation struct {
	Flag, Value, Doc string
}

// Invocations are all of them.
var Invocations = []Invocation{
	{"config", "FILE", "read the settings in this ini or YAML file (environment: " + config.FileVariable + ")"},
	{"check", "", "check all settings, say what would be run, and exit"},
	{"help", "", "print this"},
	{"version", "", "print the version"},
}

// InvocationDoc returns what the flag of that name does. It panics if there is
// none, for that is an error in the program.
func InvocationDoc(flag string) string {
	for _, i := range Invocations {
		if i.Flag == flag {
			return i.Doc
		}
	}
	panic("reference: no flag " + flag)
}

// A section is a group of settings under one heading.
type section struct {
	title  string // "Proxy", or the name of a behavior or protocol
	doc    string
	fields []config.Field
}

// A chapter is a list of sections of one sort.
type chapter struct {
	title    string
	doc      string
	sections []section

	ofProtocols bool // each section is one
}

// chapters returns all settings, in the order in which they are described.
func chapters(r *vaurien.Registry) []chapter {
	fields := config.Fields(config.Words(r))
	// of returns the settings of a kind, or those that every kind of a group has.
	of := func(g config.Group, kind string, common bool) []config.Field {
		var out []config.Field
		for _, f := range fields {
			if f.Group == g && f.Kind == kind && f.Option.Common == common {
				out = append(out, f)
			}
		}
		return out
	}
	every := func(g config.Group, kind string) []config.Field {
		out := of(g, kind, true)
		for i := range out {
			out[i].Kind = anyKind
		}
		return out
	}
	behaviors := chapter{title: "Behaviors", doc: "what a draw may name, and the options of each"}
	shared := func(c *chapter, s section) {
		if len(s.fields) > 0 && (len(c.sections) == 0 || c.sections[0].title != s.title) {
			c.sections = append([]section{s}, c.sections...)
		}
	}
	for _, k := range r.Behaviors() {
		shared(&behaviors, section{"every behavior",
			"which of the exchanges that the draw gives it a behavior acts on; NAME is its name", every(config.OfBehavior, k.Name)})
		behaviors.sections = append(behaviors.sections, section{k.Name, k.Doc, of(config.OfBehavior, k.Name, false)})
	}
	protocols := chapter{title: "Protocols", doc: "what --protocol may name, and the options of each", ofProtocols: true}
	for _, k := range r.Protocols() {
		shared(&protocols, section{"every protocol",
			"what all of them accept; NAME is the protocol's name", every(config.OfProtocol, k.Name)})
		protocols.sections = append(protocols.sections, section{k.Name, k.Doc, of(config.OfProtocol, k.Name, false)})
	}
	return []chapter{
		{title: "Proxies", doc: "what can be said of each", sections: []section{{fields: of(config.OfProxy, "", false)}}},
		behaviors,
		protocols,
		{title: "Program", doc: "what can be said of it as a whole", sections: []section{{fields: of(config.OfProgram, "", false)}}},
	}
}

// anyKind stands for the name of whichever behavior or protocol is meant.
const anyKind = "NAME"

// placeholders are what stands for the value of a setting whose type alone
// says too little.
var placeholders = map[string]string{
	"proxy": "HOST:PORT", "backend": "HOST:PORT", "behavior": "DRAW", "protocol": "NAME", "seed": "N",
	"log-output": "FILE", "http": "[HOST:PORT]",
}

// Placeholder returns what stands for the field's value on a command line; empty
// if its flag stands alone.
func Placeholder(f config.Field) string {
	if word := placeholders[f.Option.Name]; word != "" && f.Kind == "" {
		return word
	}
	switch f.Option.Type {
	case option.Bool:
		return ""
	case option.Int, option.Float:
		return "N"
	case option.Choice:
		return "WORD"
	}
	return strings.ToUpper(string(f.Option.Type))
}

// limits says which values a setting takes, beyond its type; empty if any.
func limits(o *option.Option) string {
	switch {
	case len(o.Choices) > 0:
		return strings.Join(o.Choices, ", ")
	case o.Min != "" && o.Max != "":
		return o.Min + " to " + o.Max
	case o.Min != "":
		return "at least " + o.Min
	case o.Max != "":
		return "at most " + o.Max
	}
	return ""
}

// types say how a value of each type is written.
var types = []struct {
	name option.Type
	doc  string
}{
	{option.Bool, "`true` or `false`; also `yes`/`no`, `on`/`off`, `1`/`0`. As a flag, the name alone means `true`"},
	{option.Int, "a whole number: `3`"},
	{option.Float, "a decimal number: `0.25`"},
	{option.Duration, "seconds (`2`, `0.5`), or a number with a unit: `150ms`, `2s`, `1m30s`, `1h`"},
	{option.Size, "bytes (`8124`), or a number with a unit: `64KiB`, `1MiB` (powers of 1024), `10kB`, `10MB` (powers of 1000)"},
	{option.Text, "any text"},
	{option.Choice, "one of the words listed"},
}
