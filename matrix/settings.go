package matrix

import (
	"time"

	"github.com/vaurien-proxy/vaurien/option"
)

// Settings are what a user can say of the runs. NewSettings declares each
// once, for flags and for the file.
type Settings struct {
	Parallel    int64         // runs at a time
	Repeat      int64         // runs of each failure, and of none
	Timeout     time.Duration // how long a run may take
	Expect      string        // what is expected of runs of which nothing else is said
	MaxSlowdown float64       // of those: how many times as long as without a failure a run may take; 0: any
	Tail        int64         // lines of output that are shown
}

// NewSettings returns the settings with their defaults and the set that
// declares them.
func NewSettings() (*Settings, *option.Set) {
	s, set := new(Settings), new(option.Set)
	set.Int(&s.Parallel, "parallel", 1, "runs at a time, each with proxies of its own").AtLeast("1").AtMost("1000")
	set.Int(&s.Repeat, "repeat", 1, "how often each failure is tried, and the command is run without any").AtLeast("1").AtMost("1000")
	set.Duration(&s.Timeout, "run-timeout", time.Minute, "how long a run may take").AtLeast("1ms").AtMost("24h")
	set.Choice(&s.Expect, "expect", Any, "what is expected of the failures of which nothing else is said", Survive, Fail, Any)
	set.Float(&s.MaxSlowdown, "max-slowdown", 0, "how many times as long as without a failure a run may take that is expected to survive; 0: any").AtLeast("0")
	set.Int(&s.Tail, "tail", 10, "lines of a run's output that are shown").AtLeast("0").AtMost("1000")
	return s, set
}
