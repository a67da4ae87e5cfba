//go:build !race

package redis

const racing = false
