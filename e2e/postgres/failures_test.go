package postgres

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	root "github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/e2e/lab"
	protocol "github.com/vaurien-proxy/vaurien/protocol/postgres"
)

const (
	pgxVersion  = "pgx 5.12.0"
	psqlVersion = "psql 15.20"
)

// failing starts the proxy so that one kind of failure happens, and returns
// its address.
func failing(t *testing.T, s *server, kind string, args ...string) string {
	t.Helper()
	return vaurien(t, s, "--behavior 100:error --behavior-error-kind "+kind, args...)
}

// marked makes only those requests fail that have this mark in their SQL.
var marked = []string{"--behavior-error-match", `sql.contains("marked")`}

const (
	writing = "/* marked */ update accounts set balance = balance + 1 where id = 1"
	commit  = "commit /* marked */"
)

// Each failure is the typed error to a real client that the real server's is,
// and leaves the session as that does.
func TestFailures(t *testing.T) {
	s := newServer(t)
	s.rewrite(t, "pg_hba.conf", "host all app 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 trust")
	s.exec(t, "select pg_reload_conf()")
	var seen []lab.Parsed
	for _, k := range new(protocol.Protocol).Failures() {
		note := func(client, saw string) { seen = append(seen, lab.Parsed{Kind: k.Name, Client: client, Saw: saw}) }
		switch k.Phase {
		case root.Connecting, root.Authenticating:
			addr := failing(t, s, k.Name)
			note(pgxVersion, opened(t, addr, k.Name))
			note(psqlVersion, psqlSays(addr, "", k.Name))
		default:
			addr := failing(t, s, k.Name, marked...)
			if k.Name != "idle-session-timeout" {
				note(pgxVersion, inTransaction(t, addr, k, pgx.QueryExecModeCacheStatement, nothing))
				note(pgxVersion+", simple protocol", inTransaction(t, addr, k, pgx.QueryExecModeSimpleProtocol, nothing))
			} else {
				note(pgxVersion, outside(t, addr))
			}
			if k.Phase == root.Asking && k.Name != "idle-in-transaction-timeout" {
				note(psqlVersion, psqlSays(addr, writing, k.Name))
			}
		}
	}
	lab.KeepParsed(t, "../../protocol/postgres/testdata/clients.tsv", seen)
}

// opened says what pgx makes of a session that it is to open.
func opened(t *testing.T, addr, kind string) string {
	user, mode := "postgres", "disable"
	switch kind {
	case "invalid-password":
		user = "app:secret"
	case "ssl-refused":
		mode = "require"
	}
	c, err := pgconn.Connect(patience(t), "postgres://"+user+"@"+addr+"/postgres?sslmode="+mode)
	if err == nil {
		c.Close(patience(t))
	}
	return typed(err)
}

// typed is an error as pgx parsed it.
func typed(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fmt.Sprintf("*pgconn.PgError %s %s %q", pg.Severity, pg.Code, files.ReplaceAllString(pg.Message, "base/1"))
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "io.ErrUnexpectedEOF"
	}
	if err == nil {
		return "no error"
	}
	return ports.ReplaceAllString(err.Error(), "${1}1")
}

var files = regexp.MustCompile(`base/[0-9/]+`)

var ports = regexp.MustCompile(`((?:port |127\.0\.0\.1:))\d+`)

// inTransaction says what pgx makes of a statement, or a COMMIT, that fails in
// a transaction, and what becomes of that.
//
// meanwhile is called before that.
func inTransaction(t *testing.T, addr string, k root.FailureKind, mode pgx.QueryExecMode, meanwhile func(*pgx.Conn)) string {
	t.Helper()
	c, err := pgx.Connect(patience(t), url(addr))
	lab.Must(t, err)
	defer c.Close(patience(t))
	do := func(sql string) error {
		_, err := c.Exec(patience(t), sql, mode)
		return err
	}
	lab.Must(t, do("begin"))
	lab.Must(t, do("update accounts set balance = -1 where id = 2"))
	statement := writing
	if k.Phase == root.Committing {
		statement = commit
	}
	meanwhile(c)
	saw := typed(do(statement))
	if c.IsClosed() {
		return saw + "; the connection is closed"
	}
	switch status := c.PgConn().TxStatus(); status {
	case 'I':
		return saw + "; the transaction is over, the connection usable: " + typed(do("select 1"))
	case 'E':
		saw += "; the transaction is failed: " + typed(do("select 1"))
		lab.Must(t, do("rollback"))
		return saw + "; after rollback: " + typed(do("select 1"))
	default:
		return fmt.Sprintf("%s; the transaction is %c", saw, status)
	}
}

