package reason_test

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/vaurien-proxy/vaurien/internal/reason"
)

func TestOf(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	other := errors.New("other")
	for _, test := range []struct{ err, want error }{
		{refused, syscall.ECONNREFUSED},
		{&url.Error{Op: "Get", Err: refused}, syscall.ECONNREFUSED},
		{fmt.Errorf("wrapped: %w", refused), syscall.ECONNREFUSED},
		{&url.Error{Op: "Get", Err: other}, other},
		{other, other},
		{nil, nil},
	} {
		if got := reason.Of(test.err); got != test.want {
			t.Errorf("Of(%v) = %v, want %v", test.err, got, test.want)
		}
	}
}
