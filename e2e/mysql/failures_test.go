package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// A failing is how a client meets a failure.
type failing struct {
	kind  string
	match string // which requests fail
	do    func(*sql.Conn) error
	login bool // the client does not get as far as a statement
}

func statement(text string, args ...any) func(*sql.Conn) error {
	return func(c *sql.Conn) error {
		_, err := c.ExecContext(context.Background(), text, args...)
		return err
	}
}

func transaction(last string) func(*sql.Conn) error {
	return func(c *sql.Conn) error {
		for _, q := range []string{"BEGIN", "INSERT INTO t VALUES (100,0)"} {
			if _, err := c.ExecContext(context.Background(), q); err != nil {
				return err
			}
		}
		return statement(last)(c)
	}
}

const onT = `table == "t" && command != "COM_STMT_PREPARE"`

var failings = []failing{
	{kind: "too-many-connections", match: `verb == "connect"`, login: true},
	{kind: "too-many-connections", match: `verb == "login"`, login: true},
	{kind: "host-blocked", login: true},
	{kind: "access-denied", login: true},
	{kind: "unknown-database", login: true},
	{kind: "too-many-user-connections", login: true},
	{kind: "lock-wait-timeout", match: onT, do: statement("UPDATE t SET v=1 WHERE id=1")},
	{kind: "deadlock", match: onT, do: statement("UPDATE t SET v=? WHERE id=?", 1, 1)},
	{kind: "deadlock-at-commit", do: transaction("COMMIT")},
	{kind: "read-only", match: onT, do: statement("INSERT INTO t VALUES (?,?)", 3, 0)},
	{kind: "read-only-at-commit", do: transaction("COMMIT")},
	{kind: "read-only-transaction", match: onT, do: statement("DELETE FROM t")},
	{kind: "read-only-mode", match: onT, do: statement("DROP TABLE t")},
	{kind: "query-timeout", match: onT, do: statement("SELECT * FROM t")},
	{kind: "query-interrupted", match: onT, do: statement("SELECT * FROM t")},
	{kind: "connection-killed", match: onT, do: statement("SELECT * FROM t")},
	{kind: "server-shutdown", match: onT, do: statement("SELECT * FROM t")},
	{kind: "server-gone", match: onT, do: statement("SELECT * FROM t")},
	{kind: "disk-full", match: onT, do: statement("INSERT INTO t VALUES (3,0)")},
	{kind: "table-full", match: `table == "app.t"`, do: statement("INSERT INTO app.t VALUES (3,0)")},
	{kind: "out-of-memory", match: onT, do: statement("SELECT * FROM t")},
	{kind: "max-prepared-stmts", do: statement("SELECT ?", 1)},
	{kind: "duplicate-key", match: onT, do: statement("INSERT INTO t VALUES (3,0)")},
	{kind: "galera-not-ready", match: onT, do: statement("SELECT * FROM t")},
}

// seen says what the driver made of an error.
func seen(err error) string {
	var e *mysql.MySQLError
	switch {
	case errors.As(err, &e):
		return fmt.Sprintf("*mysql.MySQLError{Number: %d, SQLState: %q, Message: %q}", e.Number, strings.Trim(string(e.SQLState[:]), "\x00"), e.Message)
	case errors.Is(err, mysql.ErrInvalidConn):
		return "mysql.ErrInvalidConn"
	case errors.Is(err, driver.ErrBadConn):
		return "driver.ErrBadConn"
	}
	return fmt.Sprintf("%T: %v", err, err)
}

// Each failure is to a client library, and to the command-line client, what
// the real server's is.
func TestFailures(t *testing.T) {
	s := mariadb(t)
	s.table()
	const driverName = "go-sql-driver/mysql v1.10.1"
	var rows []lab.Parsed
	for _, f := range failings {
		plan := "--behavior 100:error --behavior-error-kind " + f.kind
		args := strings.Fields(plan)
		if f.match != "" {
			args = append(args, "--behavior-error-match", f.match)
		}
		p, addr := s.vaurien("", args...)
		if f.login {
			err := s.open(dsn(addr, "")).Ping()
			rows = append(rows, lab.Parsed{Kind: f.kind, Client: driverName, Saw: seen(err) + ", no connection"})
		} else {
			c := s.conn(addr, "")
			id := s.value(c, "SELECT CONNECTION_ID()")
			what := seen(f.do(c)) + ", connection closed"
			var now string
			switch err := c.QueryRowContext(context.Background(), "SELECT CONCAT(CONNECTION_ID(),' ',@@in_transaction)").Scan(&now); {
			case err == nil && now == id+" 0":
				what = strings.Replace(what, "closed", "usable", 1)
			case err == nil:
				t.Errorf("%s: the connection is now %s, not %s", f.kind, now, id)
			}
			rows = append(rows, lab.Parsed{Kind: f.kind, Client: driverName, Saw: what})
		}
		understood(t, p)
	}
	if n := s.value(s.admin, "SELECT CONCAT(COUNT(*),' ',SUM(v)) FROM app.t"); n != "2 0" {
		t.Errorf("the table is now %s", n)
	}
	for _, f := range []struct{ kind, match, text string }{
		{"too-many-connections", `verb == "connect"`, "SELECT 1"},
		{"access-denied", "", "SELECT 1"},
		{"deadlock", onT, "UPDATE t SET v=1; "},
		{"server-gone", onT, "SELECT * FROM t"},
	} {
		args := []string{"--behavior", "100:error", "--behavior-error-kind", f.kind}
		if f.match != "" {
			args = append(args, "--behavior-error-match", f.match)
		}
		_, addr := s.vaurien("", args...)
		out, err := exec.Command("mariadb", client(addr, "app", "-e", f.text)...).CombinedOutput()
		if err == nil {
			t.Errorf("%s: the client saw no error", f.kind)
		}
		line := regexp.MustCompile(`(?m)^ERROR.*`).FindString(string(out))
		rows = append(rows, lab.Parsed{Kind: f.kind, Client: "mariadb 10.11 (command line)", Saw: strings.Replace(line, strings.TrimPrefix(addr, "127.0.0.1:"), "PORT", 1)})
	}
	lab.KeepParsed(t, "../../protocol/mysql/testdata/clients.tsv", rows)
}

// What comes without a name to it is one of those that fit, and the session
// goes on where it can.
func TestAnyFailure(t *testing.T) {
	s := mariadb(t)
	s.table()
	p, addr := s.vaurien("--behavior 50:error")
	db := s.open(dsn(addr, ""))
	numbers := make(map[uint16]int)
	good := 0
	for i := range 300 {
		_, err := db.Exec("INSERT INTO t VALUES (?,0)", 1000+i)
		var e *mysql.MySQLError
		switch {
		case errors.As(err, &e):
			numbers[e.Number]++
		case err == nil:
			good++
		}
	}
	if good == 0 || len(numbers) < 8 {
		t.Errorf("%d good, failed: %v", good, numbers)
	}
	understood(t, p)
}
