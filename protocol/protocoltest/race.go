//go:build race

package protocoltest

// Racing reports whether the race detector is at work: it is slow, and sync.Pool,
// which the engine's buffers are in, forgets at random under it.
const Racing = true
