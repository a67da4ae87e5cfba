//go:build !unix

package vaurien

import "errors"

// canReadRaw is false where sockets do not say that a read would wait; a
// waiting read then holds a buffer.
const canReadRaw = false

func readRaw(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }

func socketError(uintptr) error { return nil }
