// Package condition decides by a request's attributes whether a behavior is to
// act on it:
//
//	c, err := condition.Compile(`verb == "SET" && key.startsWith("cart:")`, attributes)
//	...
//	yes, err := c.Match(event)
//
// A condition is one expression of Starlark (https://starlark-lang.org), whose
// parser reads it, with &&, ||, ! and the methods startsWith, endsWith,
// contains and matches beside Starlark's own words. Its names are attributes.
//
// It is checked once, when it is compiled: each part of it is text, a whole
// number or true or false, and what cannot be compared or does not exist is an
// error with its place. What is left runs as a tree of closures. It means what
// it means in Starlark, with three exceptions: numbers have 64 bits, text is
// neither true nor false, and of a list no more is computed than decides.
//
// There are no loops, no variables and nothing that joins text to text, so that
// its time and memory are bounded by its own length, 4 KiB at most, and that of
// the attributes.
package condition
