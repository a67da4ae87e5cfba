package ledger

import (
	"slices"

	"github.com/vaurien-proxy/vaurien"
)

// A Fate is what became of an exchange, in one word.
type Fate string

// The fates, from the best to the worst. Where several things were done, the
// worst of them is the exchange's fate.
const (
	Passed     Fate = "passed"     // nothing was done to it
	Delayed    Fate = "delayed"    // it was late, or slow
	Altered    Fate = "altered"    // its bytes are others, or come otherwise
	Unfinished Fate = "unfinished" // its session ended before the answer
	Held       Fate = "held"       // it met silence, for as long as its session or the plan lasted
	Dropped    Fate = "dropped"    // it, or its reply, was thrown away
	Failed     Fate = "failed"     // it was answered with an error made here
	Closed     Fate = "closed"     // its connection was closed
	Reset      Fate = "reset"      // its connection was reset
)

var fates = []Fate{Passed, Delayed, Altered, Unfinished, Held, Dropped, Failed, Closed, Reset}

// Fates lists the fates, from the best to the worst.
func Fates() []Fate { return slices.Clone(fates) }

// fateOf returns the fate of a Record that is over.
func fateOf(r *vaurien.Record) Fate {
	worst := 0
	if !r.Answered && !r.NoReply {
		worst = rank(Unfinished)
	}
	for i := range r.Deeds {
		worst = max(worst, rank(fateBy(r.Deeds[i].What)))
	}
	return fates[worst]
}

func rank(f Fate) int { return slices.Index(fates, f) }

// fateBy returns what a deed makes of an exchange.
func fateBy(what string) Fate {
	switch what {
	case "delay", "pace":
		return Delayed
	case "hold", "discard":
		return Held
	case "drop":
		return Dropped
	case "fail":
		return Failed
	case "close":
		return Closed
	case "reset":
		return Reset
	}
	return Altered // replace, repeat, and behaviors' own words
}
