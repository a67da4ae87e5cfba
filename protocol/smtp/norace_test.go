//go:build !race

package smtp

const racing = false
