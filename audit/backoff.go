package audit

import "math"

// The policies that are told apart.
const (
	PolicyImmediate   = "immediate"
	PolicyFixed       = "fixed"
	PolicyLinear      = "linear"
	PolicyExponential = "exponential"
	PolicyGrowing     = "growing" // linear or exponential: two retries are too few to tell
	PolicyUnclear     = "unclear" // none of them
	PolicyUnknown     = "not enough data"
)

// The kinds of jitter.
const (
	JitterNone  = "none"
	JitterFull  = "full"  // from nothing, or little, up to the whole wait
	JitterEqual = "equal" // half of the wait is fixed
	JitterSome  = "some"  // most of the wait is fixed
)

// Backoff is how long a proxy's clients wait before they try again.
type Backoff struct {
	Proxy       string  `json:"proxy"`
	What        string  `json:"what"` // requests, or connecting
	Policy      string  `json:"policy"`
	FirstAtOnce bool    `json:"first_at_once,omitempty"` // the first retry comes without a wait, and is left out
	Base        float64 `json:"base_ms,omitempty"`       // the first wait; with jitter the most of it
	Factor      float64 `json:"factor,omitempty"`        // of exponential ones: from one wait to the next
	Step        float64 `json:"step_ms,omitempty"`       // of linear ones
	Cap         float64 `json:"cap_ms,omitempty"`        // where they stop growing
	Jitter      string  `json:"jitter,omitempty"`
	Fixed       float64 `json:"fixed_share"` // how much of a wait is no jitter, 0 to 1
	Confidence  float64 `json:"confidence"`  // 0 to 1
	Gaps        int     `json:"gaps"`
	Mixed       bool    `json:"unclear,omitempty"` // many failed alike at once, so that which gap is whose is a guess
	Waits       []Wait  `json:"waits"`
	Why         string  `json:"why,omitempty"` // where the policy is not known
}

// A Wait is the gaps before retries of equal number.
type Wait struct {
	Retry     int     `json:"retry"`
	Gaps      int     `json:"gaps"`
	Least     float64 `json:"least_ms"`
	Median    float64 `json:"median_ms"`
	Most      float64 `json:"most_ms"`
	Histogram []int   `json:"histogram"` // of kept ones, by histogramBin
}

const (
	// enoughGaps is how many gaps it takes to speak of a policy.
	enoughGaps = 5
	// enoughEach is how many before a retry of one number count.
	enoughEach = 3
)

// backoff judges the gaps that were noted; nil if there are none.
func (h *habit) backoff() *Backoff {
	samples, seen, mixed := h.samples()
	if len(samples) == 0 {
		return nil
	}
	b := &Backoff{Proxy: h.proxy.name, What: "requests", Mixed: mixed}
	if h.connection {
		b.What = connectionLabel
	}
	for i, gaps := range samples {
		b.Gaps += seen[i]
		if len(gaps) > 0 {
			b.Waits = append(b.Waits, Wait{
				Retry: i + 1, Gaps: seen[i], Least: gaps[0], Median: quantile(gaps, .5), Most: gaps[len(gaps)-1],
				Histogram: histogram(gaps),
			})
		}
	}
	v := judge(samples)
	b.Policy, b.Base, b.Factor, b.Step, b.Cap = v.policy, v.base, v.factor, v.step, v.cap
	b.FirstAtOnce, b.Jitter, b.Fixed, b.Why = v.firstAtOnce, v.jitter, v.fixed, v.why
	if v.policy != PolicyUnknown {
		b.Confidence = h.confidence(samples, v)
	}
	if mixed {
		b.Confidence /= 2
	}
	return b
}

// resamples is how often the gaps are drawn anew to see whether the same comes
// out.
const resamples = 100

// confidence is how often gaps drawn from those that were seen are judged the
// same; and never more than n gaps allow, which for 5 is a half.
func (h *habit) confidence(samples [][]float64, v verdict) float64 {
	same, n := 0, 0
	for _, gaps := range samples {
		n += len(gaps)
	}
	for range resamples {
		drawn := make([][]float64, len(samples))
		for i, gaps := range samples {
			drawn[i] = redraw(gaps, h.dice)
		}
		if o := judge(drawn); o.policy == v.policy && o.jitter == v.jitter && o.firstAtOnce == v.firstAtOnce {
			same++
		}
	}
	c := float64(same) / resamples * float64(n) / float64(n+enoughGaps)
	return math.Round(c*100) / 100
}

// Bins of histograms: four to a factor of ten, from 0.1 ms to 100 s; the first
// and the last have what is beyond.
const (
	binsPerDecade = 4
	firstDecade   = -1
	lastDecade    = 5
	bins          = binsPerDecade * (lastDecade - firstDecade)
)

func histogram(gaps []float64) []int {
	h := make([]int, bins)
	for _, g := range gaps {
		h[histogramBin(g)]++
	}
	return h
}

func histogramBin(ms float64) int {
	if ms <= 0 {
		return 0
	}
	return min(max(int(math.Floor((math.Log10(ms)-firstDecade)*binsPerDecade)), 0), bins-1)
}
