package top

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// frame draws the screen: as many lines as it is high, none wider than it is.
func (s *Screen) frame() string {
	if s.width <= 0 || s.height <= 0 {
		return ""
	}
	lines := []string{s.title()}
	room := s.height - 2 // without the title and the foot
	if s.page == overview {
		lines = append(lines, s.overview(room)...)
	} else {
		lines = append(lines, s.paged(room)...)
	}
	lines = lines[:min(len(lines), max(s.height-1, 1))]
	for len(lines) < s.height-1 {
		lines = append(lines, "")
	}
	if s.height > 1 {
		lines = append(lines, s.foot())
	}
	return strings.Join(lines, "\n")
}

// title says where this is, and what must not be missed.
func (s *Screen) title() string {
	b := s.shown()
	look := b.Look()
	text, style := "", plain
	switch {
	case !s.board.silent.IsZero():
		text, style = "NO ANSWER since "+s.board.silent.In(s.zone).Format(clock)+", trying again", alarm
	case look.Halt.Stopped:
		text, style = "ALL CHAOS STOPPED, u undoes it", alarm
		if since := look.Halt.Since; since != nil {
			text += ", since " + since.In(s.zone).Format(clock)
		}
	case s.frozen != nil:
		text, style = "PAUSED"+s.newer(), lively
	}
	at := ""
	if !look.At.IsZero() {
		at = look.At.In(s.zone).Format(clock)
	}
	left := join(join("vaurien top", s.address), at) + " "
	left = cut(left, s.width)
	if text == "" {
		return paint(bold, left)
	}
	return paint(bold, left) + paint(style, cut(" "+text, s.width-ansi.StringWidth(left)))
}

// clock is how the screen writes times.
const clock = "15:04:05"

// foot says what keys there are, or what the last one did.
func (s *Screen) foot() string {
	keys := "↑↓ select  tab list  d details  / filter  f this proxy  o order  p pause  s STOP  ? help  q quit"
	if s.width < ansi.StringWidth(keys) {
		keys = "tab list  d details  / filter  o order  p pause  s STOP ALL  ? help  q quit"
	}
	switch {
	case s.typing:
		return paint(lively, cut("filter: "+clean(s.filter)+"_  (enter: done, esc: none)", s.width))
	case s.said != "":
		return paint(lively, fit(s.said, s.width))
	case !s.board.silent.IsZero():
		return paint(alarm, fit(s.board.problem.Error(), s.width))
	case s.page != overview:
		keys = "↑↓ pgup pgdn scroll  esc back  q quit"
	}
	return paint(bar, fit(keys, s.width))
}

// pageLines are all lines of the page.
func (s *Screen) pageLines() []string {
	if s.page == help {
		return helpLines()
	}
	return s.detailLines()
}

// paged is what of the page there is room for.
func (s *Screen) paged(room int) []string {
	lines := s.pageLines()
	lines = lines[min(s.scroll, max(len(lines)-room, 0)):]
	var out []string
	for _, l := range lines[:max(min(len(lines), room), 0)] {
		out = append(out, ansi.Truncate(l, s.width, "…"))
	}
	return out
}

// overview is the proxies, what is selected of them, the scenario, and what
// happens.
func (s *Screen) overview(room int) []string {
	scenario := s.scenarioLines()
	selected := s.selectedLines()
	if room < 14 { // both lists first
		scenario, selected = scenario[:min(len(scenario), 1)], selected[:0]
	}
	left := room - len(scenario) - len(selected) - 2 // the lists' headings
	proxies := s.proxies()
	ofProxies := min(max(len(proxies), 1), max(left*2/5, 1))
	lines := s.proxyTable(proxies, ofProxies)
	lines = append(lines, selected...)
	lines = append(lines, scenario...)
	return append(lines, s.rowTable(left-ofProxies)...)
}

// window is which of n lines are shown on room, so that line at is among them.
func window(n, room, at int) (from, to int) {
	room = max(room, 0)
	from = min(max(at-room/2, 0), max(n-room, 0))
	return from, min(from+room, n)
}
