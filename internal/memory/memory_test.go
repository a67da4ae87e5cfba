package memory_test

import (
	"os"
	"testing"

	"github.com/vaurien-proxy/vaurien/internal/memory"
)

func TestLimit(t *testing.T) {
	if _, err := os.Stat("/proc/meminfo"); err != nil {
		t.Skip("only where the machine can tell")
	}
	if got := memory.Limit(); got < 64<<20 || got > 1<<50 {
		t.Errorf("%d bytes", got)
	}
}
