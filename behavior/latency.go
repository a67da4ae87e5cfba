package behavior

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Latency lets all bytes of a connection come later, as a long line does: what
// arrived together is passed on together, a time after it arrived, in the order
// in which it came, and however long the line is, it does not throttle.
//
// # Jitter
//
// Were the latency drawn anew for each piece, every piece that is late would
// hold back those behind it, since a stream keeps its order. Of the pieces that
// follow each other more closely than jitter, almost all would wait for the
// latest of several draws, and the mean would not be what was asked for: for
// pieces each 5 ms, and 50±50 ms, about 76 ms.
//
// So one draw holds for an epoch; what arrives after it is over begins the next,
// so that pieces farther apart than an epoch each have a draw of their own.
// Order costs only where an epoch's draw is less than the one before by some D:
// what arrives within D of the border waits for the last piece before it, on
// average D/2. With independent draws of variance V, D is positive half of the
// time, and its square's mean is E[max(D,0)²] = ½·2V = V. The mean of all bytes
// that arrive evenly is thus too high by V/(2·epoch). An epoch of 30 V/jitter
// makes that jitter/60: 10 jitters where it is uniform and V = jitter²/3, and 30
// where jitter is the standard deviation. 50±50 ms has a mean of 50.8 ms.
func Latency() vaurien.Kind {
	return vaurien.Kind{
		Name: "latency",
		Doc:  "lets all bytes come later, as a long line does",
		New: func(set *option.Set) vaurien.Make {
			l := new(latency)
			set.Duration(&l.sleep, "latency", 0, "how much later, each way that it acts on").AtLeast("0s").AtMost(longestDelay)
			set.Duration(&l.jitter, "jitter", 0, "how far it strays from latency: the half width of uniform, "+
				"the standard deviation of normal and pareto").AtLeast("0s").AtMost(longestDelay)
			set.Choice(&l.distribution, "distribution", "uniform", "how jitter is distributed", "uniform", "normal", "pareto")
			l.declare(set)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return l, nil }
		},
	}
}

type latency struct {
	way
	delay
}

func (l *latency) Points() vaurien.Point {
	if l.sleep == 0 && l.jitter == 0 {
		return 0
	}
	return l.points()
}

func (l *latency) Act(e *vaurien.Event, next vaurien.Next) error {
	at := func(time.Time) time.Duration { return l.sleep }
	if l.jitter > 0 {
		ep := remembered[epoch](e, l)
		at = func(arrived time.Time) time.Duration { return ep.lag(l, arrived, e.Rand()) }
	}
	late := at(e.Message.Arrived)
	stays, err := until(e, l, e.Due(late), e.SleepUntil)
	switch {
	case err != nil:
		return err
	case !stays:
		e.Due(-late)
	default:
		line := laneOf(e)
		line.lags = append(line.lags, lag{of: l, at: at})
	}
	return next()
}

// epoch returns how long one draw holds.
func (l *latency) epoch() time.Duration {
	if l.distribution == "uniform" {
		return 10 * l.jitter
	}
	return 30 * l.jitter
}

// An epoch is the time for which one draw of the latency holds.
type epoch struct {
	mu   sync.Mutex
	ends time.Time
	late time.Duration
}

// lag returns how late what arrived then is.
func (p *epoch) lag(l *latency, arrived time.Time, rng *rand.Rand) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !arrived.Before(p.ends) {
		p.ends, p.late = arrived.Add(l.epoch()), l.draw(rng)
	}
	return p.late
}
