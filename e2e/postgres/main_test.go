// Package postgres tests the protocol postgres with the real server, its own
// tools and pgx.
package postgres

import (
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }
