package top

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// A column of the proxies. Those that come first are shown on narrow screens
// too; width is the least, and grow is the share of what is left over.
type column struct {
	title string
	width int
	grow  int
	right bool
	text  func(*Proxy) string
	sort  int // the order that it is for; 0: none but name
}

var columns = []column{
	{"PROXY", 10, 1, false, func(p *Proxy) string { return p.Name }, 0},
	{"PLAN", 13, 3, false, func(p *Proxy) string { return planOf(&p.Proxy) }, -1},
	{"OPEN", 5, 0, true, func(p *Proxy) string { return fmt.Sprint(p.Stats.Open) }, 3},
	{"EXCH/S", 7, 0, true, func(p *Proxy) string { return perSecond(p.Exchanges) }, 1},
	{"FAULTS/S", 9, 0, true, func(p *Proxy) string { return perSecond(p.Faulty) }, 2},
	{"CLIENT P50 P99", 14, 0, true, func(p *Proxy) string { return both(p.ClientTook) }, 4},
	{"BACKEND P50 P99", 15, 0, true, func(p *Proxy) string { return both(p.BackendTook) }, -1},
	{"TO BACKEND", 10, 0, true, func(p *Proxy) string { return bytesPerSecond(p.ToBackend) }, -1},
	{"TO CLIENT", 10, 0, true, func(p *Proxy) string { return bytesPerSecond(p.ToClient) }, -1},
	{"LISTEN -> BACKEND", 30, 2, false, func(p *Proxy) string { return route(p) }, -1},
	{"PROTOCOL", 8, 0, false, func(p *Proxy) string { return p.Protocol }, -1},
	{"SESSIONS", 9, 0, true, func(p *Proxy) string { return fmt.Sprint(p.Stats.Sessions) }, -1},
}

func both(h Histogram) string { return quantile(h, .5) + " " + quantile(h, .99) }

func route(p *Proxy) string { return p.Proxy.Proxy + " -> " + p.Backend }

// fitting returns the columns that there is room for, as wide as they are to be.
func fitting(width int) []column {
	used, grow := 0, 0
	var out []column
	for _, c := range columns {
		if used+c.width+1 > width+1 && len(out) > 0 {
			break
		}
		out = append(out, c)
		used += c.width + 1
		grow += c.grow
	}
	over := width + 1 - used
	for i := range out {
		if share := out[i].grow; share > 0 && over > 0 {
			out[i].width += over * share / grow
		}
	}
	return out
}

// proxyTable is the heading and as many proxies as there is room for.
func (s *Screen) proxyTable(all []Proxy, room int) []string {
	cols := fitting(s.width)
	var head []string
	for _, c := range cols {
		title := c.title
		if c.sort == s.order {
			title += map[bool]string{false: "*", true: "^"}[s.reverse]
		}
		head = append(head, c.fit(title))
	}
	lines := []string{s.heading(strings.Join(head, " "), proxyPane)}
	if len(all) == 0 {
		return append(lines, paint(faint, cut(s.noProxies(), s.width)))
	}
	at := slices.IndexFunc(all, func(p Proxy) bool { return p.Name == s.proxy })
	from, to := window(len(all), room, at)
	for i := from; i < to; i++ {
		var cells []string
		for _, c := range cols {
			cells = append(cells, c.fit(c.text(&all[i])))
		}
		line, style := cut(strings.Join(cells, " "), s.width), plain
		switch {
		case all[i].Name == s.proxy && s.focus == proxyPane:
			line, style = fit(line, s.width), chosen
		case all[i].Name == s.proxy:
			style = bold
		case !all[i].Enabled:
			style = faint
		}
		lines = append(lines, paint(style, line))
	}
	return lines
}

func (c *column) fit(text string) string {
	if c.right {
		return fitRight(text, c.width)
	}
	return fit(text, c.width)
}

// heading is a list's; that of the one that keys move in stands out.
func (s *Screen) heading(text string, of pane) string {
	style := faint.Reverse(true)
	if s.focus == of {
		style = bar
	}
	return paint(style, fit(text, s.width))
}

func (s *Screen) noProxies() string {
	if s.shown().Look().At.IsZero() {
		return "asking …"
	}
	return "there are no proxies: PUT /proxies/NAME makes one, see docs/api.md"
}

// selectedLines tell more of the selected proxy.
func (s *Screen) selectedLines() []string {
	p := s.selected()
	if p == nil {
		return nil
	}
	first := fmt.Sprintf("%s: %s, %s, %s", p.Name, route(p), p.Protocol, orNothing(p.Plan.Draw))
	for i, t := range p.Toxics {
		first += []string{", toxics ", " "}[min(i, 1)] + t.Name
	}
	second := "faults/s: " + p.faults()
	if len(p.Faults) == 0 {
		second = "no faults now"
	}
	second += fmt.Sprintf("; %s to backend, %s to client; %s", bytesPerSecond(p.ToBackend), bytesPerSecond(p.ToClient), counted(p.Stats.Sessions, "session"))
	if total := totals(p.Stats.Faults); total != "" {
		second += fmt.Sprintf("; so far %s in %s", total, counted(p.Stats.Exchanges, "exchange"))
	}
	indent := strings.Repeat(" ", min(ansi.StringWidth(clean(p.Name))+2, s.width/4))
	return []string{cut(first, s.width), cut(indent+second, s.width)}
}

// totals lists faults, by behavior.
func totals(faults map[string]uint64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, faults[name]))
	}
	return strings.Join(parts, ", ")
}
