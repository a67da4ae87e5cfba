package matrix

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
)

// WriteText writes the report as a table for each backend, and what there is to
// know of the runs that did not survive.
func (r *Report) WriteText(out io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, r.Control.words())
	for _, backend := range r.Backends {
		r.writeBackend(&b, backend)
	}
	again := ""
	for _, c := range r.Cells {
		if c.Outcome == Failed || c.Outcome == TimedOut || c.Broken != "" {
			c.writeDetails(&b)
			again = cmp.Or(again, c.Again)
		}
	}
	if again != "" {
		fmt.Fprintf(&b, "\nTo run one of them again: %s\n", again)
	}
	if !r.Control.ok() {
		writeTail(&b, r.Control.Runs[len(r.Control.Runs)-1].Tail)
	}
	for _, u := range r.Unused {
		fmt.Fprintf(&b, "\nNothing connected to %s, so that its failures were not tried: does the command read %s?\n", u.Proxy, u.Variables)
	}
	fmt.Fprintf(&b, "\n%s\n", r.Summary())
	_, err := out.Write(b.Bytes())
	return err
}

// Summary says in a line how many failures came to what.
func (r *Report) Summary() string {
	var parts []string
	for _, outcome := range []string{Survived, Failed, TimedOut, NotReached, NotRun} {
		if n := r.Count(outcome); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	failures := "failures"
	if len(r.Cells) == 1 {
		failures = "failure"
	}
	text := fmt.Sprintf("%d %s in %s: %s", len(r.Cells), failures, seconds(r.Seconds), strings.Join(parts, ", "))
	switch {
	case r.Interrupted:
		text += "; interrupted"
	case !r.Control.ok():
		text += "; the command must succeed without a failure first"
	}
	if broken := r.broken(); broken > 0 {
		text += fmt.Sprintf("; %d not as expected", broken)
	}
	return text
}

// words says how the command does without a failure.
func (c *Control) words() string {
	switch n := len(c.Runs); {
	case n == 0:
		return "Without a failure: not run"
	case !c.ok():
		return fmt.Sprintf("Without a failure: %s after %s", c.Runs[n-1].End(), seconds(c.Runs[n-1].Seconds))
	case n == 1:
		return fmt.Sprintf("Without a failure: it succeeds in %s", seconds(c.Median))
	default:
		return fmt.Sprintf("Without a failure: it succeeds %d times of %d, in %s (median)", n, n, seconds(c.Median))
	}
}

func (r *Report) writeBackend(b *bytes.Buffer, backend Backend) {
	fmt.Fprintf(b, "\n%s (%s, %s)\n", backend.Name, backend.Address, backend.Protocol)
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, c := range r.Cells {
		if c.Proxy == backend.Name {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", c.Failure, c.Outcome, c.timeText(), c.slowdownText(), c.remark())
		}
	}
	w.Flush()
	for line := range bytes.Lines(table.Bytes()) {
		fmt.Fprintf(b, "%s\n", bytes.TrimRight(line, " \n"))
	}
}

func (c *Cell) timeText() string {
	if len(c.Runs) == 0 {
		return ""
	}
	return seconds(c.Median)
}

// noticeable is the slowdown from which on it is shown: what is less is the
// unrest of the machine.
const noticeable = 1.1

// slowdownText says how much slower it became, where that can be seen.
func (c *Cell) slowdownText() string {
	if c.Slowdown < noticeable {
		return ""
	}
	return fmt.Sprintf("x%.1f", c.Slowdown)
}

// Line says in a line what came of the cell.
func (c *Cell) Line() string {
	parts := []string{c.Outcome}
	for _, part := range []string{c.timeText(), c.slowdownText(), c.remark()} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "  ")
}

// remark is what else is to be said of a cell in a line.
func (c *Cell) remark() string {
	var parts []string
	if c.Broken != "" {
		parts = append(parts, "UNEXPECTED")
	}
	switch last := c.last(); {
	case c.Outcome == Failed && len(c.Runs) > 1:
		parts = append(parts, fmt.Sprintf("%d of %d: %s", c.Failed, len(c.Runs), last.End()))
	case c.Outcome == Failed:
		parts = append(parts, last.End())
	case c.Outcome == TimedOut && len(c.Runs) > 1:
		parts = append(parts, fmt.Sprintf("%d of %d failed", c.Failed, len(c.Runs)))
	}
	if c.Note != "" {
		parts = append(parts, c.Note)
	}
	if done := c.done(); done != "" {
		parts = append(parts, done)
	}
	return strings.Join(parts, "; ")
}

// done says what was done to the traffic.
func (c *Cell) done() string {
	faults := map[string]uint64{}
	for _, r := range c.Runs {
		for name, n := range r.stats(c.Proxy).Faults {
			faults[name] += n
		}
	}
	var parts []string
	for _, name := range sorted(faults) {
		parts = append(parts, fmt.Sprintf("%s %d", name, faults[name]))
	}
	return strings.Join(parts, ", ")
}

func (c *Cell) writeDetails(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n%s/%s: %s%s\n", c.Proxy, c.Failure, c.Outcome, c.ending())
	if c.Doc != "" {
		fmt.Fprintf(b, "  %s (%s)\n", c.Doc, c.What)
	} else {
		fmt.Fprintf(b, "  %s\n", c.What)
	}
	if last := c.last(); last != nil {
		writeTail(b, last.Tail)
	}
}

// ending says, after a cell's outcome, how it ended and what was expected.
func (c *Cell) ending() string {
	text := ""
	if last := c.last(); last != nil {
		text = ": " + last.Story()
	}
	if c.Broken != "" && c.Broken != unexpected {
		text += "; " + c.Broken
	}
	if c.Broken != "" {
		text += "; expected: " + c.Expected
	}
	return text
}

// Story says how a run went.
func (r *Run) Story() string {
	return fmt.Sprintf("%s after %s", r.End(), seconds(r.Seconds))
}

func writeTail(b *bytes.Buffer, tail []string) {
	for _, line := range tail {
		fmt.Fprintf(b, "  | %s\n", line)
	}
}

// seconds writes a time as a reader wants it: with three digits that matter.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	unit := time.Microsecond * 10
	for _, u := range []time.Duration{100 * time.Millisecond, time.Second, 10 * time.Second} {
		if d >= u {
			unit *= 10
		}
	}
	return option.FormatDuration(d.Round(unit))
}
