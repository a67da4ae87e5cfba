package audit

import (
	"time"

	"github.com/vaurien-proxy/vaurien/option"
)

// A Report says how a client dealt with failures. Times are in milliseconds
// unless their name says otherwise, and ID is session.exchange.
type Report struct {
	Ledger   string        `json:"ledger"`
	Started  time.Time     `json:"started"`
	Ended    time.Time     `json:"ended"`
	Window   float64       `json:"window_ms"` // within which a retry follows a failure
	Entries  uint64        `json:"entries"`
	Lost     uint64        `json:"lost"`            // entries that the ledger lacks
	Earlier  int           `json:"earlier_runs"`    // runs in the same ledger that are not looked at
	Late     int           `json:"out_of_order"`    // exchanges that lasted too long to be put in their order
	Proxies  []string      `json:"proxies"`         // with their protocols
	Verdict  []Finding     `json:"verdict"`         // the worst first
	Requests Tally         `json:"requests"`        // exchanges
	Connects Tally         `json:"connecting"`      // connections as attempts; of framed protocols, only refused ones fail
	ByKind   []Kind        `json:"by_kind"`         // the verbs of each proxy
	Backoff  []Backoff     `json:"backoff"`         // how long is waited before a retry
	Told     []Told        `json:"retry_after"`     // where the client was told how long to wait
	Load     Load          `json:"load"`            // what retries make of the load
	Doubles  Doubles       `json:"repeated_writes"` // what may have been done twice
	Recovery []Recovery    `json:"recovery"`        // how soon all was well again
	Conns    []Connections `json:"connections"`     // by proxy
	Timeouts []Timeout     `json:"timeouts"`        // the client's, where it shows them
	Chains   []Chain       `json:"chains"`          // operations that failed at first; the longest of many
}

// A Tally counts attempts and what they came to.
type Tally struct {
	Attempts   int `json:"attempts"`
	Operations int `json:"operations"` // attempts that are no retries
	Retries    int `json:"retries"`

	FirstOK    int `json:"first_ok"`     // operations whose first attempt succeeded
	Failed     int `json:"first_failed"` // or did not; these are of the five below
	Recovered  int `json:"ok_after_retry"`
	GaveUp     int `json:"gave_up"`     // after retries
	NotRetried int `json:"not_retried"` // without any
	Repeated   int `json:"repeated"`    // followed by the same at the pace at which it comes anyway
	Open       int `json:"open"`        // not known: the ledger ended, or many asked for the same at once
	Unclear    int `json:"unclear"`     // retries that might be another's, or none: several operations had failed alike, or the client was not seen to give up
	Alike      int `json:"alike"`       // operations whose retries differ in their bytes

	// By how many attempts operations took, and how they ended; the last counts
	// all that took more.
	ByAttempts []Took `json:"by_attempts,omitempty"`
}

// A Took is how many operations took so many attempts.
type Took struct {
	Attempts  int  `json:"attempts"`
	OrMore    bool `json:"or_more,omitempty"`
	Succeeded int  `json:"succeeded"`
	Failed    int  `json:"failed"`
}

// A Kind is a verb of a proxy.
type Kind struct {
	Proxy     string `json:"proxy"`
	Verb      string `json:"verb"`
	Attempts  int    `json:"attempts"`
	Retries   int    `json:"retries"`
	Failed    int    `json:"first_failed"`
	Recovered int    `json:"ok_after_retry"`
	GaveUp    int    `json:"gave_up"`
}

// A Chain is an operation whose first attempt failed.
type Chain struct {
	Proxy    string    `json:"proxy"`
	What     string    `json:"what"`
	End      string    `json:"end"` // succeeded, gave up, not retried, open
	Count    int       `json:"attempts"`
	Attempts []Attempt `json:"tried"` // the first of them
}

// An Attempt is one of a chain's.
type Attempt struct {
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	Took   float64   `json:"took_ms"`
	Result string    `json:"result"` // succeeded, or what was done to it
	OK     bool      `json:"ok"`
}

// Options say how a ledger is looked at. The zero value of a field means what
// its comment says.
type Options struct {
	// Window is how long after a failure a retry may come; 0: DefaultWindow.
	Window time.Duration
	// RepeatsAreRetries: what follows a failure at the pace of a loop is a retry
	// too.
	RepeatsAreRetries bool
}

// DefaultWindow is longer than the longest waits of common clients: 30 seconds
// of hashicorp/go-retryablehttp, 20 of the AWS SDKs.
const DefaultWindow = time.Minute

// window is what is shown of Window.
func (r *Report) window() string { return text(r.Window) }

func milliseconds(ns int64) float64 { return float64(ns/1000) / 1000 }

func text(d float64) string {
	return option.FormatDuration(roundTo3(time.Duration(d * float64(time.Millisecond))))
}

// roundTo3 leaves three digits that matter.
func roundTo3(d time.Duration) time.Duration {
	unit := time.Microsecond
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit)
}
