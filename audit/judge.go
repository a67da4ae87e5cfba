package audit

import (
	"math"
	"slices"
)

// A verdict is which policy gaps are of.
type verdict struct {
	policy                  string
	jitter                  string
	base, factor, step, cap float64
	fixed                   float64
	firstAtOnce             bool
	why                     string
}

const (
	// atOnce is up to how long a gap is no wait, in milliseconds: the way of an
	// answer to the client, and of a new connection, on a machine that is busy.
	atOnce = 5

	// unrest is how much gaps of a fixed wait differ, in milliseconds: timers'
	// grain, and threads that wait for a processor.
	unrest = 3

	// level is by how much the waits of a fixed policy differ at most, and of
	// one that has reached its cap; looser is for those with jitter, whose size is
	// an estimate, and flat for how much these grow from retry to retry.
	level  = 1.08
	looser = 1.35
	flat   = 1.1

	// capped is how many waits with jitter that do not grow show a cap.
	capped = 3

	// enoughSpan is how many gaps with jitter tell of the span they are from: its
	// size is then known to a fifth.
	enoughSpan = 8

	// steady is which share of a wait is fixed, at least, if it has no jitter.
	steady = 0.85
)

// judge says which policy gaps are of: those before the first retry, the second
// and so on, each sorted.
func judge(samples [][]float64) verdict {
	var v verdict
	n, first := 0, -1
	for i, gaps := range samples {
		n += len(gaps)
		if len(gaps) >= enoughEach && first < 0 {
			first = i
		}
	}
	if n < enoughGaps || first < 0 {
		return verdict{policy: PolicyUnknown, why: "it takes 5 retries, 3 of them of the same number, to tell"}
	}
	// Several libraries wait from the second retry on only.
	if first == 0 && quantile(samples[0], .75) <= atOnce && len(samples) > 1 &&
		len(samples[1]) >= enoughEach && quantile(samples[1], .5) > 2*atOnce {
		v.firstAtOnce = true
		samples = slices.Clone(samples)
		samples[0] = nil
	}
	levels := levelsOf(samples)
	if len(levels) == 0 {
		return verdict{policy: PolicyUnknown, why: "there are too few retries of the same number"}
	}
	most := 0.0
	for _, l := range levels {
		most = max(most, l.median)
	}
	if most <= atOnce {
		return verdict{policy: PolicyImmediate, base: levels[0].median}
	}
	v.fixed, v.jitter = jitterOf(levels)
	v.grow(levels)
	return v
}

// A span is what the gaps before retries of one number tell: they lie between
// low and high, if they are spread evenly there.
type span struct {
	retry             int
	weight            float64
	low, high, median float64
}

func levelsOf(samples [][]float64) (out []span) {
	for i, gaps := range samples {
		n := len(gaps)
		if n < enoughEach {
			continue
		}
		// Of n even draws from a span, the i-th lies on average at i/(n+1) of it.
		// The outermost tenth is left out: late ones are there.
		cut := (n + 9) / 10
		a, b := gaps[cut-1], gaps[n-cut]
		width := (b - a) * float64(n+1) / float64(n+1-2*cut)
		// Waits are late at times, and never early: where the upper half is wider by
		// far, it tells of the machine.
		if lower := (quantile(gaps, .5) - a) / (.5 - float64(cut)/float64(n+1)); lower < width/2 {
			width = lower
		}
		low := max(a-width*float64(cut)/float64(n+1), 0)
		out = append(out, span{retry: i + 1, weight: float64(n), low: low, high: low + width, median: quantile(gaps, .5)})
	}
	return out
}

// jitterOf says how much of the waits is fixed, and what jitter that is.
func jitterOf(levels []span) (fixed float64, jitter string) {
	var sum, weight float64
	for _, l := range levels {
		share := 1.0
		if spread := l.high - l.low; spread > unrest && l.high > 0 {
			share = l.low / l.high
		}
		sum += l.weight * share
		weight += l.weight
	}
	switch fixed = sum / weight; {
	case fixed >= steady:
		return fixed, JitterNone
	case fixed >= .7:
		return fixed, JitterSome
	case fixed >= .35:
		return fixed, JitterEqual
	}
	return fixed, JitterFull
}

// grow says how the waits grow from retry to retry.
func (v *verdict) grow(levels []span) {
	at := func(l span) float64 {
		if v.jitter == JitterNone {
			return l.median
		}
		// The middle and the ends of a span say the same of its size; together they
		// say it better than each.
		return (l.high + 2*l.median/(1+v.fixed)) / 2
	}
	loose := level
	if v.jitter != JitterNone {
		// The size of a span that a few gaps tell of is a guess.
		if sure := slices.IndexFunc(levels, func(l span) bool { return l.weight < enoughSpan }); sure > 1 {
			levels = levels[:sure]
		}
		loose = looser
	}
	v.base = at(levels[0])
	n, top := len(levels), at(levels[len(levels)-1])
	alike := n - 1 // from here on they no longer grow
	for alike > 0 && within(at(levels[alike-1]), top, loose) {
		alike--
	}
	if n > 1 && v.jitter != JitterNone {
		if _, slope := regress(levels, func(l span) float64 { return math.Log(at(l)) }); math.Abs(slope) < math.Log(flat) {
			alike = 0
		}
	}
	switch {
	case alike == 0:
		if v.policy, v.base = PolicyFixed, mean(levels, at); n == 1 {
			v.why = "whether later waits are longer is not known: there are too few second retries"
		}
		return
	case alike <= n-capped || v.jitter == JitterNone && alike < n-1:
		v.cap = mean(levels[alike:], at)
		levels = levels[:alike]
	}
	if len(levels) < 3 {
		next := v.cap
		if len(levels) == 2 {
			next = at(levels[1])
		}
		v.policy, v.factor = PolicyGrowing, next/v.base
		v.why = "it takes three waits that differ to tell a linear growth from an exponential one"
		if v.factor < 1 {
			v.policy, v.factor, v.why = PolicyUnclear, 0, "the waits become shorter"
		}
		return
	}
	v.fit(levels, at)
}

// fit tells a line from a curve: the one from which the waits are less far off
// is taken, unless they are far off from both.
func (v *verdict) fit(levels []span, at func(span) float64) {
	a, b := regress(levels, at)
	c, d := regress(levels, func(l span) float64 { return math.Log(at(l)) })
	line, curve := 0.0, 0.0
	for _, l := range levels {
		k := float64(l.retry)
		straight, bent := max(a+b*k, 1e-3), math.Exp(c+d*k)
		line += l.weight * square(math.Log(at(l)/straight))
		curve += l.weight * square(math.Log(at(l)/bent))
	}
	if d <= 0 || b <= 0 {
		v.policy, v.why = PolicyUnclear, "the waits do not grow with each retry, and are not the same"
		return
	}
	if line < curve {
		v.policy, v.step = PolicyLinear, b
		return
	}
	v.policy, v.factor = PolicyExponential, math.Exp(d)
}
