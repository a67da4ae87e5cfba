package audit

import (
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/protocol/http"
)

// An outcome is what an attempt came to, as far as a ledger tells.
type outcome uint8

const (
	succeeded outcome = iota
	failed
	doubtful // answered, but late or with other bytes: the client may have taken it for a failure
)

// late is how long an answer takes at least that a client may have given up
// waiting for, and after which the same may be asked again without a failure
// seen: less than the timeouts of most clients.
const late = 100 * time.Millisecond

// An attempt is an exchange, or a connection, in few bytes.
type attempt struct {
	at, end    int64 // when it arrived and was over, in nanoseconds; silence is over when it begins
	start      int64 // when what it belongs to began: its transaction, or itself
	op         uint64
	digest     uint64
	session    *session
	exchange   uint64
	label      string // what it is about; only of what did not succeed
	what       string // what was done to it; only of what did not succeed
	retryAfter time.Duration
	number     uint32 // which kind of operation it is, in reader.kinds
	outcome    outcome
	effect     effect
	forwarded  bool
	replied    bool // the backend answered
	refused    bool // answered with an error made by the proxy
	breaks     bool // its connection was ended by what was done to it
	silent     bool // the client was told nothing: it learns by waiting
	late       bool // it is doubtful since it was late
	connection bool
}

// describe fills in what an entry says of an exchange's fate.
func (a *attempt) describe(e *ledger.Entry) {
	a.at = e.Time.UnixNano()
	a.start = a.at
	a.end = a.at + int64(max(e.Ended, 0))
	a.forwarded, a.replied = e.Forwarded != ledger.Never, e.Replied != ledger.Never
	a.outcome = outcomeOf(e)
	a.refused, a.breaks = e.Fate == ledger.Failed, e.Fate == ledger.Closed || e.Fate == ledger.Reset
	if a.outcome == succeeded {
		return
	}
	a.label, a.what = labelOf(e), whatOf(e)
	if a.silent = e.Fate == ledger.Dropped || e.Fate == ledger.Held; a.silent && e.Exchange > 0 {
		a.end = a.at
	}
	a.late = a.outcome == doubtful && e.Fate == ledger.Delayed
}

func outcomeOf(e *ledger.Entry) outcome {
	switch e.Fate {
	case ledger.Failed, ledger.Held, ledger.Dropped, ledger.Unfinished:
		return failed
	case ledger.Closed, ledger.Reset:
		if e.Answered && afterwards(e.Deeds) {
			return succeeded
		}
		return failed
	}
	switch {
	case e.Exchange > 0 && !e.Answered && e.Fate == ledger.Delayed:
		return failed
	case e.Fate == ledger.Altered, e.Exchange > 0 && e.Fate == ledger.Delayed && e.Ended >= late:
		return doubtful
	}
	return succeeded
}

// afterwards reports whether the connection was ended when all had been said.
func afterwards(deeds []ledger.Deed) bool {
	for _, d := range deeds {
		if (d.What == "close" || d.What == "reset") && d.Point&(vaurien.Close|vaurien.Live) == 0 {
			return false
		}
	}
	return true
}

// labelOf names what an exchange is about: GET path=/cart.
func labelOf(e *ledger.Entry) string {
	if e.Exchange == 0 {
		return connectionLabel
	}
	var b strings.Builder
	b.WriteString(e.Verb)
	for _, a := range e.Attributes {
		text, ok := a.Value.(string)
		if !ok || a.Name == "host" || strings.EqualFold(text, e.Verb) {
			continue
		}
		b.WriteByte(' ')
		if a.Name != "path" {
			b.WriteString(a.Name)
			b.WriteByte('=')
		}
		b.WriteString(shorten(text))
	}
	return b.String()
}

const connectionLabel = "connecting"

// longestLabel is how many bytes of a key or a path are shown.
const longestLabel = 60

func shorten(text string) string {
	if len(text) <= longestLabel {
		return text
	}
	return strings.ToValidUTF8(text[:longestLabel], "") + "…"
}

// whatOf says what was done to an exchange: too-many-requests, reset, held.
func whatOf(e *ledger.Entry) string {
	for _, d := range e.Deeds {
		if d.What == "fail" && d.Detail != "" {
			return d.Detail
		}
	}
	return string(e.Fate)
}

// retryAfterOf returns how long the client was told to wait.
func retryAfterOf(protocol string, e *ledger.Entry) time.Duration {
	if protocol != "http" {
		return 0
	}
	for _, d := range e.Deeds {
		if d.What == "fail" {
			return http.RetryAfter(d.Detail)
		}
	}
	return 0
}
