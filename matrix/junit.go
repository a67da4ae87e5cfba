package matrix

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// The elements of a JUnit report that CI systems read: those of Ant's
// JUnitReport task, whose schema is written down by Jenkins' xunit plugin.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	Class     string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Failure   *junitMessage `xml:"failure"`
	Skipped   *junitMessage `xml:"skipped"`
	SystemOut string        `xml:"system-out,omitempty"`

	seconds float64
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the report as JUnit's XML: a suite for each backend, a test
// for each failure. A test fails if what was expected does not hold, and is
// skipped if nothing was hit.
func (r *Report) WriteJUnit(out io.Writer) error {
	all := junitSuites{Name: "vaurien matrix", Time: junitTime(r.Seconds)}
	all.add(r, "no failure", []junitCase{r.junitControl()})
	for _, b := range r.Backends {
		var cases []junitCase
		for _, c := range r.Cells {
			if c.Proxy == b.Name {
				cases = append(cases, c.junit())
			}
		}
		if len(cases) > 0 {
			all.add(r, b.Name, cases)
		}
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s%s\n", xml.Header, text)
	return err
}

// add adds a suite.
func (s *junitSuites) add(r *Report, name string, cases []junitCase) {
	suite := junitSuite{Name: name, Tests: len(cases), Cases: cases, Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05")}
	total := 0.0
	for _, c := range cases {
		total += c.seconds
		if c.Failure != nil {
			suite.Failures++
		}
		if c.Skipped != nil {
			suite.Skipped++
		}
	}
	suite.Time = junitTime(total)
	s.Suites = append(s.Suites, suite)
	s.Tests += suite.Tests
	s.Failures += suite.Failures
}

func (r *Report) junitControl() junitCase {
	c := junitCase{Name: "no failure", Class: "vaurien", seconds: total(r.Control.Runs), SystemOut: r.Control.words()}
	c.Time = junitTime(c.seconds)
	switch {
	case len(r.Control.Runs) == 0:
		c.Skipped = &junitMessage{Message: NotRun}
	case !r.Control.ok():
		last := r.Control.Runs[len(r.Control.Runs)-1]
		c.Failure = &junitMessage{"the command does not succeed without a failure: " + last.End(), strings.Join(last.Tail, "\n")}
	}
	return c
}

func (c *Cell) junit() junitCase {
	j := junitCase{Name: c.Failure, Class: "vaurien." + c.Proxy, seconds: total(c.Runs)}
	j.Time = junitTime(j.seconds)
	lines := []string{c.What}
	if last := c.last(); last != nil {
		lines = append(lines, last.Tail...)
	}
	if c.Again != "" {
		lines = append(lines, "to run it again: "+c.Again)
	}
	text := strings.Join(lines, "\n")
	switch {
	case c.Broken != "":
		j.Failure = &junitMessage{c.Outcome + c.ending(), text}
	case c.Outcome == NotReached || c.Outcome == NotRun:
		j.Skipped = &junitMessage{Message: c.Line()}
	default:
		j.SystemOut = c.Outcome + c.ending() + "\n" + text
	}
	return j
}

func total(runs []*Run) float64 {
	sum := 0.0
	for _, r := range runs {
		sum += r.Seconds
	}
	return sum
}

// junitTime writes seconds as the schema has them.
func junitTime(s float64) string {
	return fmt.Sprintf("%.3f", s)
}
