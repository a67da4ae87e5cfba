package behavior

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// longestDelay bounds the options that are times: what is longer is a hang.
const longestDelay = "24h"

// Delay waits before a request is passed to the backend, or before its reply is
// passed to the client. A message is due a time after it arrived, so that a
// delay does not add up over messages that follow each other, and their order
// is kept.
func Delay() vaurien.Kind {
	return vaurien.Kind{
		Name: "delay",
		Doc:  "waits before the backend is called, or after",
		New: func(set *option.Set) vaurien.Make {
			var d delay
			before := true
			set.Duration(&d.sleep, "sleep", time.Second, "how long to wait").AtLeast("0s").AtMost(longestDelay)
			set.Duration(&d.jitter, "jitter", 0, "how far the wait strays from sleep: the half width of uniform, "+
				"the standard deviation of normal and pareto").AtLeast("0s").AtMost(longestDelay)
			set.Choice(&d.distribution, "distribution", "uniform", "how jitter is distributed", "uniform", "normal", "pareto")
			set.Bool(&before, "before", true, "wait before the backend is called; false: before the client gets the reply")
			return func(vaurien.Protocol) (vaurien.Behavior, error) {
				if before {
					return vaurien.At(vaurien.Request, &d), nil
				}
				return vaurien.At(vaurien.Reply, &d), nil
			}
		},
	}
}

type delay struct {
	sleep, jitter time.Duration
	distribution  string
}

func (d *delay) Points() vaurien.Point { return vaurien.Request | vaurien.Reply }

func (d *delay) Act(e *vaurien.Event, next vaurien.Next) error {
	wait := d.sleep
	if d.jitter > 0 {
		wait = d.draw(e.Rand())
	}
	if err := e.Sleep(wait); err != nil {
		return err
	}
	return next()
}

// paretoShape is the shape of the pareto distribution's tail: the least whole
// number for which it has a variance, so that jitter can be its deviation.
const paretoShape = 3

// draw returns one wait.
func (d *delay) draw(rng *rand.Rand) time.Duration { return d.at(rng.Float64()) }

// at returns the wait that a part u, from 0 to 1, of all waits does not pass. It
// is never less than nothing.
func (d *delay) at(u float64) time.Duration {
	var z float64 // of mean 0; of deviation 1, but for uniform, of half width 1
	switch d.distribution {
	case "normal":
		z = math.Sqrt2 * math.Erfinv(2*u-1)
	case "pareto":
		const mean = paretoShape / (paretoShape - 1.0)
		deviation := math.Sqrt(paretoShape/(paretoShape-2.0)) / (paretoShape - 1)
		z = (math.Pow(1-u, -1.0/paretoShape) - mean) / deviation
	default:
		z = 2*u - 1
	}
	wait := float64(d.sleep) + z*float64(d.jitter)
	return time.Duration(min(max(wait, 0), float64(48*time.Hour)))
}
