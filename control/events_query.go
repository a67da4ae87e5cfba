package control

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/option"
)

const (
	usualLook = 100     // how many events format=json gives, unless limit says
	mostLook  = 10_000  // how many it may ask for
	mostRate  = 100_000 // how many exchanges in a second a stream may ask for
)

// An eventQuery is what a request for events asks for.
type eventQuery struct {
	look   bool // those that there are, as JSON
	limit  int
	rate   int       // 0: no limit
	after  uint64    // only those with higher numbers
	from   time.Time // only those that are not older
	filter ledger.Filter
}

func readEventQuery(r *http.Request) (eventQuery, error) {
	q, err := query(r, "format", "limit", "rate", "since", "type", "proxy", "session", "verb", "behavior", "fate", "touched")
	if err != nil {
		return eventQuery{}, err
	}
	p := eventParameters{q: q}
	format := p.one("format", "events", []string{"events", "json"})
	out := eventQuery{look: format == "json", after: ledger.Newest}
	if out.look {
		out.after = 0
	}
	out.limit = int(p.number("limit", usualLook, 1, mostLook))
	out.rate = int(p.number("rate", 0, 1, mostRate))
	if q.Has("limit") && !out.look {
		p.fail("limit", "is for format=json: a stream is limited by rate")
	}
	if q.Has("rate") && out.look {
		p.fail("rate", "is for streams: format=json is limited by limit")
	}
	// Browsers say where they stopped when they connect again; that is later
	// than what the page first asked for.
	if id, err := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64); err == nil && !out.look {
		out.after = id
	} else if q.Has("since") {
		out.after, out.from = p.since(q.Get("since"))
	}
	f := &out.filter
	for _, name := range p.list("type") {
		f.Types = append(f.Types, oneOf(&p, "type", name, ledger.Types()))
	}
	for _, name := range p.list("fate") {
		f.Fates = append(f.Fates, oneOf(&p, "fate", name, ledger.Fates()))
	}
	for _, text := range p.list("session") {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			p.fail("session", "%q is not a session's number", text)
		}
		f.Sessions = append(f.Sessions, n)
	}
	f.Proxies, f.Verbs, f.Behaviors = p.list("proxy"), p.list("verb"), p.list("behavior")
	if q.Has("touched") {
		if f.Touched, err = option.ParseBool(q.Get("touched")); err != nil {
			p.fail("touched", "%v", err)
		}
	}
	return out, p.err
}

// eventParameters reads parameters; err is the first thing that is wrong.
type eventParameters struct {
	q   url.Values
	err error
}

func (p *eventParameters) fail(name, format string, args ...any) {
	if p.err == nil {
		p.err = &option.Error{Place: "?" + name, Problem: fmt.Sprintf(format, args...)}
	}
}

// one returns a parameter that is one of known; usual if it is not there.
func (p *eventParameters) one(name, usual string, known []string) string {
	if !p.q.Has(name) {
		return usual
	}
	return oneOf(p, name, p.q.Get(name), known)
}

// oneOf returns text, which must be one of known.
func oneOf[T ~string](p *eventParameters, name, text string, known []T) T {
	if i := slices.Index(known, T(text)); i >= 0 {
		return known[i]
	}
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	p.fail(name, "%q is none%s known: %s", text, cmp.Or(option.DidYouMean(text, words), ";"), strings.Join(words, ", "))
	return ""
}

func (p *eventParameters) number(name string, usual, least, most uint64) uint64 {
	if !p.q.Has(name) {
		return usual
	}
	n, err := strconv.ParseUint(p.q.Get(name), 10, 64)
	if err != nil || n < least || n > most {
		p.fail(name, "%q is not a whole number from %d to %d", p.q.Get(name), least, most)
	}
	return n
}

// list returns a parameter's values, which commas separate.
func (p *eventParameters) list(name string) []string {
	if p.q.Get(name) == "" {
		return nil
	}
	return strings.Split(p.q.Get(name), ",")
}

// since reads where to begin: after an event's number, at a time, or as long
// ago as a duration says.
func (p *eventParameters) since(text string) (after uint64, from time.Time) {
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return n, time.Time{}
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return 0, t
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return 0, time.Now().Add(-d)
	}
	p.fail("since", "%q is neither an event's number, nor a time (2026-01-02T15:04:05Z), nor how long ago (30s)", text)
	return 0, time.Time{}
}
