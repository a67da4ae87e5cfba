package audit

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

const (
	// storm is from which amplification on it is one: half of the load is made of
	// retries.
	storm = 2
	// tooLong is how long nobody should wait for an answer in vain: browsers and
	// load balancers give up after 30 to 60 seconds.
	tooLong = 30 * time.Second
	// crowding is how many times as many as by chance come at once.
	crowding = 3
)

// findings draws the conclusions, the worst first.
func (r *Report) findings() []Finding {
	var all []Finding
	for _, f := range []func() []Finding{
		r.doubles, r.storms, r.policies, r.toldTo, r.crowds, r.endings, r.timeouts, r.repeats, r.whole,
	} {
		all = append(all, f()...)
	}
	rank := map[string]int{Bad: 0, Warn: 1, Note: 2, Good: 3}
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(rank[a.Severity], rank[b.Severity]) })
	return all
}

func (r *Report) doubles() []Finding {
	d := &r.Doubles
	if d.Count == 0 {
		return nil
	}
	f := Finding{
		ID: RepeatedWrites, Severity: Bad,
		Text:   fmt.Sprintf("possibly applied twice: %s, passed on to the server, its answer lost, and sent again", count(d.Count, "write", "writes")),
		Advice: "give each write a key by which the server knows it again (an idempotency key, a unique id), or do not repeat it when its answer is lost",
	}
	if d.Certain > 0 {
		f.Text += fmt.Sprintf("; the server answered both times to %d", d.Certain)
	}
	for _, one := range d.List[:min(len(d.List), mostIDs)] {
		f.Evidence = append(f.Evidence, fmt.Sprintf("%s %s, again %s after %s", one.What, one.First, one.Again, text(one.After)))
	}
	return []Finding{f}
}

func (r *Report) storms() []Finding {
	p := r.Load.Peak
	if p == nil || p.Amplification < storm {
		return nil
	}
	return []Finding{{
		ID: Storm, Severity: Bad,
		Text: fmt.Sprintf("a retry storm: in %s there were %d attempts where there would have been %.0f without retries: %.1f times the load",
			text(p.Seconds*1000), p.First+p.Retries, float64(p.First+p.Retries)/p.Amplification, p.Amplification),
		Advice:   "bound what retries may add, by a budget such as 10% of the requests, or a circuit breaker; let one layer retry, not each",
		Evidence: []string{"at " + p.Time.Format(clock)},
	}}
}

// clock is how times of day are shown.
const clock = "15:04:05.000"

func (r *Report) policies() (out []Finding) {
	for i := range r.Backoff {
		b := &r.Backoff[i]
		switch {
		case b.Policy == PolicyUnknown:
			out = append(out, Finding{ID: Policy, Severity: Note,
				Text: fmt.Sprintf("%s: not enough data to say how long is waited before %s: %s; %s", b.Proxy, b.of(), b.Why, have(b.Gaps))})
			continue
		case b.Policy == PolicyImmediate:
			out = append(out, Finding{ID: NoBackoff, Severity: Bad,
				Text:   fmt.Sprintf("%s: %s come at once: half of %d within %s of the failure", b.Proxy, b.of(), b.Gaps, text(b.middle())),
				Advice: "wait before a retry, longer each time, and by chance (exponential backoff with full jitter): a server that is overloaded is kept so otherwise",
			})
			continue
		case b.Jitter == JitterNone && r.clients(b.Proxy) >= crowdSize && b.middle() >= 10:
			out = append(out, Finding{ID: NoJitter, Severity: Warn,
				Text:   fmt.Sprintf("%s: %s wait the same time each (%s): clients that failed together come back together", b.Proxy, b.of(), b.words()),
				Advice: "add jitter: wait a random part of the time",
			})
			continue
		}
		out = append(out, Finding{ID: Policy, Severity: Note, Text: fmt.Sprintf("%s: %s wait %s", b.Proxy, b.of(), b.words())})
	}
	return out
}

// clients is how many connections of a proxy there were at once.
func (r *Report) clients(proxy string) int {
	for _, c := range r.Conns {
		if c.Proxy == proxy {
			return c.MostOpen
		}
	}
	return 0
}

func (r *Report) toldTo() (out []Finding) {
	for _, t := range r.Told {
		if t.TooEarly == 0 {
			out = append(out, Finding{ID: RetryAfter, Severity: Good,
				Text: fmt.Sprintf("%s: Retry-After is obeyed: %s waited for %s or longer", t.Proxy, count(t.Obeyed, "retry", "retries"), text(t.Wait))})
			continue
		}
		out = append(out, Finding{
			ID: RetryAfter, Severity: Bad, Evidence: t.IDs,
			Text: fmt.Sprintf("%s: Retry-After is not obeyed: %d of %s after %s came before %s, the earliest after %s",
				t.Proxy, t.TooEarly, count(t.TooEarly+t.Obeyed, "retry", "retries"), t.What, text(t.Wait), text(t.Earliest)),
			Advice: "wait for as long as Retry-After tells, at least",
		})
	}
	return out
}

