// Package reason finds, in what package net and its users wrap around the
// reason of a failure, the reason.
package reason

import (
	"errors"
	"net"
	"net/url"
	"os"
)

// Of returns the reason of err: "connection refused" of "Get http://…: dial tcp
// 127.0.0.1:80: connect: connection refused".
func Of(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		err = call.Err
	}
	return err
}
