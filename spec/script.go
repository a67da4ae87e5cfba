package spec

import (
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/vaurien-proxy/vaurien/option"
)

// ScriptSuffix is how the name of a script's file ends.
const ScriptSuffix = ".star"

// A Script is a behavior that a file defines.
type Script struct {
	Name  string // the behavior's
	Path  string
	Place string // where it was named
}

// NameScripts returns p with the paths in it, such as 20:./super.star, replaced
// by the names of their behaviors, and the scripts that they name. Paths that
// are not absolute begin in dir; empty is the working directory.
func (p Plan) NameScripts(dir string) (Plan, []Script) {
	p = p.Clone()
	var scripts []Script
	for i := range p.Entries {
		e := &p.Entries[i]
		if name, ok := strings.CutSuffix(filepath.Base(e.Name), ScriptSuffix); ok {
			scripts = append(scripts, Script{Name: name, Path: in(dir, e.Name), Place: e.Place})
			e.Name = name
		}
	}
	return p, scripts
}

func in(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// isCallable reports whether a key of a behavior's section names a script.
func isCallable(key string) bool { return option.Canonical(key) == "callable" }

func hasCallable(section *yaml.Node) bool {
	section = resolve(section)
	if section.Kind == yaml.MappingNode {
		for i := 0; i < len(section.Content); i += 2 {
			if isCallable(section.Content[i].Value) {
				return true
			}
		}
	}
	return false
}

// callable takes the script that a behavior's section names.
func (r *reader) callable(name, key, path string, line int) {
	if !strings.HasSuffix(path, ScriptSuffix) {
		r.fail(line, key, "%q is no script: write the path of a file that ends in %s, as in %s%[2]s", path, ScriptSuffix, name)
		return
	}
	r.file.Scripts = append(r.file.Scripts, Script{Name: name, Path: in(filepath.Dir(r.file.Name), path), Place: r.place(line)})
}

// sectionOf is section for one that may name a script: until Words has its
// behavior, nothing is said about its options.
func (r *reader) sectionOf(p *Proxy, kind, name, label string, scripted bool, line int) (option.Values, *option.Set) {
	if scripted && behaviorSet(r.words.Behaviors, name) == nil {
		return option.Values{}, new(option.Set)
	}
	return r.section(p, kind, name, label, line)
}
