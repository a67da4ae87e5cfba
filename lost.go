package vaurien

import "time"

// pulse is how often a direction in which nobody reads, since the sender is held
// back, looks whether the sender is still there.
const pulse = time.Second

// untilLost is until for a direction in which nobody reads. A client that resets
// its connection meanwhile ends the session; of the backend, what it said before
// passes first.
func (e *Event) untilLost(due time.Time) error {
	d := e.d
	for d != nil && d.point == Request {
		if now := time.Now(); now.Sub(d.looked) >= pulse {
			if d.looked = now; d.in.src.lost() {
				e.Session.end(reset)
				return e.met(errEnded)
			}
		}
		if time.Until(due) <= pulse {
			break
		}
		if err := e.until(time.Now().Add(pulse)); err != nil || e.Changed() {
			return err
		}
	}
	return e.until(due)
}

// lost reports whether the connection has met an error that nobody has seen.
func (s *source) lost() bool {
	if s.raw == nil {
		return false // cannot tell
	}
	var found error
	err := s.raw.Control(func(fd uintptr) { found = socketError(fd) })
	return err == nil && found != nil
}
