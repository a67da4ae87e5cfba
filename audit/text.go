package audit

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

const (
	// usualWidth is the width of what is written to no terminal.
	usualWidth = 80
	// narrowest is what text is not made narrower than.
	narrowest = 40
	// widest is what nobody reads lines beyond.
	widest = 120
)

// WriteText writes the report for a terminal of that many columns; 0 if it is
// none.
func (r *Report) WriteText(out io.Writer, columns int) error {
	if columns <= 0 {
		columns = usualWidth
	}
	w := &textWriter{width: min(max(columns, narrowest), widest)}
	w.head(r)
	w.tallies(r)
	w.waits(r)
	w.load(r)
	w.rest(r)
	w.rule(r)
	_, err := out.Write(w.b.Bytes())
	return err
}

type textWriter struct {
	b     bytes.Buffer
	width int
}

// wrap writes text in lines that are not too long; first begins the first, and
// the others are indented as far.
func (w *textWriter) wrap(first, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(first))
	line := first
	used := len(indent)
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case used+1+n > w.width:
			fmt.Fprintln(&w.b, line)
			line, used = indent, len(indent)
		default:
			line += " "
			used++
		}
		line += word
		used += n
	}
	fmt.Fprintln(&w.b, strings.TrimRight(line, " "))
}

func (w *textWriter) title(text string) { fmt.Fprintf(&w.b, "\n%s\n", text) }

// table writes rows of cells; what is too wide for a line loses its last
// columns.
func (w *textWriter) table(rows [][]string) {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(t, "  "+strings.Join(row, "\t"))
	}
	t.Flush()
	for line := range strings.Lines(b.String()) {
		line = strings.TrimRight(line, " \n")
		if utf8.RuneCountInString(line) > w.width {
			line = string([]rune(line)[:w.width-1]) + "…"
		}
		fmt.Fprintln(&w.b, line)
	}
}

var marks = map[string]string{Bad: "!! ", Warn: " ! ", Note: " - ", Good: " + "}

func (w *textWriter) head(r *Report) {
	t := &r.Requests
	for _, f := range r.Verdict {
		w.wrap(marks[f.Severity], f.Text)
		if f.Advice != "" {
			w.wrap("   → ", f.Advice)
		}
		if len(f.Evidence) > 0 {
			w.wrap("     see ", strings.Join(f.Evidence, ", "))
		}
	}
	if len(r.Verdict) == 0 {
		w.wrap(marks[Good], "nothing is wrong with what was seen")
	}
	fmt.Fprintln(&w.b)
	w.wrap("", fmt.Sprintf("%s: %s, %s to %s, %s", r.Ledger, strings.Join(r.Proxies, ", "), r.Started.Format("2006-01-02 15:04:05"),
		r.Ended.Format("15:04:05"), count(t.Attempts, "request", "requests")))
	if r.Earlier > 0 {
		w.wrap("", fmt.Sprintf("The last run of the ledger; %s before it.", count(r.Earlier, "other run is", "other runs are")))
	}
}

func (w *textWriter) tallies(r *Report) {
	for _, one := range []struct {
		title string
		t     *Tally
	}{{"Requests", &r.Requests}, {"Connecting", &r.Connects}} {
		t := one.t
		if t.Failed == 0 && t.Retries == 0 && one.t == &r.Connects {
			continue
		}
		w.title(one.title)
		rows := [][]string{
			{"operations", fmt.Sprint(t.Operations), share(t.FirstOK, t.Operations) + " succeeded at once"},
			{"attempts", fmt.Sprint(t.Attempts), fmt.Sprintf("%d of them retries", t.Retries)},
		}
		if t.Failed > 0 {
			rows = append(rows, []string{"failed at first", fmt.Sprint(t.Failed), t.fates()})
		}
		w.table(rows)
		if len(t.ByAttempts) > 1 {
			w.table(t.took())
		}
		if t.Unclear > 0 {
			w.wrap("  ", t.unclear())
		}
		if t.Alike > 0 {
			w.wrap("  ", fmt.Sprintf("The retries of %s differ in their bytes: they may be others with the same verb and attributes.", count(t.Alike, "operation", "operations")))
		}
	}
	if len(r.ByKind) > 1 {
		w.title("By verb")
		rows := [][]string{{"proxy", "verb", "failed at first", "retries", "ok after retry", "gave up"}}
		for _, k := range r.ByKind[:min(len(r.ByKind), 12)] {
			rows = append(rows, []string{k.Proxy, k.Verb, fmt.Sprint(k.Failed), fmt.Sprint(k.Retries), fmt.Sprint(k.Recovered), fmt.Sprint(k.GaveUp)})
		}
		w.table(rows)
	}
}

