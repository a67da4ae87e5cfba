//go:build !race

package protocoltest

// Racing reports whether the race detector is at work.
const Racing = false
