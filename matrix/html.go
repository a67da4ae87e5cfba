package matrix

import (
	_ "embed"
	"html/template"
	"io"
	"math"
	"strings"

	"github.com/vaurien-proxy/vaurien/internal/command"
)

//go:embed report.html
var page string

// WriteHTML writes the report as one page that needs nothing else: a grid of
// backends and failures, and what there is to know of each.
func (r *Report) WriteHTML(out io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"seconds":  seconds,
		"class":    func(outcome string) string { return strings.ReplaceAll(outcome, " ", "-") },
		"lines":    func(tail []string) string { return strings.Join(tail, "\n") },
		"command":  command.Quote,
		"anchor":   func(c *Cell) string { return c.spec.ID() },
		"last":     (*Cell).last,
		"done":     (*Cell).done,
		"slowdown": (*Cell).slowdownText,
		"story":    (*Run).Story,
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(out, newView(r))
}

// A view is a report as the page shows it.
type view struct {
	*Report
	Rows            []row
	Outcomes        []count
	ControlWords    string
	ControlHeld     bool
	HasExpectations bool
	Broken          int     // cells that are not as expected
	longest         float64 // seconds, of the bars
}

// A row is a failure and its cells, one for each backend; nil where it has none.
type row struct {
	Name  string
	Doc   string
	Cells []*Cell
}

type count struct {
	Outcome string
	N       int
}

func newView(r *Report) *view {
	v := &view{Report: r, ControlWords: r.Control.words(), ControlHeld: r.Control.ok(), Broken: r.broken(), longest: r.Control.Median}
	rows := map[string]int{}
	for _, c := range r.Cells {
		i, ok := rows[c.Failure]
		if !ok {
			i = len(v.Rows)
			rows[c.Failure] = i
			v.Rows = append(v.Rows, row{Name: c.Failure, Doc: c.Doc, Cells: make([]*Cell, len(r.Backends))})
		}
		for b, backend := range r.Backends {
			if backend.Name == c.Proxy {
				v.Rows[i].Cells[b] = c
			}
		}
		v.HasExpectations = v.HasExpectations || !c.expect.IsAny()
		for _, run := range c.Runs {
			v.longest = max(v.longest, run.Seconds)
		}
	}
	for _, outcome := range []string{Survived, Failed, TimedOut, NotReached, NotRun} {
		if n := r.Count(outcome); n > 0 {
			v.Outcomes = append(v.Outcomes, count{outcome, n})
		}
	}
	return v
}

// Bar returns how long the bar of a time is, in percent of the longest. The
// square root lets short times be seen beside one that timed out.
func (v *view) Bar(s float64) float64 {
	if v.longest == 0 {
		return 0
	}
	return max(1, math.Round(1000*math.Sqrt(s/v.longest))/10)
}
