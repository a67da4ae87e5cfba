package vaurientest

import (
	"fmt"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// An Exchange is a request and its reply, and what was done to them; with
// Number 0 it is a connection whose exchanges are not told apart, as under tcp,
// or what was done to it beside them.
type Exchange struct {
	Session  uint64 // the connection's number in its proxy; the first is 1
	Number   uint64 // the exchange's on its connection; the first is 1
	Verb     string // GET, SET, Query …
	Behavior string // what acted on it, in the plan's words; empty: nothing
	Deeds    []vaurien.Deed

	Arrived   time.Time // the request
	Forwarded time.Time // when it was passed on; zero: it was not
	Replied   time.Time // when the first of the backend's reply arrived; zero: nothing did
	Ended     time.Time // zero: it is not over
	Answered  bool      // the client was told an answer: the backend's or one made by the proxy

	names  []string // of its attributes
	values []any
	hold   bool // a Hold has chosen it
}

// Attribute returns what is known of the request by the name that conditions
// have for it: a string, an int64 or a bool, or nil. Of a long text it is the
// beginning, 4 KiB.
func (x Exchange) Attribute(name string) any {
	switch name {
	case "verb":
		return x.Verb
	case "session":
		return int64(x.Session)
	case "exchange":
		return int64(x.Number)
	}
	for i, n := range x.names {
		if n == name && i < len(x.values) {
			return x.values[i]
		}
	}
	return nil
}

// Over reports whether the exchange is over.
func (x Exchange) Over() bool { return !x.Ended.IsZero() }

// String returns the exchange in one line.
func (x Exchange) String() string {
	return strings.Join([]string{x.id(), x.asked(), x.done(), x.outcome()}, "  ")
}

func (x Exchange) id() string {
	if x.Number == 0 {
		return fmt.Sprint(x.Session)
	}
	return fmt.Sprintf("%d.%d", x.Session, x.Number)
}

// asked says what is known of the request.
func (x Exchange) asked() string {
	if x.Number == 0 {
		return "connection"
	}
	words := []string{x.Verb}
	for i, v := range x.values {
		text := fmt.Sprint(v)
		if v == nil || v == "" || v == false || v == int64(0) || text == x.Verb || x.names[i] == "client" {
			continue
		}
		if len(text) > shownValue {
			text = text[:shownValue] + "…"
		}
		if _, ok := v.(string); ok {
			text = fmt.Sprintf("%q", text)
		}
		words = append(words, x.names[i]+"="+text)
	}
	return strings.Join(words, " ")
}

// shownValue is how many bytes of an attribute are shown.
const shownValue = 80

// done says what was done to the exchange.
func (x Exchange) done() string {
	var deeds []string
	for _, d := range x.Deeds {
		text := d.What
		if d.Detail != "" {
			text += " " + d.Detail
		}
		if d.For > 0 {
			text += " " + short(d.For)
		}
		if d.Times > 1 {
			text += fmt.Sprintf(" ×%d", d.Times)
		}
		deeds = append(deeds, text)
	}
	if x.hold && !x.Over() {
		deeds = append(deeds, "hold")
	}
	did := strings.Join(deeds, ", ")
	switch {
	case x.Behavior == "" && did == "":
		return "-"
	case x.Behavior == "" || did == "":
		return x.Behavior + did
	}
	return x.Behavior + ": " + did
}

// outcome says how the exchange ended.
func (x Exchange) outcome() string {
	switch took := short(x.Ended.Sub(x.Arrived)); {
	case !x.Over():
		return "not over"
	case x.Number == 0:
		return "ended after " + took
	case !x.Answered:
		return "no answer, over after " + took
	default:
		return "answered after " + took
	}
}

// short rounds a duration to what a person wants to read.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
