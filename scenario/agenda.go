package scenario

import (
	"slices"
	"time"
)

// An agenda is what is to be done when. Of what is due at one time, ends come
// before begins, so that one step can follow another without a gap, and else
// what was noted first comes first.
type agenda []entry

type entry struct {
	at    time.Time
	begin bool
	do    func(at time.Time)
}

func (a *agenda) add(e entry) {
	i, _ := slices.BinarySearchFunc(*a, e, func(in, e entry) int {
		if c := in.at.Compare(e.at); c != 0 {
			return c
		}
		if in.begin && !e.begin {
			return 1
		}
		return -1 // after those that are alike
	})
	*a = slices.Insert(*a, i, e)
}

// due takes the first entry, if its time has come.
func (a *agenda) due(now time.Time) (entry, bool) {
	if len(*a) == 0 || (*a)[0].at.After(now) {
		return entry{}, false
	}
	e := (*a)[0]
	*a = (*a)[1:]
	return e, true
}

// next is how long it takes until the next entry is due; false if there is none.
func (a agenda) next(now time.Time) (time.Duration, bool) {
	if len(a) == 0 {
		return 0, false
	}
	return a[0].at.Sub(now), true
}
