package control_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/control/controltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDaemonIsAController(t *testing.T) {
	controltest.Run(t, func(_ *testing.T, d *control.Daemon) control.Controller { return d })
}
