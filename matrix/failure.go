package matrix

import (
	"fmt"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A Failure is one way in which a backend may fail, or a line to it.
type Failure struct {
	Name string
	Doc  string // one line, lower case, no full stop; may be empty

	// What is done: one behavior that the dice give so many percent of the
	// exchanges, or toxics, or both.
	Plan   spec.Plan
	Toxics []spec.Toxic

	When   Window
	Expect *Expectation // nil: what the settings say
	Listed bool         // it comes from a default list, not from somebody who wrote it down
	Place  string       // where it was written
}

// A Window says when a failure is in force. The zero Window is from the start
// to the end of a run.
type Window struct {
	Replies int64         // begin once the backend has said so much: replies, or pieces of a tcp stream
	After   time.Duration // begin so long after that, or after the start
	For     time.Duration // last so long; 0: to the end
}

// String says when, in words; empty for the zero Window.
func (w Window) String() string {
	var parts []string
	switch {
	case w.Replies == 1:
		parts = append(parts, "after the first reply")
	case w.Replies > 1:
		parts = append(parts, fmt.Sprintf("after %d replies", w.Replies))
	}
	if w.After > 0 {
		parts = append(parts, option.FormatDuration(w.After)+" later")
	}
	if w.For > 0 {
		parts = append(parts, "for "+option.FormatDuration(w.For))
	}
	return strings.Join(parts, ", ")
}

// What says what is done, as somebody would write it: error, kind=readonly.
func (f Failure) What() string {
	var parts []string
	add := func(percent float64, behavior string, options option.Values) {
		text := behavior
		if percent != 100 {
			text = fmt.Sprintf("%g%% %s", percent, behavior)
		}
		for _, name := range sorted(options) {
			text += fmt.Sprintf(" %s=%s", name, options[name].Text)
		}
		parts = append(parts, text)
	}
	for _, e := range f.Plan.Entries {
		add(e.Weight, e.Name, e.Options)
	}
	for _, t := range f.Toxics {
		add(t.Percent, t.Behavior, t.Options)
	}
	if w := f.When.String(); w != "" {
		return strings.Join(parts, " + ") + "; " + w
	}
	return strings.Join(parts, " + ")
}

// A Case is a failure of one of the backends.
type Case struct {
	Proxy string
	Failure
}

// ID returns the case's name in reports: PROXY/FAILURE.
func (c Case) ID() string { return c.Proxy + "/" + c.Name }
