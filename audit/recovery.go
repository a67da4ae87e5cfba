package audit

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Recovery is how soon all was well again.
type Recovery struct {
	Proxy   string    `json:"proxy"`
	Failed  time.Time `json:"last_failure"`
	First   *float64  `json:"first_success_ms"`  // after the last failure; absent: there was none
	All     *float64  `json:"all_recovered_ms"`  // when the last retry had succeeded; absent: none did
	Longest float64   `json:"longest_outage_ms"` // for how long attempts failed and none succeeded
	Began   time.Time `json:"outage_began"`
	Waited  *Wait     `json:"recovered_operations,omitempty"` // how long operations took that succeeded after retries, from the first attempt on
}

// A healing is what is known of a Recovery.
type healing struct {
	failed  int64
	first   int64
	retried int64
	outage  int64 // since when; 0: none
	longest int64
	began   int64
	waited  sample
}

func (h *healing) note(a *attempt) {
	if a.outcome == failed {
		if a.end >= h.failed {
			h.failed, h.first, h.retried = a.end, 0, 0
		}
		if h.outage == 0 {
			h.outage = a.at
		}
		return
	}
	if h.failed != 0 && h.first == 0 && a.end >= h.failed {
		h.first = a.end
	}
	if h.outage != 0 && a.end > h.outage {
		h.close(a.end)
	}
}

func (h *healing) close(end int64) {
	if h.outage != 0 && end-h.outage > h.longest {
		h.longest, h.began = end-h.outage, h.outage
	}
	h.outage = 0
}

// recovery returns what there is to say of a proxy; nil if nothing failed.
func (h *healing) recovery(p *proxy, last int64) *Recovery {
	if h.failed == 0 {
		return nil
	}
	h.close(last)
	r := &Recovery{Proxy: p.name, Failed: when(h.failed), Longest: milliseconds(h.longest), Began: when(h.began)}
	if h.first != 0 {
		first := milliseconds(h.first - h.failed)
		r.First = &first
	}
	if h.retried != 0 {
		all := milliseconds(max(h.retried-h.failed, 0))
		r.All = &all
	}
	if gaps := h.waited.kept; len(gaps) > 0 {
		slices.Sort(gaps)
		r.Waited = &Wait{Gaps: h.waited.seen, Least: gaps[0], Median: quantile(gaps, .5), Most: gaps[len(gaps)-1], Histogram: histogram(gaps)}
	}
	return r
}

// Connections are how a proxy's clients use theirs.
type Connections struct {
	Proxy      string  `json:"proxy"`
	Opened     int     `json:"opened"`
	MostOpen   int     `json:"most_open"`
	Exchanges  int     `json:"exchanges"`
	Broken     int     `json:"broken"`     // closed or reset by what was done to them
	Reconnects int     `json:"reconnects"` // opened after that, one for each broken
	Median     float64 `json:"reconnect_median_ms"`
	Most       float64 `json:"reconnect_most_ms"`
}

// A pool is the connections of a proxy's clients.
type pool struct {
	broken []int64 // when connections broke whose place no new one has taken yet
	gaps   sample
}

// mostBroken is how many wait for another in their place.
const mostBroken = 1000

// note takes an attempt: a connection may be a new one, and may break.
func (p *pool) note(a *attempt, dice *rand.Rand) {
	if a.connection && len(p.broken) > 0 && p.broken[0] <= a.at+closing {
		p.gaps.add(milliseconds(max(a.at-p.broken[0], 0)), dice)
		p.broken = p.broken[1:]
	}
	if a.breaks && len(p.broken) < mostBroken {
		p.broken = append(p.broken, a.end)
	}
}

// connections fills in what is known of reconnecting.
func (p *pool) connections(c Connections, broken int) Connections {
	c.Broken, c.Reconnects = broken, p.gaps.seen
	if gaps := p.gaps.kept; len(gaps) > 0 {
		slices.Sort(gaps)
		c.Median, c.Most = quantile(gaps, .5), gaps[len(gaps)-1]
	}
	return c
}
