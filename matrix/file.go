package matrix

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/internal/command"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A file is what stands under matrix in a YAML file:
//
//	matrix:
//	  repeat: 3                    the settings
//	  env: {DATABASE_URL: "postgres://{db.addr}/shop"}
//	  expect:                      or one word for all
//	    - {failure: cache/*, result: survive, max-slowdown: 2}
//	  failures:
//	    - default
//	    - {behavior: delay, sleep: 5s, name: very-late, proxies: db}
type file struct {
	registry *vaurien.Registry
	proxies  []spec.Proxy
	names    []string // of the proxies

	values option.Values // settings
	env    []command.Template
	rules  []Rule
	items  []item
	err    error
}

// read reads the node, and gathers its errors.
func (f *file) read(node *spec.Node) {
	_, set := NewSettings()
	node.Mapping("matrix", func(key string, value *spec.Node) {
		switch name := option.Canonical(key); {
		case name == "env":
			f.readEnv(value)
		case name == "failures":
			f.readFailures(value)
		case name == "expect" && value.IsList():
			f.readRules(value)
		case set.Lookup(name) != nil:
			if v, ok := value.Text(key); ok {
				f.values[name] = v
			}
		default:
			known := []string{"env", "failures"}
			for _, o := range set.Options() {
				known = append(known, o.Name)
			}
			value.Failf(key, "unknown setting of the matrix%s", nearest(name, known))
		}
	})
	f.err = errors.Join(f.err, node.Err())
}

func nearest(word string, known []string) string {
	if near := option.DidYouMean(word, known); near != "" {
		return near
	}
	return "; known: " + strings.Join(known, ", ")
}

func (f *file) readEnv(node *spec.Node) {
	node.Mapping("env", func(name string, value *spec.Node) {
		v, ok := value.Text(name)
		if !ok {
			return
		}
		t, err := command.NewTemplate(name, v.Text, v.Place, f.names)
		value.Fail(err)
		f.env = append(f.env, t)
	})
}

func (f *file) readRules(node *spec.Node) {
	for _, n := range node.Items() {
		var r Rule
		r.Place = n.Place()
		n.Mapping("expect", func(key string, value *spec.Node) {
			if option.Canonical(key) != "failure" {
				r.Expectation.read(key, value, "failure")
				return
			}
			if v, ok := value.Text(key); ok {
				r.Pattern = v.Text
				if err := checkPattern(v.Text); err != nil {
					value.Failf(key, "%s", err)
				}
			}
		})
		if r.Pattern == "" {
			n.Failf("expect", "names no failure: write {failure: db/*, result: survive}")
		}
		f.rules = append(f.rules, r)
	}
}

// read reads one key of an expectation. also are other keys that may stand
// there.
func (e *Expectation) read(key string, value *spec.Node, also ...string) {
	v, ok := value.Text(key)
	if !ok {
		return
	}
	switch name := option.Canonical(key); name {
	case "result":
		if e.Result = v.Text; !slices.Contains([]string{Survive, Fail, Any}, v.Text) {
			value.Failf(key, "%q is not a result: write survive, fail or any", v.Text)
		}
	case "status":
		n, err := strconv.Atoi(v.Text)
		if err != nil || n < 0 || n > 255 {
			value.Failf(key, "%q is not an exit status: write a number from 0 to 255", v.Text)
		}
		e.Status = &n
	case "max-slowdown":
		n, err := strconv.ParseFloat(v.Text, 64)
		if err != nil || !(n > 0) {
			value.Failf(key, "%q is not a slowdown: write how many times the time without a failure, as in 2.5", v.Text)
		}
		e.MaxSlowdown = n
	case "output":
		re, err := regexp.Compile(v.Text)
		if err != nil {
			value.Failf(key, "%s", err)
		}
		e.Output = re
	default:
		value.Failf(key, "unknown%s", nearest(name, append([]string{"result", "status", "max-slowdown", "output"}, also...)))
	}
}

// readExpectation reads one word or a mapping.
func readExpectation(node *spec.Node) *Expectation {
	e := &Expectation{Place: node.Place()}
	if node.IsText() {
		e.read("result", node)
		return e
	}
	node.Mapping("expect", func(key string, value *spec.Node) { e.read(key, value) })
	return e
}

// readWindow reads when a failure is in force.
func readWindow(node *spec.Node) Window {
	var w Window
	set := new(option.Set)
	set.Int(&w.Replies, "replies", 0, "").AtLeast("0")
	set.Duration(&w.After, "after", 0, "").AtLeast("0s").AtMost("24h")
	set.Duration(&w.For, "for", 0, "").AtLeast("0s").AtMost("24h")
	values := option.Values{}
	node.Mapping("when", func(key string, value *spec.Node) {
		if v, ok := value.Text(key); ok {
			values[option.Canonical(key)] = v
		}
	})
	node.Fail(set.Assign(values))
	return w
}

// percentage reads a number from 0 to 100.
func percentage(node *spec.Node, key string) float64 {
	v, ok := node.Text(key)
	if !ok {
		return 0
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(v.Text, "%"), 64)
	if err != nil || !(n > 0 && n <= 100) {
		node.Failf(key, "%q is not a percentage: write a number from 0 to 100", v.Text)
	}
	return n
}

// words reads one word or a list of them.
func words(node *spec.Node, key string) []option.Value {
	var out []option.Value
	items := []*spec.Node{node}
	if node.IsList() {
		items = node.Items()
	}
	for _, n := range items {
		if v, ok := n.Text(key); ok {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		node.Failf(key, "%s", fmt.Sprintf("names nothing: write %s: NAME, or a list", key))
	}
	return out
}
