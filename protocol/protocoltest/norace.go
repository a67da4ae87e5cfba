//go:build !race

package protocoltest

const racing = false
