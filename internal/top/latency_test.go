package top

import (
	"bytes"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// measured is a page of metrics as a server makes it, and the same asked for.
func measured(t *testing.T) (observe func(proxy string, d time.Duration), read func() map[string]Latencies) {
	t.Helper()
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: clientLatency, Buckets: []float64{.1, 1}, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160,
		NativeHistogramMinResetDuration: time.Hour,
	}, []string{"proxy"})
	registry := prometheus.NewRegistry()
	registry.MustRegister(h)
	return func(proxy string, d time.Duration) { h.WithLabelValues(proxy).Observe(d.Seconds()) },
		func() map[string]Latencies {
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.Header.Set("Accept", metricsType)
			w := httptest.NewRecorder()
			promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
			l, err := readLatencies(w.Body.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
}

// TestQuantiles: quantiles are within a bucket of the true ones, also of what
// came after a first look, and when buckets were made wider in between.
func TestQuantiles(t *testing.T) {
	observe, read := measured(t)
	observe("other", time.Second)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		observe("web", time.Duration(rng.ExpFloat64()*float64(time.Millisecond)))
	}
	before := read()["web"].Client
	for _, spread := range []float64{0, 1, 14} { // the last is more than 160 buckets hold
		var all []time.Duration
		for range 5000 {
			d := time.Duration(float64(20*time.Microsecond) * math.Exp(spread*rng.Float64()))
			all = append(all, d)
			observe("web", d)
		}
		slices.Sort(all)
		now := read()["web"].Client
		h := now.Minus(before)
		if h.Count() != uint64(len(all)) {
			t.Fatalf("%d of %d", h.Count(), len(all))
		}
		for _, q := range []float64{.01, .5, .9, .99, 1} {
			got, ok := h.Quantile(q)
			want := all[max(int(q*float64(len(all)))-1, 0)]
			width := math.Exp2(math.Exp2(-float64(h.schema))) * 1.001
			if r := float64(got) / float64(want); !ok || r > width || r < 1/width {
				t.Errorf("spread %v, quantile %v: %v, want %v", spread, q, got, want)
			}
		}
		if spread == 14 && now.schema >= before.schema {
			t.Error("the buckets were not made wider: this test does not see what it is for")
		}
		before = now
	}
	if h := before.Minus(before); h.Count() != 0 {
		t.Errorf("%d of nothing", h.Count())
	}
	if _, ok := before.Minus(before).Quantile(.5); ok {
		t.Error("nothing has a quantile")
	}
	if again := (Histogram{schema: 3, zero: 7}); again.Minus(before).Count() != 7 {
		t.Error("what began anew is not all of it")
	}
}

// TestCoarser: neighbors become one, on both sides of one second.
func TestCoarser(t *testing.T) {
	h := Histogram{schema: 1, buckets: map[int32]uint64{-2: 1, -1: 2, 0: 3, 1: 4, 2: 5, 3: 6}}
	got := h.coarser(0).buckets
	want := map[int32]uint64{-1: 1, 0: 5, 1: 9, 2: 6}
	for i, n := range want {
		if got[i] != n || len(got) != len(want) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}

func TestBadMetrics(t *testing.T) {
	for _, page := range [][]byte{nil, []byte("hello"), []byte("# TYPE x counter\nx 1\n"), bytes.Repeat([]byte{0xff}, 100)} {
		if l, err := readLatencies(page); err == nil {
			t.Errorf("%q: %v", page, l)
		}
	}
}
