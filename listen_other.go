//go:build !linux

package vaurien

// Elsewhere accepted connections have the system's keep-alive, and the
// listener the system's backlog.
func setOptions(uintptr) error           { return nil }
func setBacklog(fd uintptr, n int) error { return nil }
