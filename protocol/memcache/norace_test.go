//go:build !race

package memcache

const racing = false
