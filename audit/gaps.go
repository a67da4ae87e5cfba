package audit

import (
	"math/rand/v2"
	"slices"
)

// mostOrdinals is up to which retry of an operation gaps are told apart.
const mostOrdinals = 12

// mostGaps is how many gaps before a retry are kept, a fair sample of all.
const mostGaps = 512

// A sample is gaps before retries of equal number.
type sample struct {
	seen int
	kept []float64 // in milliseconds
}

func (s *sample) add(ms float64, dice *rand.Rand) {
	s.seen++
	if len(s.kept) < mostGaps {
		s.kept = append(s.kept, ms)
	} else if i := dice.IntN(s.seen); i < mostGaps {
		s.kept[i] = ms
	}
}

// A habit is how long a proxy's clients wait before they try again.
type habit struct {
	proxy      *proxy
	connection bool
	clear      [mostOrdinals]sample // before retry 1, 2 …
	unclear    [mostOrdinals]sample // which might be another operation's
	told       told
	dice       *rand.Rand
}

func newHabit(p *proxy, connection bool) *habit {
	// The same ledger gives the same report.
	return &habit{proxy: p, connection: connection, dice: rand.New(rand.NewPCG(1, 2))}
}

// note takes the gap before the latest attempt of c.
func (h *habit) note(c *chain, before *attempt, gap int64) {
	if gap < 0 {
		return
	}
	if before.retryAfter > 0 {
		h.told.note(before, gap)
		return // it is the server's wait
	}
	n := c.count - 2 // how many retries came before
	if n >= mostOrdinals {
		return
	}
	to := &h.clear[n]
	if c.unclear {
		to = &h.unclear[n]
	}
	to.add(milliseconds(gap), h.dice)
}

// samples returns the gaps to judge by, sorted: those that are clear, or, if
// they are few, all.
func (h *habit) samples() (all [][]float64, seen []int, mixed bool) {
	clear, total := 0, 0
	for i := range h.clear {
		clear += h.clear[i].seen
		total += h.clear[i].seen + h.unclear[i].seen
	}
	mixed = clear < enoughGaps && total > clear
	for i := range h.clear {
		gaps, n := slices.Clone(h.clear[i].kept), h.clear[i].seen
		if mixed {
			gaps = append(gaps, h.unclear[i].kept...)
			n += h.unclear[i].seen
		}
		slices.Sort(gaps)
		all, seen = append(all, gaps), append(seen, n)
	}
	for len(all) > 0 && len(all[len(all)-1]) == 0 {
		all, seen = all[:len(all)-1], seen[:len(seen)-1]
	}
	return all, seen, mixed
}

// Told is how a proxy's clients follow a server that tells them how long to
// wait (Retry-After).
type Told struct {
	Proxy    string   `json:"proxy"`
	What     string   `json:"what"` // what they were told: overloaded
	Wait     float64  `json:"wait_ms"`
	Obeyed   int      `json:"obeyed"`
	TooEarly int      `json:"too_early"`
	Earliest float64  `json:"earliest_ms"`
	IDs      []string `json:"ids,omitempty"` // of those that came too early, the first
}

// early is how much of the wait must have passed: timers are coarse.
const early = 0.95

// mostIDs is how many exchanges a finding names.
const mostIDs = 5

type told struct{ list []Told }

func (t *told) note(before *attempt, gap int64) {
	wait := milliseconds(int64(before.retryAfter))
	i := slices.IndexFunc(t.list, func(o Told) bool { return o.What == before.what && o.Wait == wait })
	if i < 0 {
		i = len(t.list)
		t.list = append(t.list, Told{Proxy: before.session.proxy.name, What: before.what, Wait: wait, Earliest: milliseconds(gap)})
	}
	o := &t.list[i]
	ms := milliseconds(gap)
	o.Earliest = min(o.Earliest, ms)
	if ms >= early*wait {
		o.Obeyed++
		return
	}
	o.TooEarly++
	if len(o.IDs) < mostIDs {
		o.IDs = append(o.IDs, before.id())
	}
}
