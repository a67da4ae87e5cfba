package spec

import "go.yaml.in/yaml/v4"

// resolve follows an alias to what it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// scalar returns the one value that n is; false, having said why, if it is
// anything else.
func (r *reader) scalar(key string, n *yaml.Node) (string, bool) {
	line := n.Line
	switch n = resolve(n); {
	case n.Kind == yaml.ScalarNode && n.Tag != "!!null":
		return n.Value, true
	case n.Kind == yaml.ScalarNode:
		r.fail(line, key, "has no value")
	default:
		r.fail(line, key, "takes one value, not %s", describe(n))
	}
	return "", false
}

// mapping calls each for every key of n, in order: at is the key's node. A key
// that is there twice is refused. What a merge key (<<) brings in yields to
// what is written.
func (r *reader) mapping(n *yaml.Node, name string, each func(key string, at, value *yaml.Node)) {
	line := n.Line
	if n = resolve(n); n.Kind != yaml.MappingNode {
		r.fail(line, name, "takes keys and values, not %s", describe(n))
		return
	}
	seen := map[string]int{} // the line of each key
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			r.fail(n.Content[i].Line, name, "a key is one word, not %s", describe(key))
			continue
		}
		if key.Tag == "!!merge" {
			merged = append(merged, mergeSources(resolve(value))...)
			continue
		}
		if before, twice := seen[key.Value]; twice {
			r.fail(n.Content[i].Line, key.Value, "given already, at %s", r.place(before))
			continue
		}
		seen[key.Value] = n.Content[i].Line
		each(key.Value, n.Content[i], value)
	}
	for _, source := range merged {
		r.mergeIn(source, name, seen, each)
	}
}

// mergeSources returns the mappings that the value of a merge key names.
func mergeSources(value *yaml.Node) []*yaml.Node {
	if value.Kind == yaml.SequenceNode {
		return value.Content
	}
	return []*yaml.Node{value}
}

// mergeIn calls each for the keys of a merged mapping that were not seen.
func (r *reader) mergeIn(source *yaml.Node, name string, seen map[string]int, each func(key string, at, value *yaml.Node)) {
	line := source.Line
	if source = resolve(source); source.Kind != yaml.MappingNode {
		r.fail(line, name, "<< merges a mapping, not %s", describe(source))
		return
	}
	for i := 0; i+1 < len(source.Content); i += 2 {
		key := resolve(source.Content[i])
		if key.Kind == yaml.ScalarNode && key.Tag != "!!merge" && seen[key.Value] == 0 {
			seen[key.Value] = source.Content[i].Line
			each(key.Value, source.Content[i], source.Content[i+1])
		}
	}
}

func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "keys and values"
	case n.Tag == "!!null":
		return "nothing"
	}
	return "one value"
}
