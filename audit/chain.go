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
	unclear  bool    // its last attempt might be another's, or its gap is not one wait
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
	tooSoon       // nor could it be by silence: another asks for the same
	known         // by what was seen
	guessed       // it is not: the client may have waited for long enough
)

// ended returns when the last attempt had failed for the client, which now makes
// another.
func (c *chain) ended(now *attempt) (at int64, how basis) {
	last := &c.last
	closed, other := last.session.closed, last.session != now.session
	// Whom nothing was told gives up at some time, and tries on another connection.
	gaveUp := notYet
	if now.start < last.at+int64(late) {
		gaveUp = tooSoon
	} else if now.session.opened > last.at {
		gaveUp = guessed
	}
	switch {
	case last.late:
		// The answer came at last: only what came before it is a retry.
		if other && now.start < last.end && last.leaves() {
			return last.at, gaveUp
		}
		return 0, notYet
	case last.outcome == doubtful:
		// Only who leaves the connection for it took it for a failure.
		if other && last.leaves() {
			return max(last.end, closed), known
		}
		return 0, notYet
	case last.silent && other && closed != 0 && closed <= now.start+closing:
		return closed, known
	case last.silent && !other:
		if gaveUp == tooSoon {
			return 0, notYet
		}
		return last.at, guessed
	case last.silent, last.end > now.start+closing:
		if other {
			return last.at, gaveUp
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
	a.exchange = 0
}

// chain returns what is shown of it.
func (c *chain) chain(how ending) Chain {
	out := Chain{Proxy: c.proxy.name, What: c.label, Count: c.count, End: c.end(how)}
	for i := range c.attempts {
		a := &c.attempts[i]
		result := a.what
		if a.outcome == succeeded {
			result = "succeeded"
		}
		out.Attempts = append(out.Attempts, Attempt{
			ID: a.id(), Time: when(a.at), Took: milliseconds(a.end - a.at), Result: result, OK: a.outcome == succeeded,
		})
	}
	return out
}

// end says how a chain ended.
func (c *chain) end(how ending) string {
	switch {
	case how == recovered, how == abandoned && c.last.outcome == doubtful:
		return "succeeded"
	case how == repeated:
		return "repeated"
	case how == unknown:
		return "open"
	case c.count > 1:
		return "gave up"
	}
	return "not retried"
}
