package control

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
)

// A unit is how Toxiproxy's dialect writes the values of an option.
type unit string

const (
	millis unit = "ms" // whole
	micros unit = "us" // whole
	kilos  unit = "KB" // whole, of 1000 bytes
	octets unit = "B"  // whole
	plain  unit = ""   // a number, a text, or true or false
)

// An attribute of a toxic in Toxiproxy's dialect.
type attribute struct {
	name   string // there
	option string // here
	unit   unit
	ours   bool   // not one that Toxiproxy has
	def    string // the option's default, if ours
}

// toxiproxyTypes are the types of toxics that Toxiproxy has, with their
// attributes. The others are behaviors of ours by their own names.
var toxiproxyTypes = map[string][]attribute{
	"latency":     {{name: "latency", option: "latency", unit: millis}, {name: "jitter", option: "jitter", unit: millis}},
	"bandwidth":   {{name: "rate", option: "rate", unit: kilos}},
	"slow_close":  {{name: "delay", option: "delay", unit: millis}},
	"timeout":     {{name: "timeout", option: "timeout", unit: millis}},
	"reset_peer":  {{name: "timeout", option: "timeout", unit: millis}},
	"slicer":      {{name: "average_size", option: "average-size", unit: octets}, {name: "size_variation", option: "size-variation", unit: octets}, {name: "delay", option: "delay", unit: micros}},
	"limit_data":  {{name: "bytes", option: "bytes", unit: octets}},
	"packet_loss": {{name: "loss_rate", option: "loss-rate", unit: plain}, {name: "correlation", option: "correlation", unit: plain}},
	"noop":        {},
}

// attributesOf returns the attributes of a type: those of Toxiproxy, and then
// what the behavior behind it has besides.
func attributesOf(typ string, kind CatalogKind) (all []attribute, directed bool) {
	all = slices.Clone(toxiproxyTypes[typ])
	for _, o := range kind.Options {
		if o.Name == "direction" {
			directed = true
			continue
		}
		if slices.ContainsFunc(all, func(a attribute) bool { return a.option == o.Name }) {
			continue
		}
		u := plain
		switch option.Type(o.Type) {
		case option.Duration:
			u = millis
		case option.Size:
			u = octets
		}
		all = append(all, attribute{strings.ReplaceAll(o.Name, "-", "_"), o.Name, u, true, o.Default})
	}
	return all, directed
}

// text returns a value of JSON as the option's text.
func (a attribute) text(raw json.RawMessage) (string, error) {
	var v any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	switch v := v.(type) {
	case json.Number:
		if _, err := strconv.ParseInt(v.String(), 10, 64); err != nil && a.unit != plain {
			return "", fmt.Errorf("attribute %s is %s: write a whole number", a.name, v)
		}
		if a.unit == octets || a.unit == plain {
			return v.String(), nil
		}
		return v.String() + string(a.unit), nil
	case string:
		if a.ours {
			return v, nil
		}
	case bool:
		if a.ours {
			return strconv.FormatBool(v), nil
		}
	}
	return "", fmt.Errorf("attribute %s is %.100s: write a number", a.name, raw)
}

// value returns an option's text as the dialect shows it.
func (a attribute) value(text string) any {
	switch a.unit {
	case millis, micros:
		per := time.Millisecond
		if a.unit == micros {
			per = time.Microsecond
		}
		if d, err := option.ParseDuration(text); err == nil {
			return number(float64(d) / float64(per))
		}
	case kilos, octets:
		per := 1.0
		if a.unit == kilos {
			per = 1000
		}
		if n, err := option.ParseSize(text); err == nil {
			return number(float64(n) / per)
		}
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		return number(v)
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	return text
}

// number is v as JSON, without a point where it is whole.
func number(v float64) any {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return int64(v)
	}
	return v
}
