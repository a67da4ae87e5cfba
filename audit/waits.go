package audit

import (
	"cmp"
	"slices"

	"github.com/vaurien-proxy/vaurien/ledger"
)

// A Timeout is how long clients of a proxy waited for an answer that did not
// come, until they closed the connection.
type Timeout struct {
	Proxy  string   `json:"proxy"`
	Wait   float64  `json:"wait_ms"` // the median
	Least  float64  `json:"least_ms"`
	Most   float64  `json:"most_ms"`
	Times  int      `json:"times"`
	AtMost bool     `json:"at_most,omitempty"` // it is when the retry came: the wait before that is in it
	IDs    []string `json:"ids"`
}

// A waited is an attempt that waited in vain.
type waited struct {
	session  *session
	exchange uint64
	from     int64
	until    int64 // when a retry of it came; 0: it is over when the session is closed
}

// mostWaits is how many are kept, the first.
const mostWaits = 4096

// waits collects those who wait in vain.
type waits struct{ list []waited }

// note takes an attempt that was met with silence.
func (w *waits) note(s *session, e *ledger.Entry, a *attempt) {
	if len(w.list) >= mostWaits || !inVain(e) {
		return
	}
	from := a.at
	for _, d := range e.Deeds {
		if e.Exchange == 0 && (d.What == "hold" || d.What == "discard") {
			from = max(from, a.at+int64(d.At-d.For))
		}
	}
	w.list = append(w.list, waited{session: s, exchange: e.Exchange, from: from})
}

// guess takes an attempt that was met with silence, and the retry that shows that
// the client waits no longer.
func (w *waits) guess(before, retry *attempt) {
	if len(w.list) >= mostWaits {
		return
	}
	until := retry.start
	if opened := retry.session.opened; opened > before.at {
		until = min(until, opened)
	}
	w.list = append(w.list, waited{before.session, before.exchange, before.at, until})
}

// inVain reports whether it was for the client to end the wait.
func inVain(e *ledger.Entry) bool {
	switch e.Fate {
	case ledger.Held, ledger.Dropped:
		return true
	case ledger.Unfinished:
		return slices.ContainsFunc(e.Deeds, func(d ledger.Deed) bool { return d.What == "delay" || d.What == "hold" })
	}
	return false
}

// shutting is how long before a proxy is gone its connections are ended by
// that, in nanoseconds.
const shutting = 100e6

// alike is by which factor waits of one timeout differ at most, with waitSlack
// besides, in milliseconds.
const (
	alike     = 1.15
	waitSlack = 20
)

// timeouts returns what the waits show: those that are alike, by proxy.
func (w *waits) timeouts() []Timeout {
	type group struct {
		proxy  *proxy
		atMost bool
	}
	type one struct {
		ms float64
		id string
	}
	by := make(map[group][]one)
	var order []group
	for _, x := range w.list {
		s := x.session
		g, until := group{s.proxy, x.until != 0}, x.until
		if until == 0 {
			until = s.closed
			if s.closed == 0 || s.proxy.gone != 0 && s.closed > s.proxy.gone-shutting || x.exchange != 0 && s.exchanges != x.exchange {
				continue
			}
		}
		if by[g] == nil {
			order = append(order, g)
		}
		a := attempt{session: s, exchange: x.exchange}
		by[g] = append(by[g], one{milliseconds(until - x.from), a.id()})
	}
	var out []Timeout
	for _, g := range order {
		all := by[g]
		slices.SortFunc(all, func(a, b one) int { return cmp.Compare(a.ms, b.ms) })
		for len(all) > 0 {
			n := 1
			for n < len(all) && all[n].ms <= all[0].ms*alike+waitSlack {
				n++
			}
			t := Timeout{Proxy: g.proxy.name, Wait: all[n/2].ms, Least: all[0].ms, Most: all[n-1].ms, Times: n, AtMost: g.atMost}
			for _, o := range all[:min(n, mostIDs)] {
				t.IDs = append(t.IDs, o.id)
			}
			out, all = append(out, t), all[n:]
		}
	}
	slices.SortStableFunc(out, func(a, b Timeout) int { return cmp.Compare(b.Times, a.Times) })
	return out[:min(len(out), mostTimeouts)]
}

// mostTimeouts is how many are told.
const mostTimeouts = 6
