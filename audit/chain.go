package audit

// An ending is how a chain of attempts ended.
type ending uint8

const (
	recovered ending = iota // by a success
	abandoned               // by nothing that followed
	repeated                // by what follows anyway
	unknown                 // the ledger ends, or too many failed
)

// A chain is an operation whose first attempt failed, and its retries.
type chain struct {
	op       uint64
	number   uint32
	proxy    *proxy
	label    string
	attempts []attempt // the first of them
	count    int
	last     attempt
	previous attempt // the one before
	gap      int64   // before the last
	unclear  bool    // its attempts might be another's: several failed alike
	alike    bool    // the bytes of its attempts differ
	done     bool
	applied  *attempt // the first that took effect, or may have, although it failed
	doubled  bool
}

// mostAttempts is how many attempts of a chain are kept one by one.
const mostAttempts = 32

func newChain(a *attempt) *chain {
	c := &chain{op: a.op, number: a.number, proxy: a.session.proxy, label: a.label}
	c.add(a, 0)
	return c
}

func (c *chain) add(a *attempt, gap int64) {
	c.previous, c.last, c.gap = c.last, *a, gap
	c.count++
	if len(c.attempts) < mostAttempts {
		c.attempts = append(c.attempts, *a)
	}
}

// A basis is how a failure is known to be over for the client.
type basis uint8

const (
	notYet  basis = iota
	known         // by what was seen
	guessed       // it is not: the client may have waited for long enough
)

// ended returns when the last attempt had failed for the client, which now makes
// another.
func (c *chain) ended(now *attempt) (at int64, how basis) {
	last := &c.last
	closed, other := last.session.closed, last.session != now.session
	silence := now.start >= last.at+int64(late) // for so long that it may mean something
	switch {
	case last.late:
		// The answer came at last: only what came before it is a retry.
		if other && silence && now.start < last.end {
			return last.at, guessed
		}
		return 0, notYet
	case last.outcome == doubtful:
		// Only who leaves the connection for it took it for a failure.
		if other && last.leaves() {
			return max(last.end, closed), known
		}
		return 0, notYet
	case last.silent:
		if other && closed != 0 && closed <= now.start+closing {
			return closed, known
		}
		if silence {
			return last.at, guessed
		}
		return 0, notYet
	case last.end > now.start+closing:
		if other && silence {
			return last.at, guessed
		}
		return 0, notYet
	}
	return last.end, known
}

// leaves reports whether the client left the connection after the attempt.
func (a *attempt) leaves() bool {
	return a.session.closed != 0 && a.session.exchanges == a.exchange
}

// fails reports whether a retry may follow an attempt.
func (a *attempt) fails() bool {
	return a.outcome == failed || a.late || a.outcome == doubtful && a.leaves()
}

// resolve fills in what the connection came to.
func (a *attempt) resolve() {
	s := a.session
	if s.failed && s.exchanges == 0 {
		at, start := a.at, a.start
		*a = s.failure
		a.at, a.start, a.connection = at, start, true
	}
	a.op, a.number = s.proxy.connectOp, s.proxy.connectKind
	a.verb, a.exchange = connectionLabel, 0
}
