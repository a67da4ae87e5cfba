package audit

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"time"
)

//go:embed report.html
var page string

// WriteHTML writes the report as one page that needs nothing else.
func (r *Report) WriteHTML(out io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"text":  text,
		"clock": func(t time.Time) string { return t.Format(clock) },
		"share": share,
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(out, newView(r))
}

// A view is a report as the page shows it. Places are in percent of the width of
// a plot, so that it fits every screen.
type view struct {
	*Report
	Tallies []titled
	Load    plot
	Lanes   []lane
	Beyond  int // chains that are not shown
	From    string
	To      string
	Habits  []habitView
	Axis    []tick // of gaps
	Settled bool   // nothing is wrong
}

type titled struct {
	Title string
	*Tally
	Fates string
	Doubt string
}

// A plot is the attempts over time.
type plot struct {
	Bars  []bar
	Most  int // attempts in the highest bar
	Step  string
	Width float64
	Ticks []tick
}

type bar struct {
	X, First, Retries float64 // the heights in pixels
	Title             string
}

type tick struct {
	X    float64
	Text string
}

// A lane is an operation and its attempts over time.
type lane struct {
	What, End, Proxy string
	Count            int
	From, To         float64
	Dots             []dot
}

type dot struct {
	X     float64
	OK    bool
	Title string
}

// A habitView is a Backoff with its histograms.
type habitView struct {
	*Backoff
	Title, Words string
	Rows         []waitView
}

type waitView struct {
	Wait
	Bars []bar
	Mid  float64
}

const (
	loadHeight = 120 // of plots, in pixels
	waitHeight = 34

	// mostLanes is how many operations the page shows over time.
	mostLanes = 40
)

func newView(r *Report) *view {
	v := &view{Report: r, Load: loadPlot(r), Settled: !slices.ContainsFunc(r.Verdict, func(f Finding) bool { return f.Severity == Bad || f.Severity == Warn })}
	for _, t := range []titled{{Title: "Requests", Tally: &r.Requests}, {Title: "Connecting", Tally: &r.Connects}} {
		if t.Attempts > 0 && (t.Tally == &r.Requests || t.Failed > 0) {
			if t.Fates = t.fates(); t.Unclear > 0 {
				t.Doubt = t.unclear()
			}
			v.Tallies = append(v.Tallies, t)
		}
	}
	for d := firstDecade; d <= lastDecade; d++ {
		v.Axis = append(v.Axis, tick{100 * float64(d-firstDecade) / float64(lastDecade-firstDecade), text(math.Pow10(d))})
	}
	for i := range r.Backoff {
		b := &r.Backoff[i]
		h := habitView{Backoff: b, Title: fmt.Sprintf("Waits before %s, %s", b.of(), b.Proxy), Words: b.words()}
		for _, w := range b.Waits {
			h.Rows = append(h.Rows, waitPlot(w))
		}
		v.Habits = append(v.Habits, h)
	}
	v.lanes()
	return v
}

// lanes shows the operations that took most attempts, in the order in which
// they began.
func (v *view) lanes() {
	chains := slices.Clone(v.Chains[:min(len(v.Chains), mostLanes)])
	v.Beyond = v.Requests.Failed + v.Connects.Failed - len(chains)
	if len(chains) == 0 {
		return
	}
	slices.SortStableFunc(chains, func(a, b Chain) int { return a.Attempts[0].Time.Compare(b.Attempts[0].Time) })
	from := chains[0].Attempts[0].Time
	to := from.Add(time.Millisecond)
	for _, c := range chains {
		if t := c.Attempts[len(c.Attempts)-1].Time; t.After(to) {
			to = t
		}
	}
	v.From, v.To = from.Format(clock), to.Format(clock)
	at := func(t time.Time) float64 { return percent(float64(t.Sub(from)), float64(to.Sub(from))) }
	for _, c := range chains {
		l := lane{What: c.What, End: c.End, Proxy: c.Proxy, Count: c.Count}
		for i, a := range c.Attempts {
			title := fmt.Sprintf("attempt %d, %s at %s: %s after %s", i+1, a.ID, a.Time.Format(clock), a.Result, text(a.Took))
			l.Dots = append(l.Dots, dot{at(a.Time), a.OK, title})
		}
		l.From, l.To = l.Dots[0].X, l.Dots[len(l.Dots)-1].X
		v.Lanes = append(v.Lanes, l)
	}
}

func loadPlot(r *Report) plot {
	l := &r.Load
	p := plot{Step: text(l.Step)}
	for _, s := range l.Steps {
		p.Most = max(p.Most, s.First+s.Retries)
	}
	if p.Most == 0 {
		return p
	}
	n := float64(len(l.Steps))
	p.Width = math.Round(1e5/n) / 1e3
	for i, s := range l.Steps {
		if s.First+s.Retries == 0 {
			continue
		}
		at := r.Started.Add(time.Duration(float64(i) * l.Step * 1e6))
		p.Bars = append(p.Bars, bar{
			X: percent(float64(i), n), First: height(s.First, p.Most, loadHeight), Retries: height(s.Retries, p.Most, loadHeight),
			Title: fmt.Sprintf("%s: %d first attempts, %d retries, %d failed", at.Format(clock), s.First, s.Retries, s.Failed),
		})
	}
	for i := range 3 {
		share := float64(i) / 2
		p.Ticks = append(p.Ticks, tick{100 * share, r.Started.Add(time.Duration(share * n * l.Step * 1e6)).Format("15:04:05")})
	}
	return p
}

func waitPlot(w Wait) waitView {
	v := waitView{Wait: w, Mid: percent(math.Log10(max(w.Median, .1))-firstDecade, lastDecade-firstDecade)}
	most := slices.Max(w.Histogram)
	for i, n := range w.Histogram {
		if n > 0 {
			from := math.Pow(10, firstDecade+float64(i)/binsPerDecade)
			v.Bars = append(v.Bars, bar{
				X: percent(float64(i), bins), First: max(height(n, most, waitHeight), 2),
				Title: fmt.Sprintf("%d from %s to %s", n, text(from), text(from*math.Pow(10, 1./binsPerDecade))),
			})
		}
	}
	return v
}

func percent(x, of float64) float64 { return math.Round(1e4*min(x/of, 1)) / 100 }

func height(n, most int, pixels float64) float64 {
	return math.Round(10*pixels*float64(n)/float64(most)) / 10
}

// ConnRows are the rows of the table of connections.
func (v *view) ConnRows() (rows [][]string) {
	for i := range v.Conns {
		rows = append(rows, v.Conns[i].row())
	}
	return rows
}

// TimeoutWords says what the client's timeouts are.
func (v *view) TimeoutWords() (all []string) {
	for i := range v.Timeouts {
		all = append(all, v.Timeouts[i].words())
	}
	return all
}

// RecoveryWords says how soon all was well again.
func (v *view) RecoveryWords() (all []string) {
	for i := range v.Recovery {
		all = append(all, v.Recovery[i].words())
	}
	return all
}
