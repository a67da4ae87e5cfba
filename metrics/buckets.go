package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The bounds of the classic buckets, in seconds, for servers that do not read
// native histograms.
var (
	// From a server on the same machine to a client's usual patience.
	latencies = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

	// From the best that a timer can do to a machine that is out of breath.
	latenesses = []float64{.00001, .000025, .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, 1}
)

// histogram returns a native histogram that has classic buckets too. A native
// bucket's bounds are at most a tenth apart, the resolution that the
// documentation of client_golang recommends. 160 of them span six orders of
// magnitude; a histogram that needs more begins anew, but not more often than
// once in an hour, and is made coarser instead.
func histogram(name, help string, bounds []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: bounds,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	}, labels)
}
