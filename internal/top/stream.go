package top

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vaurien-proxy/vaurien/scenario"
)

// rowTable is what happens, the newest first, and its heading.
func (s *Screen) rowTable(room int) []string {
	b := s.shown()
	lines := []string{s.heading(s.rowHeading(), rowPane)}
	rows := s.rows()
	if len(rows) == 0 {
		return append(lines, paint(faint, cut(s.nothingYet(), s.width)))
	}
	at := len(rows) - 1
	for i := range rows {
		if rows[i].Row == s.row {
			at = i
		}
	}
	from, to := window(len(rows), room, len(rows)-1-at)
	for i := from; i < to; i++ {
		r := &rows[len(rows)-1-i]
		lines = append(lines, s.rowLine(r, r.Row == s.row && b == s.frozen))
	}
	return lines
}

// rowHeading says what is shown of what happens.
func (s *Screen) rowHeading() string {
	text := "WHAT WAS DONE, newest first"
	b := s.shown()
	if s.alone {
		text += "; only " + s.proxy
	}
	if s.filter != "" {
		text += "; filter: " + s.filter
	}
	if b.lost > 0 {
		text += fmt.Sprintf("; %d left out", b.lost)
	}
	if b.noStream != nil {
		text += "; no events: " + b.noStream.Error()
	}
	return text
}

// rowLine is one of the things that happened.
func (s *Screen) rowLine(r *Row, selected bool) string {
	const numbers, fates = 8, 10
	names := min(max(s.width/8, 6), 16)
	left := fit(r.Time.In(s.zone).Format(clock), 8) + " " + fit(r.Proxy, names) + " "
	rest := max(s.width-8-names-2, 0)
	if !r.isExchange() {
		line := left + cut(r.news(), rest)
		if selected {
			return paint(chosen, fit(line, s.width))
		}
		return paint(lively, cut(line, s.width))
	}
	wide := max(rest-numbers-fates-2, 0)
	asked := wide / 2
	left += fit(r.number(), numbers) + " " + fit(r.request(), asked) + " "
	fate, done := fit(r.fate(), fates), cut(r.done(), wide-asked-1)
	if selected {
		return paint(chosen, fit(left+fate+" "+done, s.width))
	}
	if s.width < 8+names+numbers+fates+5 { // there is no room for all of it
		return cut(left+fate, s.width)
	}
	return left + paint(fateStyles[r.fate()], fate) + " " + done
}

// nothingYet says why nothing is shown, and what to do about it.
func (s *Screen) nothingYet() string {
	b := s.shown()
	harmful := func(p Proxy) bool { return len(p.Plan.Entries) > 0 || len(p.Toxics) > 0 }
	used := func(p Proxy) bool { return p.Stats.Sessions > 0 }
	switch {
	case s.filter != "" || s.alone:
		return "nothing that the filter lets pass: esc ends it"
	case len(b.proxies) == 0:
		return ""
	case b.Look().Halt.Stopped:
		return "all chaos is stopped: u undoes it"
	case !slices.ContainsFunc(b.proxies, used):
		return "nothing has connected: point your application at " + b.proxies[0].Proxy.Proxy
	case !slices.ContainsFunc(b.proxies, harmful):
		return "no plan does anything: curl -d 20:delay " + strings.TrimRight(s.address, "/") + "/handler"
	}
	return "nothing was done to an exchange yet"
}

// scenarioLines tell how far a scenario is, and what its rails say.
func (s *Screen) scenarioLines() []string {
	sc := s.shown().Look().Scenario
	if sc.State == "" || sc.State == scenario.Idle {
		return nil
	}
	head := join("SCENARIO", sc.Name) + ": " + sc.State
	for _, part := range []struct{ before, text string }{
		{", ", sc.Reason}, {", after ", sc.Elapsed}, {", still ", sc.Left},
	} {
		if part.text != "" {
			head += part.before + part.text
		}
	}
	for _, r := range sc.Rails {
		if r.State != "holds" {
			head += fmt.Sprintf("; rail %s %s", r.Rail, r.State)
		}
	}
	style := lively
	if !sc.Live() {
		style = faint
	}
	lines := []string{paint(style, cut(head, s.width))}
	for _, step := range sc.Steps {
		if step.State != scenario.Active || len(lines) == 3 {
			continue
		}
		text := fmt.Sprintf("  step %d of %d %s: %s", step.Number, len(sc.Steps), join(step.Name, step.Proxy), step.Does)
		if step.Percent != "" {
			text += ", at " + step.Percent
		}
		if step.Left != "" {
			text += ", still " + step.Left
		}
		lines = append(lines, cut(text, s.width))
	}
	return lines
}
