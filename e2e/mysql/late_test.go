package mysql

import (
	"context"
	"fmt"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// A SELECT that takes too long fails to a driver where the real one does: when
// its rows are read.
func TestFailsWhereTheRealOneDoes(t *testing.T) {
	s := mariadb(t)
	s.table()
	p, addr := s.vaurien("", "--behavior", "100:error", "--behavior-error-kind", "query-timeout", "--behavior-error-match", `table.startsWith("seq")`)
	for _, args := range [][]any{nil, {8}} {
		where := func(addr, query string) string {
			c := s.conn(addr, "")
			defer c.Close()
			s.exec(c, "SET max_statement_time=0.05")
			rows, err := c.QueryContext(context.Background(), query, args...)
			if err != nil {
				return "at once: " + seen(err)
			}
			defer rows.Close()
			columns, err := rows.Columns()
			lab.Must(t, err)
			next := rows.Next()
			saw := fmt.Sprint(columns, next, " ", seen(rows.Err()))
			rows.Close()
			return saw + " " + s.value(c, "SELECT @@in_transaction") + s.warning(c)
		}
		text := "SELECT COUNT(*) AS n FROM %s WHERE seq%%7=8"
		if args != nil {
			text = "SELECT COUNT(*) AS n FROM %s WHERE seq%%7=?"
		}
		real := where(s.addr, fmt.Sprintf(text, "seq_1_to_9000000000000"))
		ours := where(addr, fmt.Sprintf(text, "seq_1_to_10"))
		if real != ours {
			t.Errorf("%v: %s\nthe server: %s", args, ours, real)
		}
	}
	understood(t, p)
}

// A SELECT that calls a function which writes fails without having written.
func TestFailsBeforeItWrites(t *testing.T) {
	s := mariadb(t)
	s.exec(s.admin, "CREATE TABLE app.o (id INT PRIMARY KEY)")
	s.exec(s.admin, "SET GLOBAL log_bin_trust_function_creators=1")
	s.exec(s.admin, "CREATE FUNCTION app.f(n INT) RETURNS INT BEGIN INSERT INTO app.o VALUES (n); RETURN n; END")
	_, addr := s.vaurien("", "--behavior", "100:error", "--behavior-error-kind", "query-interrupted", "--behavior-error-match", `command != "COM_STMT_PREPARE"`)
	for _, options := range []string{"", "interpolateParams=true"} {
		var n int
		c := s.conn(addr, options)
		fails(t, c.QueryRowContext(context.Background(), "SELECT f(?)", 1).Scan(&n), 1317)
		c.Close()
	}
	if n := s.rows(); n != "0" {
		t.Errorf("%s rows", n)
	}
}
