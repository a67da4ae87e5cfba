package spec

import (
	"bytes"
	"slices"
	"strings"

	"gopkg.in/ini.v1"

	"github.com/vaurien-proxy/vaurien/option"
)

// ini reads the ini form, which describes the one proxy DefaultProxy:
//
//	[vaurien]             settings of the proxy and of the program
//	[behavior:NAME]       options of a behavior; also [handler:NAME]; callable = PATH
//	                      makes it the behavior that a script defines
//	[protocol:NAME]       options of a protocol
//	[statsd]              the program's settings that begin with statsd-
//
// The library reads the values; which line each stands on is our own index.
func (r *reader) ini(data []byte) {
	sections := r.indexINI(data)
	if len(r.errs) > 0 {
		return
	}
	file, err := ini.LoadSources(ini.LoadOptions{
		IgnoreContinuation:       true,
		SpaceBeforeInlineComment: true,
		ChildSectionDelimiter:    "\x00", // sections do not inherit
	}, data)
	if err != nil {
		r.fail(0, "", "%s", oneLine(err.Error()))
		return
	}
	p := newProxy(DefaultProxy, r.file.Name)
	for _, s := range sections {
		if len(file.Section(s.name).Keys()) != len(s.keys) {
			r.fail(s.line, "["+s.name+"]", "not understood: write each setting on a line of its own, as NAME = VALUE")
			continue
		}
		put := r.iniSection(&p, s)
		if put == nil {
			continue
		}
		for _, k := range s.keys {
			put(k.name, file.Section(s.name).Key(k.name).Value(), k.line)
		}
	}
	if p.Says() {
		r.file.Proxies = []Proxy{p}
	}
}

// iniSection returns what puts a key of the section s; nil, having said why,
// if there is no such section.
func (r *reader) iniSection(p *Proxy, s iniSection) func(key, text string, line int) {
	head, name, found := strings.Cut(s.name, ":")
	head, name = strings.ToLower(strings.TrimSpace(head)), strings.TrimSpace(name)
	if kind, ok := kinds[head]; found && ok {
		scripted := kind == "behavior" && slices.ContainsFunc(s.keys, func(k iniKey) bool { return isCallable(k.name) })
		values, set := r.sectionOf(p, kind, name, "["+s.name+"]", scripted, s.line)
		if set == nil {
			return nil
		}
		return func(key, text string, line int) {
			if scripted && isCallable(key) {
				r.callable(name, key, text, line)
				return
			}
			r.options(values, set, key, text, line)
		}
	}
	if !found && head == "vaurien" {
		p.Place = r.place(s.line)
		return func(key, text string, line int) { r.setting(p, true, key, text, line) }
	}
	if prefix, ok := r.group(head); !found && ok {
		return func(key, text string, line int) { r.grouped(prefix, key, text, line) }
	}
	known := []string{"vaurien", "behavior:NAME", "handler:NAME", "protocol:NAME", "statsd"}
	r.fail(s.line, "["+s.name+"]", "unknown section%s", nearest(s.name, known))
	return nil
}

// An iniSection is a section of an ini file and where its keys stand.
type iniSection struct {
	name string
	line int
	keys []iniKey
}

type iniKey struct {
	name string
	line int
}

// indexINI finds the line of each section and key. It refuses what is neither
// and what is there twice, of which the library would not tell.
func (r *reader) indexINI(data []byte) []iniSection {
	var sections []iniSection
	lines := map[string]int{} // of sections, and of keys by section and canonical name
	number := 0
	for raw := range bytes.Lines(data) {
		number++
		line := strings.TrimSpace(string(raw))
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			end := strings.LastIndexByte(line, ']')
			if end < 0 {
				r.fail(number, "", "%q is not closed: write [SECTION]", line)
				continue
			}
			name := line[1:end]
			if before, twice := lines[name]; twice {
				r.fail(number, "["+name+"]", "there already, at %s", r.place(before))
			}
			lines[name] = number
			sections = append(sections, iniSection{name: name, line: number})
			continue
		}
		end := strings.IndexAny(line, "=:")
		if end <= 0 {
			r.fail(number, "", "%q is neither a [SECTION] nor NAME = VALUE", line)
			continue
		}
		name := strings.TrimSpace(line[:end])
		if len(sections) == 0 {
			r.fail(number, name, "stands in no section: write [vaurien] above it")
			continue
		}
		s := &sections[len(sections)-1]
		path := s.name + "\n" + option.Canonical(name)
		if before, twice := lines[path]; twice {
			r.fail(number, name, "given already, at %s", r.place(before))
			continue
		}
		lines[path] = number
		s.keys = append(s.keys, iniKey{name, number})
	}
	return sections
}

// oneLine makes one line of a library's message.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
