package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/vaurien-proxy/vaurien/option"
)

const (
	maxKey    = 100  // longest name of a field that is looked at, in bytes
	maxFields = 1000 // most fields of an object: more than anybody can mean
)

// A node is a JSON value as it was written: objects keep the order of their
// fields, and numbers their digits.
type node struct {
	kind   nodeKind
	text   string  // of a string, a number, true or false
	fields []field // of an object
	items  []node  // of an array
}

type field struct {
	key string
	node
}

type nodeKind string

// The kinds of nodes, as error messages call them.
const (
	objectNode nodeKind = "an object"
	arrayNode  nodeKind = "a list"
	stringNode nodeKind = "a text"
	numberNode nodeKind = "a number"
	boolNode   nodeKind = "true or false"
	nullNode   nodeKind = "null"
)

// parseObject reads one JSON object, of which example is one, and nothing after
// it. It refuses an object that has a key twice, which encoding/json lets pass.
func parseObject(body []byte, example string) (node, error) {
	n, err := parseJSON(body, example)
	if err != nil {
		return n, err
	}
	return n, n.must(objectNode, "", example)
}

func parseJSON(body []byte, example string) (node, error) {
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		return node{}, badJSON(body, err, example)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	return readNode(d, "")
}

func badJSON(body []byte, err error, example string) error {
	problem := "not JSON: " + err.Error()
	if len(bytes.TrimSpace(body)) == 0 {
		problem = "is empty"
	} else if s, ok := err.(*json.SyntaxError); ok {
		before := body[:max(0, min(s.Offset-1, int64(len(body))))]
		problem = fmt.Sprintf("not JSON: line %d, column %d: %v",
			1+bytes.Count(before, []byte{'\n'}), len(before)-bytes.LastIndexByte(before, '\n'), err)
	}
	return &option.Error{Place: "body", Problem: problem + ": write " + example}
}

// readNode reads a value that is known to be well formed. path is where it
// stands.
func readNode(d *json.Decoder, path string) (node, error) {
	token, err := d.Token()
	if err != nil {
		return node{}, &option.Error{Place: "body", Problem: "not JSON: " + err.Error()}
	}
	switch t := token.(type) {
	case string:
		return node{kind: stringNode, text: t}, nil
	case json.Number:
		return node{kind: numberNode, text: t.String()}, nil
	case bool:
		return node{kind: boolNode, text: fmt.Sprint(t)}, nil
	case json.Delim:
		n := node{kind: arrayNode}
		read := n.readItem
		if t == '{' {
			n.kind = objectNode
			read = n.fieldReader()
		}
		for d.More() {
			if err := read(d, path); err != nil {
				return node{}, err
			}
		}
		_, err := d.Token() // the closing bracket
		return n, err
	}
	return node{kind: nullNode}, nil
}

func (n *node) readItem(d *json.Decoder, path string) error {
	item, err := readNode(d, fmt.Sprintf("%s[%d]", path, len(n.items)))
	n.items = append(n.items, item)
	return err
}

// fieldReader returns a function that reads the next field of an object.
func (n *node) fieldReader() func(d *json.Decoder, path string) error {
	seen := make(map[string]bool)
	return func(d *json.Decoder, path string) error {
		token, err := d.Token()
		if err != nil {
			return err
		}
		key := token.(string)
		if len(key) > maxKey {
			return &option.Error{Place: join(path, key[:maxKey]+"…"), Problem: "is no name of a field: it is too long"}
		}
		// Names of settings are one however their words are joined.
		name := option.Canonical(key)
		if seen[name] {
			return &option.Error{Place: join(path, key), Problem: "is there twice"}
		}
		if seen[name] = true; len(seen) > maxFields {
			return &option.Error{Place: join(path, key), Problem: fmt.Sprintf("is one too many: an object has at most %d fields here", maxFields)}
		}
		value, err := readNode(d, join(path, key))
		n.fields = append(n.fields, field{key, value})
		return err
	}
}

// join returns the path of a field: options.delay.sleep. A key that would not
// read as a part of it stands in quotes.
func join(path, key string) string {
	if quoted := strconv.Quote(key); key == "" || quoted[1:len(quoted)-1] != key || strings.ContainsAny(key, " .[]?") {
		key = quoted
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// get returns the field of that name, if there is one.
func (n node) get(key string) (field, bool) {
	for _, f := range n.fields {
		if f.key == key {
			return f, true
		}
	}
	return field{}, false
}

// must returns an error if n is not of kind.
func (n node) must(kind nodeKind, path, example string) error {
	if n.kind == kind {
		return nil
	}
	if path == "" {
		path = "body"
	}
	return &option.Error{Place: path, Problem: fmt.Sprintf("is %s: write %s, as in %s", n.is(), kind, example)}
}

func (n node) is() string {
	if n.kind == boolNode {
		return n.text
	}
	return string(n.kind)
}

// only returns an error for a field whose name is not among known.
func (n node) only(path string, known ...string) error {
	for _, f := range n.fields {
		if !contains(known, f.key) {
			return unknownField(join(path, f.key), f.key, known)
		}
	}
	return nil
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

func unknownField(path, key string, known []string) error {
	return &option.Error{Place: path, Problem: fmt.Sprintf("unknown field%s; known: %s",
		option.DidYouMean(key, known), strings.Join(known, ", "))}
}

// value returns a number, text, true or false as an option's value.
func (n node) value(path string) (option.Value, error) {
	switch n.kind {
	case stringNode, numberNode, boolNode:
		return option.Value{Text: n.text, Place: path}, nil
	}
	return option.Value{}, &option.Error{Place: path, Problem: fmt.Sprintf(
		"is %s: write a number, a text, or true or false", n.kind)}
}

// values returns an object's fields as options, leaving out those named.
func (n node) values(path string, except ...string) (option.Values, []error) {
	out := make(option.Values, len(n.fields))
	var errs []error
	for _, f := range n.fields {
		if contains(except, f.key) {
			continue
		}
		v, err := f.value(join(path, f.key))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out[f.key] = v
	}
	return out, errs
}
