//go:build race

package postgres

// racing: the race detector is slow, and sync.Pool forgets at random under it.
const racing = true
