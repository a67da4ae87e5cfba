//go:build !linux

package vaurien

// A FineClock is the runtime's timers where the platform has nothing finer.
type FineClock struct{ runtimeClock }

// NewClock returns a clock for a process.
func NewClock() (*FineClock, error) { return &FineClock{}, nil }

// Close does nothing.
func (*FineClock) Close() error { return nil }
