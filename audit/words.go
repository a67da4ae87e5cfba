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

func all(n int, single, multiple string) string {
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
