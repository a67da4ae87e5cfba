//go:build race

package memcache

// racing: under the race detector sync.Pool forgets at random, and with it the
// engine's buffers.
const racing = true
