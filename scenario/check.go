package scenario

import (
	"fmt"
	"strconv"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// check looks at the timeline as a whole, and numbers and names its steps.
func (r *reader) check(node *spec.Node) {
	c := &checker{scenario: r.scenario, names: make(map[string]*Step)}
	c.steps(r.scenario.Steps, node.Place(), "the scenario")
	for _, err := range c.errs {
		node.Fail(err)
	}
}

type checker struct {
	scenario *Scenario
	names    map[string]*Step
	errs     []error
}

func (c *checker) failf(place, name, format string, args ...any) {
	c.errs = append(c.errs, &option.Error{Place: place, Name: name, Problem: fmt.Sprintf(format, args...)})
}

// steps checks what is played together; of is what they are the steps of.
func (c *checker) steps(steps []*Step, place, of string) {
	ending := false
	for i, s := range steps {
		if s.Steps == nil {
			c.leaf(s)
		} else {
			c.steps(s.Steps, s.Place, "the group")
		}
		c.rounds(s)
		ending = ending || s.ends()
		if i > 0 && s.At == nil {
			switch before := steps[i-1]; {
			case !before.ends():
				c.failf(s.Place, "", "begins when the step before it is over, which lasts until the end: write at")
			case before.Repeat == Forever:
				c.failf(s.Place, "", "begins when the step before it is over, which is repeated forever: write at")
			}
		}
	}
	if !ending {
		c.failf(place, "", "%s never ends, for each of its steps lasts until the end: give one of them for or until: released", of)
	}
}

// leaf checks a step that is no group, and gives it its number.
func (c *checker) leaf(s *Step) {
	s.number = len(c.scenario.leaves)
	c.scenario.leaves = append(c.scenario.leaves, s)
	if s.Name == "" {
		s.Name = "step " + strconv.Itoa(s.number+1)
	}
	if first := c.names[s.Name]; first != nil {
		c.failf(s.Place, "name", "%q is the name of the step at %s already", s.Name, first.Place)
	}
	c.names[s.Name] = s
	switch {
	case s.For == 0 && s.Until == "":
		c.failf(s.Place, "", "%s has no end: write for: 30s, until: released or until: end", s.Name)
	case s.For != 0 && s.Until == End:
		c.failf(s.Place, "until", "end does not go with for: write one of the two")
	case s.Until == End && s.Repeat != 1:
		c.failf(s.Place, "repeat", "does not go with until: end")
	case s.Ramp != nil && s.For != 0 && s.Ramp.Over > s.For:
		c.failf(s.Place, "ramp", "takes %s, and the step only %s", option.FormatDuration(s.Ramp.Over), option.FormatDuration(s.For))
	}
}

func (c *checker) rounds(s *Step) {
	if s.Every == 0 {
		return
	}
	if s.Repeat == 1 {
		c.failf(s.Place, "every", "goes with repeat: write how often, as in repeat: 3, or repeat: forever")
	}
	if one, known := s.length(); known && one > s.Every {
		c.failf(s.Place, "every", "%s is too often: a round takes %s", option.FormatDuration(s.Every), option.FormatDuration(one))
	}
}
