package vaurien

// An Observer is told what sessions do. Its methods are called from the
// sessions' goroutines and must not wait.
type Observer interface {
	SessionStart(s *Session)
	SessionEnd(s *Session)
	// Message tells that data was carried: a message, or a piece of a stream
	// that is not framed.
	Message(s *Session, toBackend bool)
	// Fault tells, once for an exchange, which behavior has done something to
	// it.
	Fault(s *Session, behavior string)
}

// Stats count what a proxy has done since it was made.
type Stats struct {
	Open      int64  // sessions open now
	Sessions  uint64 // sessions so far
	Exchanges uint64 // exchanges so far; a tcp connection drawn once is one
	ToBackend uint64 // bytes sent to the backends
	ToClient  uint64 // bytes sent to the clients

	FromBackend uint64 // bytes received, some of which may be on their way still, or lost
	FromClient  uint64

	Unreached uint64 // connections to the backends that could not be made

	Faults map[string]uint64 // exchanges by the behavior that did something to them
}
