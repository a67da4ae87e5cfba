//go:build !race

package postgres

const racing = false
