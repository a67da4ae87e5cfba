package top

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/ledger"
)

// detailLines tell all that is known of what is selected.
func (s *Screen) detailLines() []string {
	if s.focus == rowPane {
		if r := s.selectedRow(); r != nil {
			return s.rowDetails(r)
		}
		return []string{"nothing is selected"}
	}
	p := s.selected()
	if p == nil {
		return []string{"no proxy is selected"}
	}
	return p.details(s.shown().Look().Untimed)
}

// selectedRow is the selected row, or the newest.
func (s *Screen) selectedRow() *Row {
	if r := s.shown().row(s.row); r != nil {
		return r
	}
	rows := s.rows()
	if len(rows) == 0 {
		return nil
	}
	return &rows[len(rows)-1]
}

// A sheet is lines of names and values.
type sheet []string

func (s *sheet) head(text string) { *s = append(*s, "", paint(bold, clean(text))) }

func (s *sheet) add(name, format string, args ...any) {
	*s = append(*s, "  "+fit(name, 14)+" "+clean(fmt.Sprintf(format, args...)))
}

// details tell all of a proxy.
func (p *Proxy) details(untimed error) []string {
	var out sheet
	out.head("Proxy " + p.Name)
	out.add("listens on", "%s (asked for: %s)", p.Proxy.Proxy, p.Configured)
	out.add("backend", "%s", p.Backend)
	out.add("protocol", "%s, dice for each %s, seed %d", p.Protocol, p.Draw, p.Seed)
	out.add("state", "%s", p.stateText())
	out.head("Plan " + orNothing(p.Plan.Draw))
	for _, e := range p.Plan.Entries {
		out.add(fmt.Sprintf("%g%%", e.Weight), "%s  %s", e.Name, options(e.Options))
	}
	if p.Plan.For != "" {
		out.add("for", "%s, then the one before it returns", p.Plan.For)
	}
	if len(p.Toxics) > 0 {
		out.head("Toxics")
	}
	for _, t := range p.Toxics {
		text := fmt.Sprintf("%g%% %s  %s", t.Percent, t.Behavior, options(t.Options))
		if t.For != "" {
			text += "  for " + t.For
		}
		out.add(t.Name, "%s", text)
	}
	out.head("Traffic")
	st := p.Stats
	out.add("sessions", "%d, of which open %d", st.Sessions, st.Open)
	out.add("exchanges", "%d, %s/s now", st.Exchanges, perSecond(p.Exchanges))
	out.add("to backend", "%d bytes, %s now", st.ToBackend, bytesPerSecond(p.ToBackend))
	out.add("to client", "%d bytes, %s now", st.ToClient, bytesPerSecond(p.ToClient))
	out.add("not connected", "%s to the backend could not be made", counted(st.Unreached, "connection"))
	out.head("Faults")
	for _, name := range slices.Sorted(maps.Keys(st.Faults)) {
		now := 0.0
		for _, f := range p.Faults {
			if f.Behavior == name {
				now = f.Rate
			}
		}
		out.add(name, "%d, %s/s now", st.Faults[name], perSecond(now))
	}
	if len(st.Faults) == 0 {
		out.add("none", "")
	}
	out.head("Latency, of the last " + Window.String())
	if untimed != nil {
		out.add("unknown", "%v", untimed)
		return out
	}
	out.took("client", p.ClientTook)
	out.took("backend", p.BackendTook)
	return out
}

func (s *sheet) took(name string, h Histogram) {
	if h.Count() == 0 {
		s.add(name, "no exchanges")
		return
	}
	s.add(name, "p50 %s  p90 %s  p99 %s  p99.9 %s  of %s",
		quantile(h, .5), quantile(h, .9), quantile(h, .99), quantile(h, .999), counted(h.Count(), "exchange"))
}

func (p *Proxy) stateText() string {
	switch {
	case !p.Enabled:
		return "disabled: it refuses connections"
	case p.Stopped:
		return "its plan and toxics are held off: all chaos is stopped"
	}
	return "enabled"
}

// options lists options by their names.
func options(of map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if of[name] != "" {
			parts = append(parts, name+"="+of[name])
		}
	}
	return strings.Join(parts, " ")
}

// rowDetails tell all of something that happened.
func (s *Screen) rowDetails(r *Row) []string {
	var out sheet
	if !r.isExchange() {
		out.head(join(r.Proxy, string(r.Type)))
		out.add(r.Time.In(s.zone).Format(stamp), "%s", r.news())
		return out
	}
	out.head(fmt.Sprintf("Exchange %s of proxy %s: %s", r.number(), r.Proxy, r.fate()))
	out.add("client", "%s", r.Client)
	out.add("request", "%s", r.request())
	for _, a := range r.Attributes {
		out.add(a.Name, "%v", a.Value)
	}
	out.add("plan", "number %d, which chose %s", r.Plan, orNone(r.Behavior))
	out.head("When")
	out.add("arrived", "%s", r.Time.In(s.zone).Format(stamp))
	for _, t := range []struct {
		name string
		at   time.Duration
	}{{"passed on", r.Forwarded}, {"replied", r.Replied}, {"over", r.Ended}} {
		if t.at == ledger.Never {
			out.add(t.name, "never")
			continue
		}
		out.add(t.name, "after %s", took(t.at))
	}
	if r.Type == ledger.ExchangeType {
		out.add("answered", "%s", map[bool]string{true: "yes", false: "no"}[r.Answered])
	}
	out.head("What was done")
	for _, d := range r.Deeds {
		text := join(d.What, d.Detail)
		if d.Times > 1 {
			text += fmt.Sprintf(", %d times", d.Times)
		}
		if d.For > 0 {
			text += fmt.Sprintf(", for %s", took(d.For))
		}
		if d.Late > 0 {
			text += fmt.Sprintf(" (%s too long)", took(d.Late))
		}
		out.add("after "+took(d.At), "%s", text)
	}
	if len(r.Deeds) == 0 {
		out.add("nothing yet", "")
	}
	return out
}

func orNone(behavior string) string {
	if behavior == "" {
		return "nothing"
	}
	return behavior
}
