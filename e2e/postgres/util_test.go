package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

var errNotYet = errors.New("not yet")

func itoa[N uint32 | int | int64](n N) string { return fmt.Sprint(n) }

// vaurien starts the proxy before a server; all that passes must be understood.
func vaurien(t *testing.T, s *server, behavior string, args ...string) string {
	t.Helper()
	p, addr := anyVaurien(t, s, behavior, args...)
	t.Cleanup(func() {
		if strings.Contains(p.Out.String(), "goes on as tcp") {
			t.Errorf("not everything was understood:\n%s", p.Out)
		}
	})
	return addr
}

// anyVaurien is vaurien for what need not be understood.
func anyVaurien(t *testing.T, s *server, behavior string, args ...string) (*lab.Process, string) {
	t.Helper()
	args = append([]string{"--proxy", "127.0.0.1:0", "--backend", s.addr(), "--protocol", "postgres"}, args...)
	return lab.Vaurien(t, append(args, strings.Fields(behavior)...)...)
}

// passing are the behaviors under which everything must be as without them.
var passing = []string{
	"--behavior 100:dummy",
	"--behavior 30:delay --behavior-delay-sleep 3ms",
}

// dialed opens a session of pgx.
func dialed(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(patience(t), url)
	lab.Must(t, err)
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func text(v any) string { return fmt.Sprint(v) }
