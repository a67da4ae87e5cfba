//go:build race

package protocoltest

// racing: under the race detector sync.Pool, which the engine's buffers are in,
// forgets at random.
const racing = true
