package audit

// The severities of findings.
const (
	Bad  = "bad"  // fix it
	Warn = "warn" // look at it
	Note = "note" // know it
	Good = "good"
)

// A Finding is a conclusion in plain words.
type Finding struct {
	ID       string   `json:"id"`
	Severity string   `json:"severity"`
	Text     string   `json:"text"`
	Advice   string   `json:"advice,omitempty"`
	Evidence []string `json:"evidence,omitempty"` // exchanges, as session.exchange
}

// The findings that a report may have.
const (
	RepeatedWrites = "repeated-writes"
	Storm          = "storm"
	NoBackoff      = "no-backoff"
	RetryAfter     = "retry-after"
	AtOnce         = "at-once"
	NoJitter       = "no-jitter"
	GaveUp         = "gave-up"
	NotRetried     = "not-retried"
	NoTimeout      = "no-timeout"
	Repeats        = "repeats"
	Incomplete     = "incomplete"
	NoFailures     = "no-failures"
	Recovered      = "recovered"
	Policy         = "policy"
)

// Findings lists those that may be wrong with a client, with what each is.
func Findings() [][2]string {
	return [][2]string{
		{RepeatedWrites, "a write that may have taken effect was sent again"},
		{Storm, "retries multiplied the load by 2 or more"},
		{NoBackoff, "retries come at once"},
		{RetryAfter, "retries come before the time that Retry-After tells"},
		{AtOnce, "many clients retry in the same 10 ms"},
		{NoJitter, "several clients wait the same time before they retry"},
		{GaveUp, "operations failed after all their retries"},
		{NotRetried, "operations failed and were not tried again"},
		{NoTimeout, "a client waited for 30 s or more for an answer that did not come"},
		{Incomplete, "the ledger lacks entries"},
	}
}
