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
// So one draw holds for an epoch of ten jitters, or of thirty where jitter is
// the standard deviation; what arrives after it is over begins the next, so that
// pieces farther apart than an epoch each have a draw of their own. From one
// draw to the next the latency climbs or falls by half a second a second: no
// piece is then due before one that arrived earlier, and since it climbs as
// often and as far as it falls, the mean of all bytes is what was asked for.
// Draws come in mirrored pairs (of u and 1-u), so that it is so within a few
// seconds and not only in the long run.
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
	g := lag{of: l}
	if l.jitter > 0 {
		g.ep = remembered[epoch](e, l)
	}
	late := g.at(e, e.Message.Arrived)
	stays, err := until(e, l, e.Due(late), e.SleepUntil)
	switch {
	case err != nil:
		return err
	case !stays:
		e.Due(-late)
	default:
		line := laneOf(e)
		line.lags = append(line.lags, g)
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
	mu     sync.Mutex
	begins time.Time
	ends   time.Time
	before time.Duration // the latency when it began
	late   time.Duration
	u      float64 // what late was drawn with, if it is to be mirrored; else 0
}

// lag returns how late what arrived then is.
func (p *epoch) lag(l *latency, arrived time.Time, rng *rand.Rand) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !arrived.Before(p.ends) {
		now, first := p.at(p.ends), p.ends.IsZero()
		p.begins, p.ends, p.before, p.late = p.ends, arrived.Add(l.epoch()), now, l.at(p.mirrored(rng))
		if first {
			p.before = p.late
		}
	}
	return p.at(arrived)
}

// at returns the latency at a time of the epoch, on its way from the draw before.
func (p *epoch) at(t time.Time) time.Duration {
	way := max(t.Sub(p.begins), 0) / 2
	if p.late > p.before {
		return min(p.before+way, p.late)
	}
	return max(p.before-way, p.late)
}

// mirrored returns a number from 0 to 1: a draw, and the next time its mirror.
func (p *epoch) mirrored(rng *rand.Rand) float64 {
	u := p.u
	if p.u = 0; u > 0 {
		return 1 - u
	}
	p.u = rng.Float64()
	return p.u
}
