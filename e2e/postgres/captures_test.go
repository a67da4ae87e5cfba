package postgres

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// captures is where the captures are kept.
const captures = "../../protocol/postgres/testdata/captures/"

// recorded records a talk with a server in a failure, and keeps it. talk gets
// the address to connect to.
func recorded(t *testing.T, s *server, name, how string, talk func(addr string)) {
	t.Helper()
	addr, capture := lab.Record(t, s.addr())
	talk(addr)
	c := capture()
	version := strings.Fields(run(t, programs+"postgres", "--version"))[2]
	c.Made = []string{"postgres " + version + ", Debian 12", "made by: " + how}
	for i, l := range c.Lines {
		c.Lines[i].Bytes = steady(l.Bytes)
	}
	// Which of the two ends its stream first is chance; so is whether the server
	// closes with something unread, which is a reset.
	kept, ended := c.Lines[:0], false
	for _, l := range c.Lines {
		ended = ended || l.Server && l.End != ""
		if l.End == "" {
			kept = append(kept, l)
		}
	}
	if ended {
		kept = append(kept, protocoltest.CaptureLine{Server: true, End: "close"})
	}
	// Or whether it does so before the client has spoken.
	if i := slices.IndexFunc(kept, func(l protocoltest.CaptureLine) bool { return !l.Server }); i > 0 {
		spoken := kept[i]
		kept = slices.Insert(slices.Delete(kept, i, i+1), 0, spoken)
	}
	c.Lines = kept
	lab.Keep(t, captures+name+".txt", c)
}

var (
	parameter = regexp.MustCompile(`S\x00\x00\x00.[a-zA-Z_]+\x00[^\x00]*\x00`)
	numbers   = []*regexp.Regexp{
		regexp.MustCompile(`((?:[Pp]rocess|transaction) )\d+`),
		regexp.MustCompile(`((?:pg_tblspc|base)/)[0-9A-Z_/]+`),
		regexp.MustCompile(`(tuple \(0,)\d+`),
	}
)

// steady makes what differs from run to run the same: the server's process
// and its secret, numbers in texts, and the settings that it reports.
func steady(b []byte) []byte {
	b = parameter.ReplaceAll(b, nil)
	if bytes.HasPrefix(b, []byte{0}) && len(b) > 8 && bytes.HasSuffix(b, []byte{0, 0}) {
		return append(bytes.Clone(b[:8]), sorted(string(b[8:len(b)-2]))...)
	}
	var out []byte
	for len(b) > 0 {
		if len(b) < 5 || b[0] < 'A' || binary.BigEndian.Uint32(b[1:]) > uint32(len(b)-1) || binary.BigEndian.Uint32(b[1:]) < 4 {
			return append(out, b...) // it has no type
		}
		n := 1 + int(binary.BigEndian.Uint32(b[1:]))
		one := bytes.Clone(b[:n])
		b = b[n:]
		switch one[0] {
		case 'K':
			copy(one[5:], "\x00\x00\x00\x01\x00\x00\x00\x02")
		case 'E', 'N':
			for _, re := range numbers {
				one = re.ReplaceAll(one, []byte("${1}1"))
			}
			binary.BigEndian.PutUint32(one[1:], uint32(len(one)-1))
		}
		out = append(out, one...)
	}
	return out
}

// sorted puts the parameters of a startup message in order.
func sorted(parameters string) string {
	words := strings.Split(parameters, "\x00")
	var pairs []string
	for pair := range slices.Chunk(words, 2) {
		pairs = append(pairs, strings.Join(pair, "\x00"))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "\x00") + "\x00\x00"
}

// refused records how a server refuses a session.
func refused(t *testing.T, s *server, name, how, user, database string, params ...string) {
	t.Helper()
	recorded(t, s, name, how, func(addr string) {
		u := "postgres://" + user + "@" + addr + "/" + database + "?" + strings.Join(append(params, "sslmode=disable"), "&")
		if c, err := pgconn.Connect(patience(t), u); err == nil {
			c.Close(patience(t))
			t.Errorf("%s: the session was not refused", name)
		}
	})
}

// fails records how some SQL fails, after some that does not.
func fails(t *testing.T, s *server, name, how string, do func(c *pgconn.PgConn) error) {
	t.Helper()
	recorded(t, s, name, how, func(addr string) {
		c, err := pgconn.Connect(patience(t), url(addr))
		lab.Must(t, err)
		defer c.Close(patience(t))
		if do(c) == nil {
			t.Errorf("%s: it did not fail", name)
		}
	})
}

// sql runs some SQL and then some that fails.
func sql(t *testing.T, good, bad string) func(*pgconn.PgConn) error {
	return func(c *pgconn.PgConn) error {
		if good != "" {
			query(t, c, good)
		}
		_, err := try(t, c, bad)
		return err
	}
}

// waitsFor waits until a backend is in that state.
func (s *server) waitsFor(t *testing.T, pid uint32, condition string) {
	t.Helper()
	c := connect(t, url(s.addr()))
	lab.Poll(t, func() error {
		if query(t, c, "select 1 from pg_stat_activity where pid = "+itoa(pid)+" and "+condition) == "1" {
			return nil
		}
		return errNotYet
	})
}

