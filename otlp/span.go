package otlp

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// The messages of OTLP in its JSON form: ids are hexadecimal, numbers of 64 bits
// are text, enumerations are numbers (OTLP 1.x, "JSON Protobuf Encoding").
type (
	request struct {
		ResourceSpans []resourceSpans `json:"resourceSpans"`
	}
	resourceSpans struct {
		Resource   resource     `json:"resource"`
		ScopeSpans []scopeSpans `json:"scopeSpans"`
	}
	resource struct {
		Attributes []attribute `json:"attributes"`
	}
	scopeSpans struct {
		Scope scope  `json:"scope"`
		Spans []span `json:"spans"`
	}
	scope struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	span struct {
		Trace      string      `json:"traceId"`
		ID         string      `json:"spanId"`
		Parent     string      `json:"parentSpanId,omitempty"`
		Name       string      `json:"name"`
		Kind       int         `json:"kind"`
		Start      nanoseconds `json:"startTimeUnixNano"`
		End        nanoseconds `json:"endTimeUnixNano"`
		Attributes []attribute `json:"attributes,omitempty"`
		Events     []event     `json:"events,omitempty"`
		Status     *status     `json:"status,omitempty"`
	}
	event struct {
		Time       nanoseconds `json:"timeUnixNano"`
		Name       string      `json:"name"`
		Attributes []attribute `json:"attributes,omitempty"`
	}
	status struct {
		Code    int    `json:"code"`
		Message string `json:"message,omitempty"`
	}
	attribute struct {
		Key   string `json:"key"`
		Value value  `json:"value"`
	}
	value struct {
		Text   string   `json:"stringValue,omitempty"`
		Int    string   `json:"intValue,omitempty"`
		Double *float64 `json:"doubleValue,omitempty"`
	}
)

const (
	kindInternal = 1
	statusError  = 2
)

// nanoseconds is a time as OTLP writes it.
type nanoseconds time.Time

func (t nanoseconds) MarshalText() ([]byte, error) {
	return strconv.AppendInt(nil, time.Time(t).UnixNano(), 10), nil
}

func text(key, s string) attribute { return attribute{key, value{Text: s}} }

func number(key string, n uint64) attribute {
	return attribute{key, value{Int: strconv.FormatUint(n, 10)}}
}

func milliseconds(key string, d time.Duration) attribute {
	ms := float64(d) / float64(time.Millisecond)
	return attribute{key, value{Double: &ms}}
}

// newSpan returns the span of an exchange that is over, in a trace.
func newSpan(r *vaurien.Record, trace, parent string) span {
	var id [8]byte
	for id == [8]byte{} { // which is none
		for i := range id {
			id[i] = byte(rand.Uint32())
		}
	}
	s := span{
		Trace: trace, ID: hex.EncodeToString(id[:]), Parent: parent, Kind: kindInternal, Name: "vaurien " + r.Behavior,
		Start: nanoseconds(r.Arrived), End: nanoseconds(r.Ended),
		Attributes: []attribute{
			text("vaurien.proxy", r.Session.Proxy().Name()), text("vaurien.behavior", r.Behavior),
			number("vaurien.session", r.Session.Number()), number("vaurien.exchange", r.Exchange),
			text("client.address", r.Client),
		},
	}
	if r.Verb != "" {
		s.Attributes = append(s.Attributes, text("vaurien.verb", r.Verb))
	}
	for i := range r.Deeds {
		d := &r.Deeds[i]
		if d.At.After(r.Ended) { // noted once the answer had gone out
			s.End = nanoseconds(d.At)
		}
		s.Events = append(s.Events, newEvent(d))
		switch d.What {
		case "fail", "drop", "close", "reset":
			s.Status = &status{statusError, d.What}
			if d.Detail != "" {
				s.Status.Message += ": " + d.Detail
			}
		}
	}
	return s
}

// newEvent returns the event of a deed.
func newEvent(d *vaurien.Deed) event {
	e := event{Time: nanoseconds(d.At), Name: d.What, Attributes: []attribute{text("vaurien.point", d.Point.String())}}
	if d.Detail != "" {
		e.Attributes = append(e.Attributes, text("vaurien.detail", d.Detail))
	}
	if d.Times > 1 {
		e.Attributes = append(e.Attributes, number("vaurien.times", uint64(d.Times)))
	}
	if d.For > 0 {
		e.Attributes = append(e.Attributes, milliseconds("vaurien.for_ms", d.For))
	}
	if d.Late > 0 {
		e.Attributes = append(e.Attributes, milliseconds("vaurien.late_ms", d.Late))
	}
	return e
}
