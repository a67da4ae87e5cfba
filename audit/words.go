package audit

import (
	"fmt"
	"strings"
)

func count(n int, single, multiple string) string {
	if n == 1 {
		return "1 " + single
	}
	return fmt.Sprintf("%d %s", n, multiple)
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func have(n int) string {
	if n == 1 {
		return "there is 1"
	}
	return fmt.Sprintf("there are %d", n)
}

func everyOne(n int, single, multiple string) string {
	if n == 1 {
		return "the " + single
	}
	return fmt.Sprintf("all %d %s", n, multiple)
}

// of says what is waited for.
func (b *Backoff) of() string {
	if b.What == connectionLabel {
		return "attempts to connect again"
	}
	return "retries"
}

// middle is the median of all waits, near enough: of the retry with the most.
func (b *Backoff) middle() float64 {
	most, median := 0, 0.0
	for _, w := range b.Waits {
		if w.Gaps > most {
			most, median = w.Gaps, w.Median
		}
	}
	return median
}

// Words says what a policy is: exponential from 100ms, x2.0, full jitter.
func (b *Backoff) words() string {
	var parts []string
	switch b.Policy {
	case PolicyImmediate:
		parts = append(parts, "no time")
	case PolicyFixed:
		parts = append(parts, "a fixed "+text(b.Base))
	case PolicyLinear:
		parts = append(parts, fmt.Sprintf("linearly longer: %s, then %s more each time", text(b.Base), text(b.Step)))
	case PolicyExponential:
		parts = append(parts, fmt.Sprintf("exponentially longer: %s, then %.1f times as long each time", text(b.Base), b.Factor))
	case PolicyGrowing:
		parts = append(parts, fmt.Sprintf("longer each time: %s, then %.1f times as long", text(b.Base), b.Factor))
	case PolicyUnclear:
		return "by no policy that is known here: " + b.Why
	default:
		return PolicyUnknown + ": " + b.Why
	}
	if b.Cap > 0 {
		parts = append(parts, "up to "+text(b.Cap))
	}
	if b.FirstAtOnce {
		parts = append(parts, "the first without a wait")
	}
	switch b.Jitter {
	case JitterNone:
		parts = append(parts, "no jitter")
	case JitterFull:
		parts = append(parts, fmt.Sprintf("full jitter (%.0f%% of the wait is fixed)", 100*b.Fixed))
	case JitterEqual:
		parts = append(parts, fmt.Sprintf("jitter of about half (%.0f%% of the wait is fixed)", 100*b.Fixed))
	case JitterSome:
		parts = append(parts, fmt.Sprintf("some jitter (%.0f%% of the wait is fixed)", 100*b.Fixed))
	}
	if b.Why != "" {
		parts = append(parts, b.Why)
	}
	return fmt.Sprintf("%s (confidence %.0f%%, %s)", strings.Join(parts, ", "), 100*b.Confidence, count(b.Gaps, "gap", "gaps"))
}

// limit says how many attempts are made before giving up, if that is always the
// same.
func (t *Tally) limit() string {
	times, total, most := 0, 0, 0
	for _, took := range t.ByAttempts {
		if took.Attempts > 1 && !took.OrMore {
			if total += took.Failed; took.Failed > times {
				times, most = took.Failed, took.Attempts
			}
		}
	}
	if times < 3 || float64(times) < .8*float64(total) {
		return ""
	}
	return fmt.Sprintf(", most of them after %d attempts", most)
}

func (r *Recovery) words() string {
	s := fmt.Sprintf("%s: the last failure at %s; ", r.Proxy, r.Failed.Format(clock))
	if r.First == nil {
		s += "nothing succeeded after it"
	} else {
		s += fmt.Sprintf("the first success %s later", text(*r.First))
	}
	if r.All != nil {
		s += fmt.Sprintf(", the last retry had succeeded %s later", text(*r.All))
	}
	s += fmt.Sprintf(". At most %s without a success, from %s.", text(r.Longest), r.Began.Format(clock))
	if w := r.Waited; w != nil {
		s += fmt.Sprintf(" Operations that succeeded after retries took %s (median) to %s in all.", text(w.Median), text(w.Most))
	}
	return s
}

// row is what is shown of connections.
func (c *Connections) row() []string {
	return []string{c.Proxy, fmt.Sprint(c.Opened), fmt.Sprint(c.MostOpen), c.each(), fmt.Sprint(c.Broken), c.again()}
}

func (c *Connections) each() string {
	if c.Opened == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", float64(c.Exchanges)/float64(c.Opened))
}

func (c *Connections) again() string {
	if c.Reconnects == 0 {
		return fmt.Sprint(c.Reconnects)
	}
	return fmt.Sprintf("%d, after %s (median) to %s", c.Reconnects, text(c.Median), text(c.Most))
}

func (t *Timeout) words() string {
	s := fmt.Sprintf("%s: ≈ %s", t.Proxy, text(t.Wait))
	if t.AtMost {
		s += ", with the wait before the retry that shows it"
	}
	if t.Times > 1 {
		s += fmt.Sprintf(", %d times, %s to %s", t.Times, text(t.Least), text(t.Most))
	} else {
		s += ", seen once"
	}
	return s + " (" + strings.Join(t.IDs, ", ") + ")"
}
