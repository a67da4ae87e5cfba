package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/scenario"
	"github.com/vaurien-proxy/vaurien/spec"
)

// print writes a scenario's state.
func (d *director) print(s scenario.State) error {
	if d.json {
		return d.printAsJSON(s)
	}
	return printState(d.app.stdout, s)
}

func (d *director) printAsJSON(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return printJSON(d.app.stdout, text)
}

func printState(out io.Writer, s scenario.State) error {
	if s.State == scenario.Idle {
		_, err := fmt.Fprintln(out, "no scenario was started: vaurien scenario start FILE does")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "scenario %s%s: %s\n", s.ID, named(s.Name), strings.Join(filled(
		s.State, with("", s.Reason), with("after ", s.Elapsed), with("still ", s.Left)), ", "))
	for _, p := range s.Problems {
		fmt.Fprintln(w, p)
	}
	for _, step := range s.Steps {
		fmt.Fprintf(w, "  %d\t%s\t%s\t%s\t%s\n", step.Number, step.Name, with("proxy ", step.Proxy), step.Does, strings.Join(filled(
			step.State, with("at ", step.Percent), with("begins in ", step.BeginsIn), with("still ", step.Left),
			untilText(step), roundText(step)), ", "))
	}
	for _, r := range s.Rails {
		fmt.Fprintf(w, "  %s\t%s\n", r.Rail, strings.Join(filled(r.State, failuresText(r), r.Last), ", "))
	}
	if s.Lease != nil {
		fmt.Fprintf(w, "  lease of %s\t%s left\n", s.Lease.Every, s.Lease.Left)
	}
	return w.Flush()
}

func named(name string) string {
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}

func with(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

func untilText(s scenario.StepState) string {
	if s.State == scenario.Active && s.Until == scenario.Released {
		return "until it is released: vaurien scenario release " + fmt.Sprint(s.Number)
	}
	return ""
}

func roundText(s scenario.StepState) string {
	if s.Round == 0 {
		return ""
	}
	return fmt.Sprintf("round %d", s.Round)
}

func failuresText(r scenario.RailState) string {
	if r.Failures == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d failures", r.Failures, r.Limit)
}

// filled returns the texts that are not empty.
func filled(texts ...string) []string {
	return slices.DeleteFunc(texts, func(t string) bool { return t == "" })
}

func (d *director) printHalt(h control.Halt) error {
	if d.json {
		return d.printAsJSON(h)
	}
	text := "what was there before is put back"
	if h.Stopped {
		text = "all chaos is stopped: vaurien scenario resume puts back what was there"
	}
	_, err := fmt.Fprintln(d.app.stdout, text)
	return err
}

// printTimeline says what a scenario does, to these proxies if they are known.
func (a *app) printTimeline(s *scenario.Scenario, proxies []spec.Proxy) error {
	if err := s.CheckProxies(a.registry, proxies); err != nil {
		return inputError{err}
	}
	length := "until somebody ends it"
	if d, known := s.Length(); known {
		length = option.FormatDuration(d)
	}
	fmt.Fprintf(a.stdout, "scenario%s: %s\n", named(s.Name), length)
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, line := range s.Lines() {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", line.When, cmp.Or(line.Name, "group"), line.Does)
	}
	for _, r := range s.Rails {
		fmt.Fprintf(w, "  every %s\t%s\t%d failures in a row end it\n", option.FormatDuration(r.Every), r, r.Failures)
	}
	if s.Lease > 0 {
		fmt.Fprintf(w, "  every %s\tlease\tis to be renewed\n", option.FormatDuration(s.Lease))
	}
	return w.Flush()
}