// unclear says what is not sure of the retries.
func (t *Tally) unclear() string {
	return fmt.Sprintf("Of the retries %d are less sure: several operations had failed alike, or it was not seen that the client gave up before.", t.Unclear)
}

func share(n, of int) string {
	if of == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(n)/float64(of))
}

// fates says what became of the operations that failed at first.
func (t *Tally) fates() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{
		{t.Recovered, "succeeded after retries"}, {t.GaveUp, "gave up"}, {t.NotRetried, "not retried"},
		{t.Repeated, "repeated as ever"}, {t.Open, "not known"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

func (t *Tally) took() [][]string {
	rows := [][]string{{"attempts", "operations", "failed"}}
	for _, o := range t.ByAttempts {
		n := fmt.Sprint(o.Attempts)
		if o.OrMore {
			n += "+"
		}
		rows = append(rows, []string{n, fmt.Sprint(o.Succeeded + o.Failed), fmt.Sprint(o.Failed)})
	}
	return rows
}

func (w *textWriter) waits(r *Report) {
	for i := range r.Backoff {
		b := &r.Backoff[i]
		w.title(fmt.Sprintf("Waits before %s, %s", b.of(), b.Proxy))
		w.wrap("  ", b.words())
		rows := [][]string{{"retry", "gaps", "least", "median", "most"}}
		for _, o := range b.Waits {
			rows = append(rows, []string{fmt.Sprint(o.Retry), fmt.Sprint(o.Gaps), text(o.Least), text(o.Median), text(o.Most)})
		}
		w.table(rows)
		if b.Mixed {
			w.wrap("  ", "Many failed alike at once: which wait is whose is a guess.")
		}
	}
	for _, t := range r.Told {
		w.title("Retry-After, " + t.Proxy)
		w.table([][]string{{t.What, "told to wait " + text(t.Wait), fmt.Sprintf("%d obeyed", t.Obeyed), fmt.Sprintf("%d too early", t.TooEarly)}})
	}
}

func (w *textWriter) load(r *Report) {
	l := &r.Load
	if r.Requests.Retries+r.Connects.Retries == 0 {
		return
	}
	w.title("Load")
	rows := [][]string{{"amplification", fmt.Sprintf("x%.2f", l.Amplification), "attempts for each operation"}}
	if p := l.Peak; p != nil {
		rows = append(rows, []string{"at its worst", fmt.Sprintf("x%.1f", p.Amplification), fmt.Sprintf("%s, %d first, %d retries in %s", p.Time.Format(clock), p.First, p.Retries, text(p.Seconds*1000))})
	}
	if c := l.Together; c.Crowds > 0 {
		rows = append(rows, []string{"in the same 10 ms", fmt.Sprint(c.Largest), fmt.Sprintf("clients at %s, %.1f by chance", c.Time.Format(clock), c.Expected)})
	}
	w.table(rows)
}

func (w *textWriter) rest(r *Report) {
	if d := &r.Doubles; d.Count+d.Harmless > 0 {
		w.title("Repeated after their answer was lost")
		rows := [][]string{{"possibly applied twice", fmt.Sprint(d.Count)}, {"of no harm (the same state)", fmt.Sprint(d.Harmless)}}
		w.table(rows)
		for _, o := range d.List[:min(len(d.List), 10)] {
			both := ""
			if o.Certain {
				both = ", answered both times"
			}
			w.wrap("  ", fmt.Sprintf("%s %s %s, again %s after %s%s", o.Time.Format(clock), o.What, o.First, o.Again, text(o.After), both))
		}
	}
	if len(r.Recovery) > 0 {
		w.title("Recovery")
		for i := range r.Recovery {
			w.wrap("  ", r.Recovery[i].words())
		}
	}
	if len(r.Conns) > 0 {
		w.title("Connections")
		rows := [][]string{{"proxy", "opened", "at once", "exchanges each", "broken", "new ones after that"}}
		for i := range r.Conns {
			rows = append(rows, r.Conns[i].row())
		}
		w.table(rows)
	}
	if len(r.Timeouts) > 0 {
		w.title("Timeouts of the client")
		for i := range r.Timeouts {
			w.wrap("  ", r.Timeouts[i].words())
		}
	}
}

// rule says what counts as a retry.
func (w *textWriter) rule(r *Report) {
	fmt.Fprintln(&w.b)
	w.wrap("", fmt.Sprintf("A retry is an attempt that follows a failed one of the same operation within %s, before any success of it. An error that the server itself answers is an answer. docs/report.md says more.", r.window()))
}
