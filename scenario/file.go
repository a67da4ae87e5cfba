package scenario

import (
	"io"
	"os"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

const (
	maxSteps  = 1000 // more than anybody can mean; what aliases make many of is many too
	maxDepth  = 8    // of groups in groups
	maxToxics = 1000 // of a step
)

// ReadFile reads the scenario file at path, and returns its text too. Errors
// about what it says are *option.Error, one or several joined.
func ReadFile(path string, reg *vaurien.Registry) (*Scenario, []byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, spec.MaxFile+1)) // Read says if it is too much
	if err != nil {
		return nil, nil, err
	}
	s, err := Read(path, text, reg)
	return s, text, err
}

// Read reads a scenario, YAML or JSON, that may name the behaviors of reg. name
// stands in the places of errors.
func Read(name string, data []byte, reg *vaurien.Registry) (*Scenario, error) {
	words := spec.Words{Behaviors: make(map[string]*option.Set)}
	for _, k := range reg.Behaviors() {
		set := new(option.Set)
		k.New(set)
		words.Behaviors[k.Name] = set
	}
	node, err := spec.Document(name, data, words)
	if err == nil && node == nil {
		err = &option.Error{Place: name, Problem: "is empty: write " + example}
	}
	if err != nil {
		return nil, err
	}
	r := &reader{scenario: new(Scenario)}
	r.read(node)
	if err := node.Err(); err != nil {
		return nil, err
	}
	r.check(node)
	return r.scenario, node.Err()
}

const example = "steps: [{at: 10s, behavior: 20:delay, for: 30s}]"

// A reader reads one file.
type reader struct {
	scenario *Scenario
	count    int // of steps
}

func (r *reader) read(node *spec.Node) {
	written := ""
	node.Mapping("scenario", func(key string, value *spec.Node) {
		switch option.Canonical(key) {
		case "name":
			if v, ok := value.Text(key); ok {
				r.scenario.Name = v.Text
			}
		case "steps":
			written = key
			r.scenario.Steps = r.steps(value, 1)
		case "rails":
			r.rails(value)
		case "on-end":
			if v, ok := value.Text(key); ok && v.Text != "restore" {
				value.Failf(key, "%q: write restore: what was there before is always put back", v.Text)
			}
		default:
			value.Failf(key, "unknown%s", nearest(key, "name", "steps", "rails", "on-end"))
		}
	})
	if written == "" && node.Err() == nil {
		node.Failf("steps", "is missing: write %s", example)
	}
}

func nearest(word string, known ...string) string {
	if near := option.DidYouMean(option.Canonical(word), known); near != "" {
		return near
	}
	return "; known: " + strings.Join(known, ", ")
}

// list returns the items of a list, of which there must be one at least.
func list(node *spec.Node, key, example string) []*spec.Node {
	items := node.Items()
	if len(items) == 0 {
		node.Failf(key, "takes a list: write %s", example)
	}
	return items
}

func (r *reader) steps(node *spec.Node, depth int) []*Step {
	if depth > maxDepth {
		node.Failf("steps", "groups stand in groups %d deep at most", maxDepth)
		return nil
	}
	var out []*Step
	for _, item := range list(node, "steps", "[{at: 10s, behavior: 20:delay, for: 30s}]") {
		if r.count++; r.count > maxSteps {
			if r.count == maxSteps+1 {
				item.Failf("steps", "a scenario has at most %d steps", maxSteps)
			}
			return out
		}
		out = append(out, r.step(item, depth))
	}
	return out
}

// stepKeys are what may be said of a step.
var stepKeys = []string{"name", "at", "for", "until", "proxy", "behavior", "options", "ramp", "toxics", "enabled", "backend", "repeat", "every", "steps"}

func (r *reader) step(node *spec.Node, depth int) *Step {
	s := &Step{Place: node.Place(), Repeat: 1}
	c := &Change{Place: node.Place()}
	var options, ramp *spec.Node
	node.Mapping("steps", func(key string, value *spec.Node) {
		switch option.Canonical(key) {
		case "name":
			s.Name = text(key, value)
		case "at":
			at := duration(key, value, 0)
			s.At = &at
		case "for":
			s.For = duration(key, value, minFor)
		case "until":
			if s.Until = text(key, value); s.Until != "" && s.Until != Released && s.Until != End {
				value.Failf(key, "%q: write released, until somebody lets it go, or end, until the others are over", s.Until)
			}
		case "proxy":
			c.Proxy = text(key, value)
		case "behavior", "plan":
			if plan, ok := value.Plan(key); ok {
				c.Plan = &plan
			}
		case "options":
			options = value
		case "ramp":
			ramp = value
			s.Ramp = readRamp(key, value)
		case "toxics":
			c.Toxics = toxics(key, value)
		case "enabled":
			if v, ok := value.Text(key); ok {
				on, err := option.ParseBool(v.Text)
				if err != nil {
					value.Failf(key, "%s", err)
				}
				c.Enabled = &on
			}
		case "backend":
			if v, ok := value.Text(key); ok {
				c.Backend = &v.Text
				if err := vaurien.CheckAddress(v.Text); err != nil {
					value.Failf(key, "%s", err)
				}
			}
		case "repeat":
			s.Repeat = repeat(key, value)
		case "every":
			s.Every = duration(key, value, minFor)
		case "steps":
			s.Steps = r.steps(value, depth+1)
		default:
			value.Failf(key, "unknown%s", nearest(key, stepKeys...))
		}
	})
	if options != nil {
		readOptions(options, c.Plan)
	}
	if ramp != nil && c.Plan == nil {
		ramp.Failf("ramp", "goes with behavior: it is the percentage of the exchanges that meet it")
	}
	changes := c.Plan != nil || c.Toxics != nil || c.Enabled != nil || c.Backend != nil
	if changes {
		s.Change = c
	}
	switch {
	case s.Steps != nil && (changes || s.For != 0 || s.Until != "" || c.Proxy != ""):
		node.Failf("steps", "a group has only name, at, repeat, every and steps: write the rest in its steps")
	case !changes && c.Proxy != "":
		node.Failf("proxy", "nothing is done to %s: write behavior, toxics, enabled or backend", c.Proxy)
	}
	return s
}

// readOptions gives each entry of the plan the options that node has for its
// behavior; an entry's own go over them.
func readOptions(node *spec.Node, plan *spec.Plan) {
	if plan == nil {
		node.Failf("options", "goes with behavior: it has the options of those that are named there")
		return
	}
	node.Mapping("options", func(behavior string, value *spec.Node) {
		values := value.Options(behavior)
		found := false
		for i, e := range plan.Entries {
			if option.Canonical(e.Name) == option.Canonical(behavior) {
				found = true
				plan.Entries[i].Options = values.Merge(e.Options)
			}
		}
		if !found {
			value.Failf("options", "%s is not in the plan %s", behavior, plan.Draw())
		}
	})
}

// toxics reads what is to stand beside a proxy's own toxics.
func toxics(key string, node *spec.Node) []spec.Toxic {
	items := list(node, key, "[{behavior: latency, latency: 100ms}]")
	if len(items) > maxToxics {
		node.Failf(key, "a step has at most %d toxics", maxToxics)
		return nil
	}
	if len(items) == 0 {
		return nil
	}
	return node.Toxics()
}
