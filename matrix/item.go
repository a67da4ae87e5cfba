package matrix

import (
	"path"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// An item is one of the failures that somebody wrote down: one that is known
// by its name, or a pattern of such names; or a behavior with options; or
// toxics.
type item struct {
	failure  string
	behavior string
	percent  float64
	options  option.Values
	toxics   []spec.Toxic

	name, doc string
	when      *Window
	expect    *Expectation
	proxies   []option.Value // patterns of their names; none: all
	place     string
}

// everything is the name of all that is tried by default.
const everything = "default"

const itemExample = "write {behavior: delay, sleep: 2s}, {failure: restart} or {name: NAME, toxics: […]}"

func (f *file) readFailures(node *spec.Node) {
	f.items = []item{}
	items := node.Items()
	if len(items) == 0 {
		node.Failf("failures", "takes a list: write [%s] for those that fit the protocol; %s", everything, itemExample)
	}
	for _, n := range items {
		before := len(option.Errors(n.Err()))
		it := readItem(n)
		if len(option.Errors(n.Err())) == before {
			f.items = append(f.items, it)
		}
	}
}

// readItem reads a failure.
func readItem(n *spec.Node) item {
	it := item{percent: 100, options: option.Values{}, place: n.Place()}
	if n.IsText() {
		v, _ := n.Text("failures")
		it.failure = v.Text
		return it
	}
	n.Mapping("failures", func(key string, value *spec.Node) { it.read(key, value) })
	kinds := 0
	for _, has := range []bool{it.failure != "", it.behavior != "", it.toxics != nil} {
		if has {
			kinds++
		}
	}
	switch {
	case n.IsEmpty():
	case kinds != 1:
		n.Failf("failures", "is one failure, one behavior or some toxics: %s", itemExample)
	case it.behavior == "" && len(it.options) > 0:
		name := sorted(it.options)[0]
		n.Failf(name, "unknown%s", nearest(name, []string{"name", "doc", "failure", "behavior", "percent", "options", "toxics", "when", "expect", "proxies"}))
	case it.name != "" && (it.failure == everything || strings.Contains(it.failure, "*")):
		n.Failf("name", "there are several of %q: a name is for one", it.failure)
	case it.toxics != nil && it.name == "":
		n.Failf("failures", "toxics together need a name: write {name: NAME, toxics: […]}")
	}
	return it
}

// read reads one key of an item. What is no key of items is an option of its
// behavior, or stands under options if it is called as a key is.
func (it *item) read(key string, value *spec.Node) {
	text := func() string {
		v, _ := value.Text(key)
		return v.Text
	}
	switch option.Canonical(key) {
	case "name":
		if it.name = text(); !isName(it.name) {
			value.Failf(key, "%.100q is not a name for a failure: write 1 to 100 characters without spaces, slashes and *", it.name)
		}
	case "doc":
		it.doc = text()
	case "failure":
		it.failure = text()
	case "behavior":
		it.behavior = text()
	case "percent":
		it.percent = percentage(value, key)
	case "proxies", "proxy":
		it.proxies = words(value, key)
	case "expect":
		it.expect = readExpectation(value)
	case "when":
		w := readWindow(value)
		it.when = &w
	case "toxics":
		it.toxics = value.Toxics()
	case "options":
		value.Mapping(key, func(key string, value *spec.Node) {
			if v, ok := value.Text(key); ok {
				it.options[option.Canonical(key)] = v
			}
		})
	default:
		if v, ok := value.Text(key); ok {
			it.options[option.Canonical(key)] = v
		}
	}
}

// isName says whether name can be a failure's: in a pattern, a file's name and
// a table.
func isName(name string) bool {
	return name != "" && len(name) <= 100 && !strings.ContainsFunc(name, func(c rune) bool {
		return c <= ' ' || c == 0x7f || strings.ContainsRune(`/\*?[]`, c)
	})
}

// isOf reports whether the item is about a proxy.
func (it item) isOf(proxy string) bool {
	return it.proxies == nil || slices.ContainsFunc(it.proxies, func(v option.Value) bool {
		ok, _ := path.Match(v.Text, proxy)
		return ok
	})
}

// finish returns a failure with what the item says of any.
func (it item) finish(made Failure) Failure {
	if it.name != "" {
		made.Name = it.name
	}
	if it.doc != "" {
		made.Doc = it.doc
	}
	if it.when != nil {
		made.When = *it.when
	}
	made.Expect, made.Place, made.Listed = it.expect, it.place, false
	return made
}
