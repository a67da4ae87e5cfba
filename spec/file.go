package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien/option"
)

// MaxFile is the size in bytes above which a configuration file is refused.
const MaxFile = 4 << 20

// Words are the names that a configuration file may use, as they are declared.
type Words struct {
	Program   *option.Set            // the program's own settings
	Proxy     *option.Set            // those of a proxy
	Behaviors map[string]*option.Set // the options of each behavior there is
	Protocols map[string]*option.Set // the options of each protocol there is
}

// A File is what a configuration file says. Every name in it is the canonical
// one of a declaration, and every value has its place as file:line.
type File struct {
	Name    string
	Program option.Values // the program's own settings
	Proxies []Proxy       // in the file's order; none if it describes none
	Scripts []Script      // those it names; their options are read once Words has them
	Matrix  *Node         // a YAML file's matrix, as it stands there; nil if there is none
}

// ReadFile reads the configuration file at path: ini if its name ends in .ini,
// .cfg or .conf, YAML if in .yaml, .yml or .json, and otherwise what it looks
// like. What it returns beside an error is the part that was understood.
// Errors about what the file says are *option.Error, one or several joined.
func ReadFile(path string, words Words) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{Name: path}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return File{Name: path}, err
	}
	return Parse(path, data, words)
}

// Parse is ReadFile for data already read; name stands in the places and says
// the type of the file.
func Parse(name string, data []byte, words Words) (File, error) {
	if len(data) > MaxFile {
		return File{Name: name}, &option.Error{Place: name, Problem: "too large: a configuration file has at most " +
			option.FormatSize(MaxFile)}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := &reader{words: words, file: File{Name: name, Program: option.Values{}}}
	if isINI(name, data) {
		r.ini(data)
	} else {
		r.yaml(data)
	}
	return r.file, errors.Join(r.errs...)
}

// iniLine is how an ini file's first line of substance begins. A YAML file
// that says anything to this program begins otherwise.
var iniLine = regexp.MustCompile(`^(\[|[^:\s]+\s*=)`)

func isINI(name string, data []byte) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ini", ".cfg", ".conf":
		return true
	case ".yaml", ".yml", ".json":
		return false
	}
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && line[0] != ';' {
			return iniLine.Match(line)
		}
	}
	return false
}

// A reader gathers what one file says, whatever its syntax.
type reader struct {
	words Words
	file  File
	errs  []error
}

func (r *reader) place(line int) string {
	if line <= 0 {
		return r.file.Name
	}
	return fmt.Sprintf("%s:%d", r.file.Name, line)
}

func (r *reader) fail(line int, name, format string, args ...any) {
	r.errs = append(r.errs, &option.Error{Place: r.place(line), Name: name, Problem: fmt.Sprintf(format, args...)})
}

// put sets name, which was written as key, unless it was set before.
func (r *reader) put(values option.Values, name, key, text string, line int) {
	if before, twice := values[name]; twice {
		r.fail(line, key, "given already, at %s", before.Place)
		return
	}
	values[name] = option.Value{Text: text, Place: r.place(line)}
}

// options puts an option of a behavior or a protocol. One that the set does
// not have is kept as it is, for the set to refuse.
func (r *reader) options(values option.Values, set *option.Set, key, text string, line int) {
	name := option.Canonical(key)
	if o := set.Lookup(key); o != nil {
		name = o.Name
	}
	r.put(values, name, key, text, line)
}

// isDraw says whether key is a name of the draw.
func (r *reader) isDraw(key string) bool {
	o := r.words.Proxy.Lookup(key)
	return o != nil && o.Name == "behavior"
}

// setting puts a setting of the program, or of p; whole says whether the
// program's may stand here.
func (r *reader) setting(p *Proxy, whole bool, key, text string, line int) {
	if o := r.words.Program.Lookup(key); o != nil {
		if !whole {
			r.fail(line, key, "this is a setting of the whole program: write it outside the proxies")
			return
		}
		r.put(r.file.Program, o.Name, key, text, line)
		return
	}
	o := r.words.Proxy.Lookup(key)
	switch {
	case o == nil:
		r.fail(line, key, "%s", r.unknownSetting(key, whole))
	case o.Name == "behavior":
		plan, err := ParseDraw(text, r.place(line))
		r.draw(p, key, plan, err, line)
	default:
		r.put(p.Settings, o.Name, key, text, line)
	}
}

// draw gives p its plan, unless it has one.
func (r *reader) draw(p *Proxy, key string, plan Plan, err error, line int) {
	if len(p.Plan.Entries) > 0 {
		r.fail(line, key, "given already, at %s", p.Plan.Entries[0].Place)
		return
	}
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	var scripts []Script
	p.Plan, scripts = plan.NameScripts(filepath.Dir(r.file.Name))
	r.file.Scripts = append(r.file.Scripts, scripts...)
}

func (r *reader) unknownSetting(key string, whole bool) string {
	known := optionNames(r.words.Proxy)
	if whole {
		known = append(known, optionNames(r.words.Program)...)
	}
	return "unknown setting" + nearest(option.Canonical(key), known)
}

// group returns the part of the program's settings that sections and mappings
// of that name hold: statsd holds statsd-enabled, statsd-host and so on.
func (r *reader) group(name string) (prefix string, ok bool) {
	prefix = option.Canonical(name) + "-"
	return prefix, r.words.Program.Lookup(prefix+"enabled") != nil
}

// grouped puts a setting that stands in a group.
func (r *reader) grouped(prefix, key, text string, line int) {
	if o := r.words.Program.Lookup(prefix + key); o != nil {
		r.put(r.file.Program, o.Name, key, text, line)
		return
	}
	var known []string
	for _, name := range optionNames(r.words.Program) {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			known = append(known, short)
		}
	}
	r.fail(line, key, "unknown setting%s", nearest(option.Canonical(key), known))
}

// kinds are the four words that head options by name, and what they are of.
var kinds = map[string]string{
	"behavior": "behavior", "handler": "behavior", "behaviors": "behavior", "handlers": "behavior",
	"protocol": "protocol", "protocols": "protocol",
}

// section returns where the options of the behavior or protocol name go and
// the set that declares them. It refuses a name that there is not; label is
// how it was written.
func (r *reader) section(p *Proxy, kind, name, label string, line int) (option.Values, *option.Set) {
	sets, options := r.words.Behaviors, p.Behaviors
	if kind == "protocol" {
		sets, options = r.words.Protocols, p.Protocols
	}
	set := behaviorSet(sets, name)
	if set == nil {
		known := slices.Sorted(maps.Keys(sets))
		problem := fmt.Sprintf("unknown %s %q%s", kind, name, nearest(name, known))
		if kind == "behavior" && option.DidYouMean(name, known) == "" {
			problem += "; a script is named in it, by callable = " + name + ScriptSuffix
		}
		r.fail(line, label, "%s", problem)
		return nil, nil
	}
	if options[name] == nil {
		options[name] = option.Values{}
	}
	return options[name], set
}

func newProxy(name, place string) Proxy {
	return Proxy{
		Name: name, Place: place, Settings: option.Values{},
		Behaviors: map[string]option.Values{}, Protocols: map[string]option.Values{},
	}
}

func optionNames(set *option.Set) []string {
	var names []string
	for _, o := range set.Options() {
		names = append(names, o.Name)
	}
	return names
}

// nearest ends a sentence about an unknown word: with the known word nearest
// to it, or else with all of them.
func nearest(word string, known []string) string {
	if near := option.DidYouMean(word, known); near != "" {
		return near
	}
	return "; known: " + strings.Join(known, ", ")
}
