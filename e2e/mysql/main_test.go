// Package mysql tests Vaurien between MariaDB and its real clients.
package mysql

import (
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func TestMain(m *testing.M) { lab.Main(m, "../..") }
