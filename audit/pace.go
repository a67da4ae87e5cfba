package audit

import "slices"

// A pace is how soon an operation comes again after it succeeded: what a loop
// does by itself.
type pace struct {
	gaps [8]int64 // the latest, in nanoseconds
	n    int
}

// paces are those of an operation.
type paces struct {
	next  pace // on the same connection, with nothing in between
	same  pace // on the same connection, after others
	other pace // as the first on another connection
}

func (p *paces) known() bool { return p.next.known() || p.same.known() || p.other.known() }

// steady reports whether what is known of some operations can be said of others
// of their kind.
func (p *paces) steady() bool { return p.next.steady() || p.same.steady() }

const (
	// enoughPaces is how many gaps it takes to speak of a pace.
	enoughPaces = 4

	// paceSpread is by what factor a gap may be outside of those seen, and
	// paceSlack by how much besides: what the network and the machine do, and,
	// on another connection, making it.
	paceSpread = 1.5
	paceSlack  = int64(1e6)
)

func (p *pace) add(gap int64) {
	p.gaps[p.n%len(p.gaps)] = max(gap, 0)
	p.n++
}

func (p *pace) known() bool { return p.n >= enoughPaces }

// has reports whether a gap is among those that are usual.
func (p *pace) has(gap int64) bool {
	if !p.known() {
		return false
	}
	seen := p.gaps[:min(p.n, len(p.gaps))]
	least, most := slices.Min(seen), slices.Max(seen)
	return float64(gap) >= float64(least)/paceSpread-float64(paceSlack) && float64(gap) <= float64(most)*paceSpread+float64(paceSlack)
}

// steady reports whether the gaps are much alike.
func (p *pace) steady() bool {
	if !p.known() {
		return false
	}
	seen := p.gaps[:min(p.n, len(p.gaps))]
	return slices.Max(seen) <= steadySpread*slices.Min(seen)+paceSlack
}

// steadySpread is by what factor steady gaps differ at most.
const steadySpread = 3
