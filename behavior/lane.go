package behavior

import (
	"io"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// A stage is something done to the bytes that pass: it writes on to the next.
type stage interface {
	io.Writer
	before(next io.Writer)
}

// onward is the part of a stage that knows what comes after it.
type onward struct{ w io.Writer }

func (o *onward) before(next io.Writer) { o.w = next }

// A lane is what the behaviors of the stream have put around a message's way
// out. Bytes pass its stages in the order in which the behaviors acted, which is
// that of the plan: a writer put around a writer would turn it round.
type lane struct {
	e     *vaurien.Event
	out   io.Writer
	first io.Writer // the first stage; out where there is none
	last  stage     // nil: there is none
	lags  []lag
	lag   [1]lag // memory for lags, which are rarely more
}

// A lag is how much later a latency lets what arrived at a time pass.
type lag struct {
	of   *latency
	ep   *epoch // nil: it has no jitter
	over bool   // the latency is no longer in force
}

// at returns how late what arrived then is.
func (g *lag) at(e *vaurien.Event, arrived time.Time) time.Duration {
	if g.ep == nil {
		return g.of.sleep
	}
	return g.ep.lag(g.of, arrived, e.Rand())
}

// laneOf returns the lane of e's message, made where there is none.
func laneOf(e *vaurien.Event) *lane {
	l, ok := e.Out.(*lane)
	if !ok {
		l = &lane{e: e, out: e.Out, first: e.Out}
		l.lags = l.lag[:0]
		e.Out = l
	}
	return l
}

// through lets what is passed on pass s after what earlier behaviors put there.
func through(e *vaurien.Event, s stage) {
	l := laneOf(e)
	s.before(l.out)
	if l.last == nil {
		l.first = s
	} else {
		l.last.before(s)
	}
	l.last = s
}

// Write passes p through the stages, once it is due: the message as such was
// waited for before it came here, but what its body brings later is late too.
func (l *lane) Write(p []byte) (int, error) {
	if arrived := l.e.Arrived(); len(l.lags) > 0 && arrived.After(l.e.Message.Arrived) {
		if err := l.wait(arrived); err != nil {
			return 0, err
		}
	}
	return l.first.Write(p)
}

// wait waits until what arrived then is due by all that let it be late and are
// still in force.
func (l *lane) wait(arrived time.Time) error {
	for {
		due := arrived
		for i := range l.lags {
			g := &l.lags[i]
			if g.over = g.over || !l.e.Stays(g.of); !g.over {
				due = due.Add(g.at(l.e, arrived))
			}
		}
		if err := l.e.SleepUntil(due); err != nil || !time.Now().Before(due) {
			return err
		}
	}
}