func (r *Report) crowds() []Finding {
	c := r.Load.Together
	if c.Crowds == 0 || float64(c.Largest) < crowding*c.Expected {
		return nil
	}
	return []Finding{{
		ID: AtOnce, Severity: Warn,
		Text:     fmt.Sprintf("%d clients retried within the same 10 ms; by chance it would have been %.1f", c.Largest, c.Expected),
		Advice:   "let each client wait another time: add jitter to the backoff",
		Evidence: []string{"at " + c.Time.Format(clock)},
	}}
}

func (r *Report) endings() (out []Finding) {
	for _, one := range []struct {
		t                *Tally
		single, multiple string
	}{{&r.Requests, "operation", "operations"}, {&r.Connects, "connection", "connections"}} {
		t := one.t
		if t.GaveUp > 0 {
			f := Finding{ID: GaveUp, Severity: Warn, Evidence: r.ids(one.t == &r.Connects, "gave up"),
				Text: fmt.Sprintf("%s gave up after retries%s", count(t.GaveUp, one.single, one.multiple), t.limit())}
			out = append(out, f)
		}
		if t.NotRetried > 0 {
			f := Finding{ID: NotRetried, Severity: Warn, Evidence: r.ids(one.t == &r.Connects, "not retried"),
				Text: fmt.Sprintf("%s failed and %s not tried again", count(t.NotRetried, one.single, one.multiple), were(t.NotRetried))}
			if one.t == &r.Requests {
				f.Advice = "a read can be repeated without harm; so can a write that the server knows again"
			}
			out = append(out, f)
		}
		if t.Open > 0 {
			out = append(out, Finding{ID: Policy, Severity: Note,
				Text: fmt.Sprintf("what came of %s is not known: the ledger ended, or many asked for the same at once", count(t.Open, one.single, one.multiple))})
		}
		if t.Failed > 0 && t.Recovered == t.Failed {
			f := Finding{ID: Recovered, Severity: Good, Text: fmt.Sprintf("%s that failed succeeded after retries", everyOne(t.Failed, one.single, one.multiple))}
			out = append(out, f)
		}
	}
	if r.Requests.Failed+r.Connects.Failed == 0 {
		out = append(out, Finding{ID: NoFailures, Severity: Note,
			Text:   "nothing failed, so that nothing can be said of how the client deals with it",
			Advice: "run it with a behavior that fails requests, such as --behavior 20:error"})
	}
	return out
}

func (r *Report) ids(connection bool, end string) (ids []string) {
	for _, c := range r.Chains {
		if c.End == end && (c.What == connectionLabel) == connection && len(ids) < mostIDs {
			ids = append(ids, c.Attempts[len(c.Attempts)-1].ID)
		}
	}
	return ids
}

func (r *Report) timeouts() (out []Finding) {
	for _, t := range r.Timeouts {
		if t.Most < float64(tooLong/time.Millisecond) {
			continue
		}
		out = append(out, Finding{ID: NoTimeout, Severity: Warn, Evidence: t.IDs,
			Text:   fmt.Sprintf("%s: the client waited %s for an answer that did not come", t.Proxy, text(t.Most)),
			Advice: "give each request a timeout that its caller can live with"})
	}
	return out
}

func (r *Report) repeats() []Finding {
	n := r.Requests.Repeated + r.Connects.Repeated
	if n == 0 {
		return nil
	}
	return []Finding{{ID: Repeats, Severity: Note,
		Text: fmt.Sprintf("%s %s followed by the same at the pace at which it comes anyway: a loop that goes on, or retries at once; they are not counted as retries",
			count(n, "failure", "failures"), were(n)),
		Advice: "use another key or path each time, or count them with --repeats-are-retries"}}
}

func (r *Report) whole() (out []Finding) {
	if r.Lost > 0 {
		out = append(out, Finding{ID: Incomplete, Severity: Warn,
			Text: fmt.Sprintf("the ledger lacks %s: the numbers are too low", count(int(r.Lost), "entry", "entries"))})
	}
	if r.Late > 0 {
		out = append(out, Finding{ID: Policy, Severity: Note,
			Text: fmt.Sprintf("%s lasted too long to be put in order: retries of them may be missing", count(r.Late, "exchange", "exchanges"))})
	}
	return out
}

// Failing returns those findings that are among ids, and wrong.
func (r *Report) Failing(ids []string) (out []Finding) {
	for _, f := range r.Verdict {
		if (f.Severity == Bad || f.Severity == Warn) && slices.Contains(ids, f.ID) {
			out = append(out, f)
		}
	}
	return out
}
