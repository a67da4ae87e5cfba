// Package option holds settings that describe themselves.
//
// A behavior, a protocol or the program itself declares each of its settings
// once, bound to a variable, with its type, default, bounds and one line of
// help:
//
//	var sleep time.Duration
//	set := new(option.Set)
//	set.Duration(&sleep, "sleep", time.Second, "how long to wait").AtLeast("0s")
//	err := set.Assign(option.Values{"sleep": {Text: "150ms", Place: "--behavior-delay-sleep"}})
//
// From that one declaration come the command line's flags, the keys of ini and
// YAML files, the fields of the HTTP API and their checks, and the pages of
// the reference. A value is always text and the place where it was written, so
// that one parser serves every source and an error can say where to look.
package option
