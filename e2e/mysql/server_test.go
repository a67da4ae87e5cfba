package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

func init() { mysql.SetLogger(log.New(io.Discard, "", 0)) }

// A server is a MariaDB of the test's own, with the users app (password secret)
// and root (none), and the databases app and spare.
type server struct {
	*lab.Process
	t      testing.TB
	addr   string
	socket string
	admin  *sql.DB // root, by the socket
}

// dataDir is the directory of a fresh installation, to be copied. It is beside
// the programs that the lab has built, and goes when they go.
var dataDir = sync.OnceValues(func() (string, error) {
	program, err := exec.LookPath("vaurien")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(filepath.Dir(program), "mariadb")
	out, err := exec.Command("mariadb-install-db", "--no-defaults", "--datadir="+dir, "--user=root",
		"--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=8M").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	return dir, nil
})

func mariadb(t testing.TB, args ...string) *server {
	t.Helper()
	fresh, err := dataDir()
	lab.Must(t, err)
	dir := filepath.Join(t.TempDir(), "data")
	lab.Must(t, os.CopyFS(dir, os.DirFS(fresh)))
	port := lab.FreePort(t)
	s := &server{t: t, addr: "127.0.0.1:" + port, socket: filepath.Join(dir, "s.sock")}
	s.Process = lab.Start(t, nil, "mariadbd", append([]string{
		"--no-defaults", "--user=root", "--datadir=" + dir, "--socket=" + s.socket, "--port=" + port, "--bind-address=127.0.0.1",
		"--local-infile=1", "--max-allowed-packet=64M", "--innodb-flush-log-at-trx-commit=0",
		"--innodb-log-file-size=8M", "--innodb-buffer-pool-size=64M",
	}, args...)...)
	s.admin = s.open("root@unix(" + s.socket + ")/")
	lab.Poll(t, func() error { return s.admin.Ping() })
	for _, q := range []string{
		"CREATE DATABASE app", "CREATE DATABASE spare",
		"CREATE USER app@'%' IDENTIFIED BY 'secret'",
		"GRANT ALL ON app.* TO app@'%'", "GRANT ALL ON spare.* TO app@'%'", "GRANT ALL ON slap.* TO app@'%'",
	} {
		s.exec(s.admin, q)
	}
	return s
}

// open returns a pool that is closed with the test.
func (s *server) open(dsn string) *sql.DB {
	s.t.Helper()
	db, err := sql.Open("mysql", dsn)
	lab.Must(s.t, err)
	s.t.Cleanup(func() { db.Close() })
	return db
}

// dsn is how app reaches the server, or a proxy, at addr.
func dsn(addr, options string) string {
	return "app:secret@tcp(" + addr + ")/app?" + options
}

// conn returns one connection, which its Close closes.
func (s *server) conn(addr, options string) *sql.Conn {
	s.t.Helper()
	db := s.open(dsn(addr, options))
	db.SetMaxIdleConns(-1)
	c, err := db.Conn(context.Background())
	lab.Must(s.t, err)
	return c
}

// execer is a *sql.DB or a *sql.Conn.
type execer interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

func (s *server) exec(on execer, query string, args ...any) {
	s.t.Helper()
	if _, err := on.ExecContext(context.Background(), query, args...); err != nil {
		s.t.Fatalf("%s: %v\n%s", query, err, s.Out)
	}
}

// value returns the one value that a query gives, as text.
func (s *server) value(on execer, query string, args ...any) string {
	s.t.Helper()
	var v sql.NullString
	if err := on.QueryRowContext(context.Background(), query, args...).Scan(&v); err != nil && !errors.Is(err, sql.ErrNoRows) {
		s.t.Fatalf("%s: %v\n%s", query, err, s.Out)
	}
	return v.String
}

// client are the arguments by which a program of MariaDB's reaches addr.
func client(addr string, args ...string) []string {
	host, port, _ := strings.Cut(addr, ":")
	return append([]string{"--no-defaults", "--host=" + host, "--port=" + port, "--protocol=tcp", "--user=app", "--password=secret"}, args...)
}

// proxied are the plans under which traffic must be as it is without a proxy.
var proxied = []string{
	"--behavior 100:dummy",
	"--behavior 30:delay --behavior-delay-sleep 3ms",
}

// vaurien starts the proxy before the server.
func (s *server) vaurien(plan string, args ...string) (*lab.Process, string) {
	s.t.Helper()
	args = append(args, "--protocol", "mysql", "--proxy", "127.0.0.1:0", "--backend", s.addr)
	return lab.Vaurien(s.t, append(args, strings.Fields(plan)...)...)
}

// understood checks that a proxy took nothing for tcp.
func understood(t testing.TB, p *lab.Process) {
	t.Helper()
	if out := p.Out.String(); strings.Contains(out, "goes on as tcp") {
		t.Errorf("not understood:\n%s", out)
	}
}