func TestCaptureStatements(t *testing.T) {
	s := newServer(t)
	other := connect(t, url(s.addr()))

	const update = "update accounts set balance = balance - 1 where id = 1"
	fails(t, s, "serialization", "begin isolation level repeatable read; another session updates the row; update", func(c *pgconn.PgConn) error {
		query(t, c, "begin isolation level repeatable read; select * from accounts")
		query(t, other, update)
		_, err := try(t, c, update)
		return err
	})
	fails(t, s, "serialization-delete", "begin isolation level repeatable read; another session updates the row; delete", func(c *pgconn.PgConn) error {
		query(t, c, "begin isolation level repeatable read; select * from accounts")
		query(t, other, update)
		_, err := try(t, c, "delete from accounts where id = 1")
		return err
	})
	fails(t, s, "serialization-dependencies", "two serializable transactions read and write each other's rows; the other has committed; insert", func(c *pgconn.PgConn) error {
		const read = "begin isolation level serializable; select sum(balance) from accounts"
		query(t, c, read)
		query(t, other, read)
		query(t, other, "update accounts set balance = 2 where id = 2; commit")
		_, err := try(t, c, "insert into accounts values (3, 3)")
		return err
	})
	fails(t, s, "serialization-at-commit", "two serializable transactions read and write each other's rows; the other commits first; commit", func(c *pgconn.PgConn) error {
		const read = "begin isolation level serializable; select sum(balance) from accounts"
		query(t, c, read)
		query(t, other, read)
		query(t, c, "update accounts set balance = 1 where id = 1")
		query(t, other, "update accounts set balance = 2 where id = 2; commit")
		_, err := try(t, c, "commit")
		return err
	})
	fails(t, s, "deadlock", "two transactions update two rows in opposite order", func(c *pgconn.PgConn) error {
		query(t, c, "begin; set local deadlock_timeout = '10ms'; update accounts set balance = 1 where id = 1")
		query(t, other, "begin; set local deadlock_timeout = '1h'; update accounts set balance = 2 where id = 2")
		var wg sync.WaitGroup
		wg.Go(func() { other.Exec(patience(t), update+"; rollback").ReadAll() })
		defer wg.Wait()
		s.waitsFor(t, other.PID(), "wait_event_type = 'Lock'")
		_, err := try(t, c, "update accounts set balance = 1 where id = 2")
		query(t, c, "rollback")
		return err
	})
	fails(t, s, "statement-timeout", "set statement_timeout; select pg_sleep(60)",
		sql(t, "set statement_timeout = '10ms'", "select pg_sleep(60)"))
	fails(t, s, "query-canceled", "pg_cancel_backend while it sleeps", func(c *pgconn.PgConn) error {
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() {
			s.waitsFor(t, c.PID(), "wait_event = 'PgSleep'")
			query(t, other, "select pg_cancel_backend("+itoa(c.PID())+")")
		})
		_, err := try(t, c, "select pg_sleep(60)")
		return err
	})
	query(t, other, "begin; "+update)
	fails(t, s, "lock-not-available", "another transaction has the row; select for update nowait",
		sql(t, "", "select * from accounts where id = 1 for update nowait"))
	fails(t, s, "lock-not-available-relation", "another transaction has the row; lock table nowait",
		sql(t, "begin", "lock table accounts nowait"))
	fails(t, s, "lock-timeout", "another transaction has the row; set lock_timeout; update",
		sql(t, "set lock_timeout = '10ms'", update))
	query(t, other, "rollback")
	fails(t, s, "read-only", "set default_transaction_read_only; insert",
		sql(t, "set default_transaction_read_only = on", "insert into accounts values (3, 3)"))
	fails(t, s, "insufficient-privilege", "set role app; select from another's table",
		sql(t, "set role app", "select * from private"))
	fails(t, s, "too-many-locks", "pg_advisory_xact_lock for very many numbers",
		sql(t, "", "select count(pg_advisory_xact_lock(n)) from generate_series(1, 1000000) n"))
	fails(t, s, "out-of-memory", "prlimit --as of the server process; a large array", func(c *pgconn.PgConn) error {
		run(t, asServer("prlimit", "--pid", itoa(c.PID()), "--as=400000000")...)
		_, err := try(t, c, "select count(*) from unnest((select array_agg(n) from generate_series(1, 20000000) n))")
		return err
	})

	fails(t, s, "admin-shutdown", "pg_terminate_backend while it is idle", func(c *pgconn.PgConn) error {
		query(t, other, "select pg_terminate_backend("+itoa(c.PID())+", 10000)")
		return c.WaitForNotification(patience(t))
	})
	fails(t, s, "idle-in-transaction-timeout", "set idle_in_transaction_session_timeout; begin; wait", func(c *pgconn.PgConn) error {
		query(t, c, "set idle_in_transaction_session_timeout = '10ms'; begin")
		return c.WaitForNotification(patience(t))
	})
	fails(t, s, "idle-session-timeout", "set idle_session_timeout; wait", func(c *pgconn.PgConn) error {
		query(t, c, "set idle_session_timeout = '10ms'")
		return c.WaitForNotification(patience(t))
	})

	fails(t, s, "in-failed-transaction", "begin; select 1/0; select 1", func(c *pgconn.PgConn) error {
		try(t, c, "begin; select 1/0")
		_, err := try(t, c, "select 1")
		return err
	})
	fails(t, s, "in-failed-transaction-extended", "the same in the extended protocol: Parse, and Bind of what was parsed before", func(c *pgconn.PgConn) error {
		_, err := c.Prepare(patience(t), "s", "select 1", nil)
		lab.Must(t, err)
		try(t, c, "begin; select 1/0")
		c.ExecParams(patience(t), "select 1", nil, nil, nil, nil).Read()
		return c.ExecPrepared(patience(t), "s", nil, nil, nil).Read().Err
	})

	refused(t, s, "database-missing", "connect to a database that is not there", "postgres", "missing")
	refused(t, s, "role-missing", "connect as a user that is not there", "nobody", "postgres")
	s.exec(t, "select 1")
	s.rewrite(t, "pg_hba.conf", "host postgres app 127.0.0.1/32 password", "host all postgres 127.0.0.1/32 trust")
	s.exec(t, "select pg_reload_conf()")
	lab.Poll(t, func() error {
		if s.exec(t, "select count(*) from pg_hba_file_rules") == "2" {
			return nil
		}
		return errNotYet
	})
	refused(t, s, "invalid-password", "pg_hba.conf asks for a password; connect with a wrong one", "app:wrong", "postgres")
	refused(t, s, "no-pg-hba", "connect as a user that pg_hba.conf does not know", "other", "postgres")
}

