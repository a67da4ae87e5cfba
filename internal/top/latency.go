package top

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// The histograms of metrics that are shown, and the form that has them in
// native buckets, which are at most a tenth apart.
const (
	clientLatency  = "vaurien_client_latency_seconds"
	backendLatency = "vaurien_backend_latency_seconds"
	metricsType    = string(expfmt.FmtProtoDelim)
)

// Latencies are how long the exchanges of a proxy took, since it was made.
type Latencies struct{ Client, Backend Histogram }

// readLatencies reads a page of metrics.
func readLatencies(page []byte) (map[string]Latencies, error) {
	out := make(map[string]Latencies)
	d := expfmt.NewDecoder(bytes.NewReader(page), expfmt.NewFormat(expfmt.TypeProtoDelim))
	timed := false
	for {
		var family dto.MetricFamily
		if err := d.Decode(&family); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("the metrics cannot be read: %w", err)
		}
		name := family.GetName()
		if name == "vaurien_proxy_info" {
			timed = true
		}
		if name != clientLatency && name != backendLatency {
			continue
		}
		for _, m := range family.GetMetric() {
			proxy := labelOf(m, "proxy")
			l := out[proxy]
			if h := newHistogram(m.GetHistogram()); name == clientLatency {
				l.Client = h
			} else {
				l.Backend = h
			}
			out[proxy] = l
		}
	}
	if len(out) == 0 && !timed {
		return nil, errors.New("this server's metrics leave the proxies out")
	}
	return out, nil
}

func labelOf(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// A Histogram is a native histogram of Prometheus: bucket i counts what is in
// (base^(i-1), base^i] with base 2^(2^-schema), in seconds.
type Histogram struct {
	schema  int32
	zero    uint64
	buckets map[int32]uint64
}

func newHistogram(h *dto.Histogram) Histogram {
	out := Histogram{schema: h.GetSchema(), zero: h.GetZeroCount(), buckets: make(map[int32]uint64)}
	deltas := h.GetPositiveDelta()
	index, count := int32(0), int64(0)
	for _, span := range h.GetPositiveSpan() {
		index += span.GetOffset()
		for range span.GetLength() {
			if len(deltas) == 0 {
				return out
			}
			count += deltas[0]
			deltas = deltas[1:]
			out.buckets[index] = uint64(max(count, 0))
			index++
		}
	}
	return out
}

// Count is how many there are in h.
func (h Histogram) Count() uint64 {
	n := h.zero
	for _, c := range h.buckets {
		n += c
	}
	return n
}

// coarser returns h with the wider buckets of a lower schema, at which two
// neighbors become one.
func (h Histogram) coarser(schema int32) Histogram {
	out := Histogram{schema: min(h.schema, schema), zero: h.zero, buckets: make(map[int32]uint64, len(h.buckets))}
	shift := h.schema - out.schema
	for i, c := range h.buckets {
		out.buckets[(i-1)>>shift+1] += c
	}
	return out
}

// Minus returns what h has more than it had before. A histogram that began anew
// in between has it all from then.
func (h Histogram) Minus(before Histogram) Histogram {
	if h.Count() < before.Count() {
		return h
	}
	out, was := h.coarser(before.schema), before.coarser(h.schema)
	out.zero -= min(out.zero, was.zero)
	for i, c := range was.buckets {
		out.buckets[i] -= min(out.buckets[i], c)
	}
	return out
}

// Quantile returns how long a share of q (0 to 1) takes at most; false if there
// is nothing in h. It is right to within a bucket.
func (h Histogram) Quantile(q float64) (time.Duration, bool) {
	n := h.Count()
	if n == 0 {
		return 0, false
	}
	rank := max(q*float64(n), 1)
	below := float64(h.zero)
	if below >= rank {
		return 0, true
	}
	bound := func(i int32) float64 { return math.Exp2(float64(i) * math.Exp2(-float64(h.schema))) }
	for _, i := range slices.Sorted(maps.Keys(h.buckets)) {
		count := float64(h.buckets[i])
		if below+count >= rank {
			low, high := bound(i-1), bound(i)
			seconds := low * math.Pow(high/low, (rank-below)/count)
			return time.Duration(min(seconds*float64(time.Second), math.MaxInt64/2)), true
		}
		below += count
	}
	return 0, false // not reached: the last bucket holds the last of n
}
