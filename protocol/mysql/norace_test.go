//go:build !race

package mysql

const racing = false
