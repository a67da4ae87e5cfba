package spec

import (
	"errors"

	"go.yaml.in/yaml/v4"

	"github.com/vaurien-proxy/vaurien/option"
)

// A Node is a part of a YAML file that another package reads. What is wrong
// with it, as its methods and their caller see it, is gathered for Err.
type Node struct {
	r *reader
	n *yaml.Node
}

func (n *Node) of(part *yaml.Node) *Node { return &Node{n.r, part} }

// Place returns where the node stands: file:line.
func (n *Node) Place() string { return n.r.place(n.n.Line) }

// IsText reports whether the node is one value.
func (n *Node) IsText() bool { return resolve(n.n).Kind == yaml.ScalarNode && !n.IsEmpty() }

// IsList reports whether it is a list.
func (n *Node) IsList() bool { return resolve(n.n).Kind == yaml.SequenceNode }

// IsEmpty reports whether nothing is written there.
func (n *Node) IsEmpty() bool { return resolve(n.n).Tag == "!!null" }

// Text returns the one value that the node is. If it is anything else it is
// wrong: name is what it was to be the value of.
func (n *Node) Text(name string) (option.Value, bool) {
	text, ok := n.r.scalar(name, n.n)
	return option.Value{Text: text, Place: n.Place()}, ok
}

// Mapping calls each for every key of the node, in order; its value's errors
// are gathered with the node's. A node that has no keys and values is wrong.
func (n *Node) Mapping(name string, each func(key string, value *Node)) {
	n.r.mapping(n.n, name, func(key string, at, value *yaml.Node) {
		each(key, n.of(value))
	})
}

// Items returns the items of a list; none if the node is none.
func (n *Node) Items() []*Node {
	var out []*Node
	for _, item := range resolve(n.n).Content {
		if n.IsList() {
			out = append(out, n.of(item))
		}
	}
	return out
}

// Toxics reads the node as the toxics of a proxy.
func (n *Node) Toxics() []Toxic {
	var p Proxy
	n.r.yamlToxics(&p, n.n, resolve(n.n))
	return p.Toxics
}

// Failf says that something is wrong with what the node says of name, which
// may be empty.
func (n *Node) Failf(name, format string, args ...any) { n.r.fail(n.n.Line, name, format, args...) }

// Fail gathers an error.
func (n *Node) Fail(err error) {
	if err != nil {
		n.r.errs = append(n.r.errs, err)
	}
}

// Err returns what is wrong with the node and its parts, as it is known by
// now: *option.Error, one or several joined.
func (n *Node) Err() error { return errors.Join(n.r.errs...) }
