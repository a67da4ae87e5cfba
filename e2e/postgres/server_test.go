package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// programs is where Debian has PostgreSQL's.
const programs = "/usr/lib/postgresql/15/bin/"

// A server is a PostgreSQL of the test's own.
type server struct {
	*lab.Process
	dir  string // of its data
	port string
}

// asServer puts a command in the name of a user that may run the server, which
// refuses root.
func asServer(args ...string) []string {
	if os.Getuid() != 0 {
		return args
	}
	return append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"}, args...)
}

// serverDir returns a directory that the server's user owns.
func serverDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vaurien-postgres-")
	lab.Must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		lab.Must(t, err)
		uid, err := strconv.Atoi(u.Uid)
		lab.Must(t, err)
		gid, err := strconv.Atoi(u.Gid)
		lab.Must(t, err)
		lab.Must(t, os.Chown(dir, uid, gid))
	}
	return dir
}

// initServer makes the data of a server, with the superuser postgres and these
// settings.
func initServer(t *testing.T, settings ...string) *server {
	t.Helper()
	s := &server{dir: filepath.Join(serverDir(t), "data"), port: lab.FreePort(t)}
	run(t, asServer(programs+"initdb", "-D", s.dir, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C", "--no-instructions")...)
	settings = append([]string{
		"port=" + s.port, "listen_addresses='127.0.0.1'", "unix_socket_directories='" + s.dir + "'",
		"fsync=off", "lc_messages='C'", "log_statement='none'",
	}, settings...)
	s.append(t, "postgresql.conf", settings...)
	return s
}

// append appends lines to one of the server's files.
func (s *server) append(t *testing.T, file string, lines ...string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, file), os.O_APPEND|os.O_WRONLY, 0)
	lab.Must(t, err)
	_, err = f.WriteString("\n" + strings.Join(lines, "\n") + "\n")
	lab.Must(t, errors.Join(err, f.Close()))
}

// launch starts the server, and does not wait until it answers.
func (s *server) launch(t *testing.T) {
	t.Helper()
	args := asServer(programs+"postgres", "-D", s.dir)
	s.Process = lab.Start(t, nil, args[0], args[1:]...)
	p := s.Process
	t.Cleanup(func() {
		p.Cmd.Process.Signal(syscall.SIGQUIT) // SIGTERM would wait for its sessions
	})
}

// start starts the server and waits until it answers.
func (s *server) start(t *testing.T) *server {
	t.Helper()
	s.launch(t)
	s.Wait(`ready to accept connections`)
	return s
}

// newServer starts a server with these settings and some data.
func newServer(t *testing.T, settings ...string) *server {
	t.Helper()
	s := initServer(t, settings...).start(t)
	s.exec(t, schema)
	return s
}

// schema is the data that tests work on.
const schema = `
create table accounts (id int primary key, balance int);
insert into accounts values (1, 100), (2, 200);
create role app login password 'secret';
grant all on accounts to app;
create table private (id int);
`

func (s *server) addr() string { return "127.0.0.1:" + s.port }

// url names the database for clients, at an address that need not be the
// server's own.
func url(addr string, params ...string) string {
	return "postgres://postgres@" + addr + "/postgres?" + strings.Join(append([]string{"sslmode=disable"}, params...), "&")
}

// context ends when the test has been patient enough.
func patience(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), lab.Patience)
	t.Cleanup(cancel)
	return ctx
}

// connect opens a session.
func connect(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	c, err := pgconn.Connect(patience(t), url)
	lab.Must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		c.Close(ctx)
	})
	return c
}

// query runs SQL and returns the first column of what it says, in lines.
func query(t *testing.T, c *pgconn.PgConn, sql string) string {
	t.Helper()
	out, err := try(t, c, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

// try is query for what may fail.
func try(t *testing.T, c *pgconn.PgConn, sql string) (string, error) {
	t.Helper()
	results, err := c.Exec(patience(t), sql).ReadAll()
	var lines []string
	for _, r := range results {
		for _, row := range r.Rows {
			lines = append(lines, string(row[0]))
		}
	}
	return strings.Join(lines, "\n"), err
}

// exec runs SQL in a session of its own.
func (s *server) exec(t *testing.T, sql string) string {
	t.Helper()
	c := connect(t, url(s.addr()))
	defer c.Close(patience(t))
	return query(t, c, sql)
}

// run runs a program to its end and returns what it wrote.
func run(t *testing.T, args ...string) string {
	t.Helper()
	c := osCommand(args...)
	out, err := c.CombinedOutput()
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is missing: scripts/setup installs it", args[0])
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// osCommand is a command without what the environment says about servers.
func osCommand(args ...string) *exec.Cmd {
	c := exec.Command(args[0], args[1:]...)
	c.Dir = "/"
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") {
			c.Env = append(c.Env, v)
		}
	}
	return c
}

// signal sends a signal to a process of the server's.
func signal(t *testing.T, pid uint32, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(int(pid), s); err != nil {
		t.Fatal(fmt.Errorf("process %d: %w", pid, err))
	}
}
