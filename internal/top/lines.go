package top

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/ledger"
)

// stamp is how lines write the time.
const stamp = "2006-01-02T15:04:05.000Z07:00"

// Lines writes what happens as lines: one for each proxy after each look, and
// one for each exchange that something was done to. Use [NewLines].
type Lines struct {
	out, err io.Writer
	json     bool
	zone     *time.Location
	board    Board
	noStream bool // and that was said
}

// NewLines writes to out, as JSON or for people, and to err that a server does
// not answer.
func NewLines(out, err io.Writer, json bool) *Lines {
	return &Lines{out: out, err: err, json: json, zone: time.Local}
}

// Hear writes what a Feed tells. Its error is out's.
func (l *Lines) Hear(what any) error {
	silent := !l.board.silent.IsZero()
	l.board.Hear(what)
	switch what := what.(type) {
	case Looked:
		if silent {
			fmt.Fprintln(l.err, "vaurien: the server answers again")
		}
		if len(l.board.looks) > 1 { // after the first there are no rates
			return l.Summary()
		}
	case Happened:
		l.noStream = false
		for i := range what.Entries {
			if err := l.entry(&what.Entries[i]); err != nil {
				return err
			}
		}
	case NoAnswer:
		if !silent {
			fmt.Fprintf(l.err, "vaurien: %s; trying again\n", clean(what.Err.Error()))
		}
	case NoStream:
		if !l.noStream {
			fmt.Fprintf(l.err, "vaurien: no events: %s; trying again\n", clean(what.Err.Error()))
		}
		l.noStream = true
	}
	return nil
}

// Summary writes a line for each proxy.
func (l *Lines) Summary() error {
	at := l.board.Look().At
	for i := range l.board.proxies {
		p := &l.board.proxies[i]
		if l.json {
			text, err := json.Marshal(newSummary(p, at))
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(l.out, "%s\n", text); err != nil {
				return err
			}
			continue
		}
		if err := l.say(at, p.Name, p.line()); err != nil {
			return err
		}
	}
	return nil
}

// say writes a line for people.
func (l *Lines) say(at time.Time, proxy, text string) error {
	_, err := fmt.Fprintln(l.out, clean(join(at.In(l.zone).Format(stamp), join(proxy, text))))
	return err
}

// line is how a proxy is, on one line.
func (p *Proxy) line() string {
	parts := []string{
		planOf(&p.Proxy), fmt.Sprintf("%d open", p.Stats.Open), perSecond(p.Exchanges) + " exchanges/s",
		bytesPerSecond(p.ToBackend) + " to backend", bytesPerSecond(p.ToClient) + " to client",
	}
	if len(p.Faults) > 0 {
		parts = append(parts, "faults/s "+p.faults())
	}
	for _, side := range []struct {
		name string
		h    Histogram
	}{{"client", p.ClientTook}, {"backend", p.BackendTook}} {
		if side.h.Count() > 0 {
			parts = append(parts, fmt.Sprintf("%s p50 %s p99 %s", side.name, quantile(side.h, .5), quantile(side.h, .99)))
		}
	}
	return strings.Join(parts, ", ")
}

// entry writes a line for what happened, once it is over.
func (l *Lines) entry(e *ledger.Entry) error {
	r := Row{Entry: *e}
	switch {
	case e.Type == ledger.BegunType:
		return nil
	case l.json:
		_, err := l.out.Write(append(e.AppendJSON(nil), '\n'))
		return err
	case e.Type == ledger.LostType:
		return l.say(e.Time, "", fmt.Sprintf("%d entries are lost (%s)", e.Count, e.Reason))
	case r.isExchange():
		text := fmt.Sprintf("%s %s: %s", r.number(), r.request(), r.fate())
		if done := r.done(); done != "" {
			text += " by " + done
		}
		if e.Ended != ledger.Never && e.Exchange != 0 {
			text += ", over after " + took(e.Ended)
		}
		return l.say(e.Time, e.Proxy, text)
	}
	return l.say(e.Time, e.Proxy, r.news())
}
