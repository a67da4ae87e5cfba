package audit

// mostTook is up to how many attempts operations are told apart by.
const mostTook = 10

// counts are a Tally that is being made.
type counts struct {
	Tally
	took [mostTook + 1][2]int // by attempts; failed, succeeded
}

func (c *counts) first(a *attempt) {
	c.Attempts++
	c.Operations++
	if a.fails() {
		c.Failed++
		return
	}
	c.FirstOK++
	c.took[1][1]++
}

func (c *counts) retried(ch *chain) {
	c.Attempts++
	c.Retries++
	if ch.unclear {
		c.Unclear++
	}
}

func (c *counts) over(ch *chain, how ending) {
	ok := 0
	switch {
	case how == recovered && ch.count > 1, how == abandoned && ch.last.outcome == doubtful && ch.count > 1:
		c.Recovered++
		ok = 1
	case how == abandoned && ch.last.outcome == doubtful:
		// Late or strange, but good enough.
		c.Failed--
		c.FirstOK++
		ok = 1
	case how == repeated:
		c.Repeated++
	case how == unknown:
		c.Open++
		return
	case ch.count > 1:
		c.GaveUp++
	default:
		c.NotRetried++
	}
	if ch.alike {
		c.Alike++
	}
	c.took[min(ch.count, mostTook)][ok]++
}

func (c *counts) tally() Tally {
	t := c.Tally
	for n, took := range c.took {
		if took[0]+took[1] > 0 {
			t.ByAttempts = append(t.ByAttempts, Took{Attempts: n, OrMore: n == mostTook, Succeeded: took[1], Failed: took[0]})
		}
	}
	return t
}
