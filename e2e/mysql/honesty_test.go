package mysql

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// rows returns how many rows of the table o another connection sees.
func (s *server) rows() string { return s.value(s.admin, "SELECT COUNT(*) FROM app.o") }

func (s *server) inTransaction(c *sql.Conn) string { return s.value(c, "SELECT @@in_transaction") }

// warning returns the error that SHOW WARNINGS lists.
func (s *server) warning(c *sql.Conn) string {
	var level, number, text string
	c.QueryRowContext(context.Background(), "SHOW WARNINGS").Scan(&level, &number, &text)
	return level + " " + number + " " + text
}

// An injected failure leaves client and server agreeing on the transaction, by
// text and by prepared statements.
func TestTransactions(t *testing.T) {
	s := mariadb(t)
	s.table()
	const trap = "UPDATE t SET v=7 WHERE id=?"
	for _, options := range []string{"interpolateParams=true", ""} {
		fail := func(kind, match string) *sql.Conn {
			_, addr := s.vaurien("", "--behavior", "100:error", "--behavior-error-kind", kind, "--behavior-error-match", match)
			s.exec(s.admin, "CREATE OR REPLACE TABLE app.o (id INT PRIMARY KEY)")
			return s.conn(addr, options)
		}
		insert := func(c *sql.Conn, id int) { s.exec(c, "INSERT INTO o VALUES (?)", id) }
		last := func(c *sql.Conn) (err error) {
			_, err = c.ExecContext(context.Background(), trap, 1)
			return err
		}
		onTrap := `table == "t" && command != "COM_STMT_PREPARE"`

		c := fail("deadlock", onTrap)
		s.exec(c, "BEGIN")
		insert(c, 1)
		fails(t, last(c), 1213)
		if w := s.warning(c); w != "Error 1213 Deadlock found when trying to get lock; try restarting transaction" {
			t.Errorf("SHOW WARNINGS: %s", w)
		}
		if in := s.inTransaction(c); in != "0" {
			t.Errorf("after a deadlock in a transaction: %s", in)
		}
		insert(c, 2) // commits by itself
		if n := s.rows(); n != "1" {
			t.Errorf("after a deadlock %s rows", n)
		}

		c = fail("deadlock", onTrap)
		s.exec(c, "SET autocommit=0")
		insert(c, 1)
		fails(t, last(c), 1213)
		s.exec(c, "COMMIT")
		if n := s.rows(); n != "0" {
			t.Errorf("after a deadlock without autocommit %s rows", n)
		}

		c = fail("lock-wait-timeout", onTrap)
		s.exec(c, "BEGIN")
		insert(c, 1)
		fails(t, last(c), 1205)
		if w := s.warning(c); !strings.HasPrefix(w, "Error 1205 Lock wait timeout") {
			t.Errorf("SHOW WARNINGS: %s", w)
		}
		if in := s.inTransaction(c); in != "1" {
			t.Errorf("after a lock wait timeout in a transaction: %s", in)
		}
		insert(c, 2)
		if n := s.rows(); n != "0" {
			t.Errorf("before the commit %s rows", n)
		}
		s.exec(c, "COMMIT")
		if n := s.rows(); n != "2" {
			t.Errorf("after the commit %s rows", n)
		}

		for kind, number := range map[string]uint16{"read-only-at-commit": 1290, "deadlock-at-commit": 1213} {
			c = fail(kind, `verb == "COMMIT"`)
			s.exec(c, "BEGIN")
			insert(c, 1)
			_, err := c.ExecContext(context.Background(), "COMMIT")
			fails(t, err, number)
			if in := s.inTransaction(c); in != "0" {
				t.Errorf("after a COMMIT that failed in a transaction: %s", in)
			}
			if n := s.rows(); n != "0" {
				t.Errorf("after a COMMIT that failed %s rows", n)
			}
		}

		c = fail("server-gone", onTrap)
		s.exec(c, "BEGIN")
		insert(c, 1)
		id := s.value(c, "SELECT CONNECTION_ID()")
		if err := last(c); err == nil {
			t.Error("the server is not gone")
		}
		lab.Poll(t, func() error {
			if s.value(s.admin, "SELECT COUNT(*) FROM information_schema.processlist WHERE id=?", id) != "0" {
				return errors.New("the connection is still there")
			}
			return nil
		})
		if n := s.rows(); n != "0" {
			t.Errorf("after the server was gone %s rows", n)
		}
	}
	if v := s.value(s.admin, "SELECT SUM(v) FROM app.t"); v != "0" {
		t.Errorf("statements that failed took effect: %s", v)
	}
}

// A server does not roll an XA transaction back by ROLLBACK, and the client is
// not told that it has.
func TestXA(t *testing.T) {
	s := mariadb(t)
	s.table()
	_, addr := s.vaurien("", "--behavior", "100:error", "--behavior-error-kind", "deadlock")
	c := s.conn(addr, "")
	s.exec(c, "XA START 'x'")
	fails(t, <-goes(c, "UPDATE t SET v=1"), 1399)
	s.exec(c, "XA END 'x'")
	s.exec(c, "XA ROLLBACK 'x'")
}

// sysbench, whose library sends the types of parameters once, goes on through
// deadlocks.
func TestLoadWithDeadlocks(t *testing.T) {
	s := mariadb(t)
	_, addr := s.vaurien("", "--behavior", "3:error", "--behavior-error-kind", "deadlock", "--behavior-error-match", `table.startsWith("sbtest") && command != "COM_STMT_PREPARE"`)
	lab.Run(t, "sysbench", sysbenchArgs(s.addr, "prepare")...)
	for _, mode := range []string{"--db-ps-mode=auto", "--db-ps-mode=disable"} {
		out := lab.Run(t, "sysbench", sysbenchArgs(addr, mode, "--mysql-ignore-errors=1213", "run")...)
		if m := ignored.FindStringSubmatch(out); m == nil || m[1] == "0" || strings.Contains(out, "FATAL") {
			t.Errorf("%s:\n%s", mode, out)
		}
	}
}

// The COMMIT takes effect and its reply is lost.
func TestCommitUnknown(t *testing.T) {
	s := mariadb(t)
	s.exec(s.admin, "CREATE TABLE app.o (id INT PRIMARY KEY)")
	_, addr := s.vaurien("", "--behavior", "100:commit-unknown", "--behavior-commit-unknown-match", `verb == "COMMIT"`)
	c := s.conn(addr, "")
	s.exec(c, "BEGIN")
	s.exec(c, "INSERT INTO o VALUES (1)")
	if _, err := c.ExecContext(context.Background(), "COMMIT"); err == nil {
		t.Error("the COMMIT succeeded")
	}
	if n := s.rows(); n != "1" {
		t.Errorf("%s rows", n)
	}
}
