//go:build !linux

package vaurien

import "errors"

var errNotSpliced = errors.New("vaurien: not spliced")

func (d *direction) splice(int64) (int64, error) { return 0, errNotSpliced }

// pipes are for splice(2), which this platform does not have.
type pipes struct{}

func (*pipes) close() {}
