package vaurien

import "time"

// BackendLatency returns how long after the request was passed on the first of
// the backend's reply arrived; false if either did not happen, and of
// connections.
func (r *Record) BackendLatency() (time.Duration, bool) {
	if r.Exchange == 0 || r.Forwarded.IsZero() || r.Replied.IsZero() {
		return 0, false
	}
	return max(r.Replied.Sub(r.Forwarded), 0), true
}

// ClientLatency returns how long after the request arrived the last of its
// answer had gone out; false if that did not happen, and of connections.
func (r *Record) ClientLatency() (time.Duration, bool) {
	if r.Exchange == 0 || !r.Answered || r.Ended.IsZero() {
		return 0, false
	}
	return max(r.Ended.Sub(r.Arrived), 0), true
}

// AddedDelay returns for how long behaviors held the exchange up, as far as
// what they did is over.
func (r *Record) AddedDelay() time.Duration {
	var sum time.Duration
	for i := range r.Deeds {
		switch d := &r.Deeds[i]; d.What {
		case "delay", "hold", "pace":
			sum += d.For
		}
	}
	return sum
}
