package spec

import (
	"errors"

	"go.yaml.in/yaml/v4"

	"github.com/vaurien-proxy/vaurien/option"
)

// Document reads a YAML document, or a JSON one, for another package to read
// as a Node. name stands in the places; words has the behaviors that it may
// name. It is nil, without an error, if the document is empty.
func Document(name string, data []byte, words Words) (*Node, error) {
	if len(data) > MaxFile {
		return nil, &option.Error{Place: name, Problem: "too large: it may have at most " + option.FormatSize(MaxFile)}
	}
	r := &reader{words: words, file: File{Name: name}}
	root, ok := r.yamlRoot(data)
	if !ok {
		return nil, errors.Join(r.errs...)
	}
	return &Node{r, root}, nil
}

// Plan reads the node as a draw: a text, or a list as in a proxy's behavior.
func (n *Node) Plan(name string) (Plan, bool) {
	if value := resolve(n.n); value.Kind == yaml.SequenceNode {
		plan, ok := n.r.yamlPlan(name, value)
		if !ok {
			return plan, false
		}
		err := plan.Check(n.Place())
		n.Fail(err)
		return plan, err == nil
	}
	v, ok := n.Text(name)
	if !ok {
		return Plan{}, false
	}
	plan, err := ParseDraw(v.Text, v.Place)
	n.Fail(err)
	return plan, err == nil
}

// Options reads the node as options of the behavior of that name.
func (n *Node) Options(behavior string) option.Values {
	written, options := option.Values{}, option.Values{}
	n.Mapping(behavior, func(key string, value *Node) {
		if v, ok := value.Text(key); ok {
			n.r.put(written, option.Canonical(key), key, v.Text, value.n.Line)
		}
	})
	n.r.keep(options, behavior, written)
	return options
}
