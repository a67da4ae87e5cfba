//go:build race

package redis

// racing: the race detector is slow, and sync.Pool forgets at random under it.
const racing = true