func nothing(*pgx.Conn) {}

// Where the server ends the session by itself, pgx sees the same of the real
// failure and of ours.
func TestEndsAreAsTheServers(t *testing.T) {
	s := newServer(t)
	other := connect(t, url(s.addr()))
	ends := map[string]func(*pgx.Conn){
		"admin-shutdown": func(c *pgx.Conn) {
			query(t, other, "select pg_terminate_backend("+itoa(c.PgConn().PID())+", 10000)")
		},
		"idle-in-transaction-timeout": func(c *pgx.Conn) {
			_, err := c.Exec(patience(t), "set local idle_in_transaction_session_timeout = '10ms'", pgx.QueryExecModeSimpleProtocol)
			lab.Must(t, err)
			lab.Poll(t, func() error {
				if s.state(t, c.PgConn().PID()) == "gone" {
					return nil
				}
				return errNotYet
			})
		},
		"crash-shutdown": func(*pgx.Conn) {
			signal(t, connect(t, url(s.addr())).PID(), syscall.SIGKILL)
			s.Wait(`all server processes terminated; reinitializing`)
		},
	}
	for _, name := range []string{"admin-shutdown", "idle-in-transaction-timeout", "crash-shutdown"} {
		k := root.FailureKind{Name: name}
		for _, mode := range modes {
			if name == "crash-shutdown" {
				s = newServer(t) // it starts again for a while after each crash
			}
			ours := inTransaction(t, failing(t, s, name, marked...), k, mode, nothing)
			real := inTransaction(t, s.addr(), k, mode, ends[name])
			if ours != real {
				t.Errorf("%s, %v:\nours: %s\nreal: %s", name, mode, ours, real)
			}
		}
	}
}

// outside says what pgx makes of a statement that fails outside of one.
func outside(t *testing.T, addr string) string {
	t.Helper()
	c, err := pgx.Connect(patience(t), url(addr))
	lab.Must(t, err)
	defer c.Close(patience(t))
	_, err = c.Exec(patience(t), writing)
	saw := typed(err)
	if c.IsClosed() {
		return saw + "; the connection is closed"
	}
	_, err = c.Exec(patience(t), "select 1")
	return saw + "; the connection is usable: " + typed(err)
}

// psqlSays is what psql says of the failure, with codes in place of words.
func psqlSays(addr, sql, kind string) string {
	c := tool(addr, "psql", "-X", "-q", "-A", "-t", "-v", "VERBOSITY=sqlstate")
	switch kind {
	case "invalid-password":
		c.Env = append(c.Env, "PGUSER=app", "PGPASSWORD=secret")
	case "ssl-refused":
		c.Env = append(c.Env, "PGSSLMODE=require")
	}
	c.Stdin = strings.NewReader(sql + ";\nselect 'and goes on';\n")
	out, err := c.CombinedOutput()
	text := ports.ReplaceAllString(strings.Join(strings.Fields(string(out)), " "), "${1}1")
	if err != nil {
		text += " (" + err.Error() + ")"
	}
	return text
}

// The dice choose among the failures that fit, for each kind of request one
// that it could have met; and no client loses its place by it.
func TestDice(t *testing.T) {
	s := newServer(t)
	addr := vaurien(t, s, "--behavior 20:error --seed 7")
	pool, err := pgxpool.New(patience(t), url(addr, "pool_max_conns=4"))
	lab.Must(t, err)
	defer pool.Close()
	codes := make(map[string]int)
	for i := range 200 {
		err := pgx.BeginFunc(patience(t), pool, func(tx pgx.Tx) error {
			var got int
			if err := tx.QueryRow(patience(t), "select $1::int", i).Scan(&got); err != nil {
				return err
			}
			if got != i {
				t.Errorf("asked for %d, got %d", i, got)
			}
			_, err := tx.Exec(patience(t), "update accounts set balance = balance + 1 where id = 1")
			return err
		})
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
			codes[pg.Code]++
		} else if err == nil {
			codes["none"]++
		} else {
			codes["other"]++
		}
	}
	if len(codes) < 8 || codes["none"] == 0 || codes["25P02"] > 0 {
		t.Errorf("drawn: %v", codes)
	}
	// Each transaction that was told to be done is, and no other.
	if got := s.exec(t, "select balance - 100 from accounts where id = 1"); got != itoa(codes["none"]) {
		t.Errorf("%s transactions happened, %d were told to", got, codes["none"])
	}
}
