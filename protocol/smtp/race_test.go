//go:build race

package smtp

// racing: sync.Pool, which the engine's buffers are in, forgets at random under
// the race detector.
const racing = true
