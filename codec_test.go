package vaurien_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

func TestIsOpaque(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{io.EOF, false},
		{vaurien.Opaque("x"), true},
		{fmt.Errorf("y: %w", vaurien.Opaque("x")), true},
	} {
		if got := vaurien.IsOpaque(tt.err); got != tt.want {
			t.Errorf("%v: %v", tt.err, got)
		}
	}
}