// rewrite puts lines in the place of what a file of the server's has.
func (s *server) rewrite(t *testing.T, file string, lines ...string) {
	t.Helper()
	lab.Must(t, os.WriteFile(filepath.Join(s.dir, file), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}

func TestCaptureTooManyConnections(t *testing.T) {
	s := newServer(t, "max_connections=4", "superuser_reserved_connections=1", "max_wal_senders=0", "autovacuum_max_workers=1")
	for range 3 {
		connect(t, url(s.addr()))
	}
	refused(t, s, "slots-reserved", "one of max_connections is left, for superusers; connect as another user", "app", "postgres")
	connect(t, url(s.addr()))
	refused(t, s, "too-many-connections", "as many sessions as max_connections; connect", "app", "postgres")
}

func TestCaptureStates(t *testing.T) {
	s := newServer(t)
	connect(t, url(s.addr()))
	signal(t, uint32(s.Cmd.Process.Pid), syscall.SIGTERM)
	s.Wait(`received smart shutdown request`)
	refused(t, s, "shutting-down", "smart shutdown while a session is open; connect", "postgres", "postgres")

	s = newServer(t)
	run(t, asServer("prlimit", "--pid", itoa(s.Cmd.Process.Pid), "--nproc=1:")...)
	refused(t, s, "cannot-fork", "prlimit --nproc of the server; connect", "postgres", "postgres")
	run(t, asServer("prlimit", "--pid", itoa(s.Cmd.Process.Pid), "--nproc=1000:")...)

	s = initServer(t, "restore_command='sleep 3600'")
	recovery, err := os.Create(filepath.Join(s.dir, "recovery.signal"))
	lab.Must(t, err)
	recovery.Close()
	s.launch(t)
	s.Wait(`database system was shut down`)
	refused(t, s, "starting-up", "archive recovery with a restore_command that does not end; connect", "postgres", "postgres")

	s = newServer(t)
	stopped, killed := connect(t, url(s.addr())), connect(t, url(s.addr()))
	fails(t, s, "crash-shutdown", "SIGKILL to another session's process", func(c *pgconn.PgConn) error {
		signal(t, stopped.PID(), syscall.SIGSTOP) // so that the server has to wait for it
		signal(t, killed.PID(), syscall.SIGKILL)
		s.Wait(`terminating any other active server processes`)
		refused(t, s, "in-recovery", "SIGKILL to a session's process; connect before the server has recovered", "postgres", "postgres")
		return c.WaitForNotification(patience(t))
	})
}

func TestCaptureDiskFull(t *testing.T) {
	s := newServer(t)
	dir := serverDir(t)
	if err := osCommand("mount", "-t", "tmpfs", "-o", "size=256k,mode=0777", "tmpfs", dir).Run(); err != nil {
		t.Skip("no mount here:", err)
	}
	t.Cleanup(func() { osCommand("umount", "-l", dir).Run() })
	space := filepath.Join(dir, "space")
	lab.Must(t, os.Mkdir(space, 0o777))
	lab.Must(t, os.Chmod(space, 0o777))
	run(t, append([]string{"chown", "--reference", s.dir}, space)...)
	s.exec(t, "create tablespace small location '"+space+"'")
	s.exec(t, "create table filler (t text) tablespace small")
	fails(t, s, "disk-full", "a tablespace of 256 kB; insert", func(c *pgconn.PgConn) error {
		_, err := try(t, c, "insert into filler select repeat('x', 1000) from generate_series(1, 1000)")
		return err
	})
}
