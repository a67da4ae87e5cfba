package mysql

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
	"github.com/vaurien-proxy/vaurien/protocol/protocoltest"
)

// normal makes equal what differs from one recording to the next: scrambles and
// the proofs made of them, numbers of threads, the server's patch level, what
// the client says of its process, and which side's close is noted first.
func normal(c protocoltest.Capture) protocoltest.Capture {
	lines := c.Lines[:0]
	for _, l := range c.Lines {
		switch b := l.Bytes; {
		case l.End != "" && !l.Server:
			continue
		case l.Server && len(b) > 60 && b[3] == 0 && b[4] == 10:
			l.Bytes = plainGreeting(b)
		case !l.Server && len(b) > 36 && b[3] == 1:
			l.Bytes = plainLogin(b)
		}
		lines = append(lines, l)
	}
	c.Lines = lines
	return c
}

func packet(seq byte, payload []byte) []byte {
	n := len(payload)
	return append([]byte{byte(n), byte(n >> 8), byte(n >> 16), seq}, payload...)
}

func plainGreeting(b []byte) []byte {
	n := int(b[0])
	rest := append([]byte(nil), b[4+n:]...)
	_, after, _ := bytes.Cut(b[5:4+n], []byte{0})
	after = bytes.Clone(after)
	fill(after[:12])
	fill(after[31:43])
	return append(packet(0, append([]byte("\n5.5.5-10.11.0-MariaDB\x00"), after...)), rest...)
}

// plainLogin leaves the attributes out, of which the length is one byte here.
func plainLogin(b []byte) []byte {
	payload := bytes.Clone(b[4:])
	_, proof, _ := bytes.Cut(payload[32:], []byte{0})
	fill(proof[1 : 1+proof[0]])
	plugin := bytes.Index(payload, []byte("mysql_native_password\x00"))
	return packet(1, append(payload[:plugin+len("mysql_native_password\x00")], 0))
}

func fill(b []byte) {
	for i := range b {
		b[i] = 1
	}
}

// A capturing drives the real server into a failure. record returns the
// address of a recorded connection to it.
type capturing struct {
	name string
	made string
	args []string // of the server
	do   func(t *testing.T, s *server, record func() string)
}

// fails checks that err is the server's error with the number.
func fails(t *testing.T, err error, number uint16) {
	t.Helper()
	var e *mysql.MySQLError
	if !errors.As(err, &e) || e.Number != number {
		t.Fatalf("%v, want %d", err, number)
	}
}

// goes runs a statement on a connection; the error comes out of the channel.
func goes(c *sql.Conn, query string) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := c.ExecContext(context.Background(), query)
		done <- err
	}()
	return done
}

// runs waits until a statement that contains text is running, and returns the
// number of its connection.
func (s *server) runs(text string) string {
	var id string
	lab.Poll(s.t, func() error {
		if id = s.value(s.admin, "SELECT id FROM information_schema.processlist WHERE info LIKE ? AND id<>connection_id()", "%"+text+"%"); id == "" {
			return fmt.Errorf("%s does not run", text)
		}
		return nil
	})
	return id
}

// alone waits until app has no connection.
func (s *server) alone() {
	lab.Poll(s.t, func() error {
		if s.value(s.admin, "SELECT COUNT(*) FROM information_schema.processlist WHERE user='app'") != "0" {
			return errors.New("app is still there")
		}
		return nil
	})
}

func (s *server) table() {
	s.exec(s.admin, "CREATE TABLE app.t (id INT PRIMARY KEY, v INT)")
	s.exec(s.admin, "INSERT INTO app.t VALUES (1,0),(2,0)")
}

// long is a query that takes long.
const long = "SELECT COUNT(*) FROM seq_1_to_9000000000000 WHERE seq%7=8"

// fillUp lets app open connections until there are ten with root's one.
func fillUp(t *testing.T, s *server) {
	for range 9 {
		s.conn(s.addr, "")
	}
	if n := s.value(s.admin, "SELECT COUNT(*) FROM information_schema.processlist"); n != "10" {
		t.Fatalf("%s connections", n)
	}
}

var capturings = []capturing{
	{"too-many-connections", "max_connections=10 and eleven connections open, the eleventh root's; then another", []string{"--max-connections=10"},
		func(t *testing.T, s *server, record func() string) {
			fillUp(t, s)
			last, err := s.admin.Conn(context.Background())
			lab.Must(t, err)
			other, err := s.admin.Conn(context.Background())
			lab.Must(t, err)
			defer other.Close()
			defer last.Close()
			fails(t, s.open(dsn(record(), "")).Ping(), 1040)
		}},
	{"too-many-connections-at-login", "max_connections=10 and ten connections open; then another: the place kept for root lets it come as far as the login", []string{"--max-connections=10"},
		func(t *testing.T, s *server, record func() string) {
			fillUp(t, s)
			fails(t, s.open(dsn(record(), "")).Ping(), 1040)
		}},
	{"host-blocked", "max_connect_errors=1 and a connection reset after the greeting; then another", []string{"--max-connect-errors=1"},
		func(t *testing.T, s *server, record func() string) {
			s.addr = from(t, "127.0.0.2", s.addr) // the server does not count errors of 127.0.0.1
			lab.Poll(t, func() error {
				breakOff(t, s.addr)
				db := s.open(dsn(s.addr, ""))
				defer db.Close()
				if db.Ping() == nil {
					return errors.New("not blocked")
				}
				return nil
			})
			fails(t, s.open(dsn(record(), "")).Ping(), 1129)
		}},
	{"access-denied", "a login with the wrong password", nil,
		func(t *testing.T, s *server, record func() string) {
			fails(t, s.open("app:wrong@tcp("+record()+")/app").Ping(), 1045)
		}},
	{"unknown-database", "a login that names a database that does not exist", nil,
		func(t *testing.T, s *server, record func() string) {
			s.exec(s.admin, "GRANT ALL ON *.* TO app@'%'")
			fails(t, s.open("app:secret@tcp("+record()+")/nowhere").Ping(), 1049)
		}},
	{"too-many-user-connections", "max_user_connections=1 and one connection of app open; then another", []string{"--max-user-connections=1"},
		func(t *testing.T, s *server, record func() string) {
			s.conn(s.addr, "")
			fails(t, s.open(dsn(record(), "")).Ping(), 1203)
		}},
	{"lock-wait-timeout", "a row locked by another transaction, innodb_lock_wait_timeout=1; then UPDATE, SHOW WARNINGS, COMMIT", []string{"--innodb-lock-wait-timeout=1"},
		func(t *testing.T, s *server, record func() string) {
			s.table()
			other := s.conn(s.addr, "")
			s.exec(other, "BEGIN")
			s.exec(other, "UPDATE t SET v=1 WHERE id=1")
			c := s.conn(record(), "")
			s.exec(c, "BEGIN")
			s.exec(c, "UPDATE t SET v=2 WHERE id=2")
			fails(t, <-goes(c, "UPDATE t SET v=2 WHERE id=1"), 1205)
			s.value(c, "SELECT CONCAT(@@in_transaction,@@error_count)")
			s.exec(c, "COMMIT")
			c.Close()
		}},
	{"deadlock", "two transactions that lock two rows in opposite order, the other one the heavier; then SELECT @@in_transaction", nil,
		func(t *testing.T, s *server, record func() string) {
			s.table()
			for i := 10; i < 40; i++ {
				s.exec(s.admin, fmt.Sprintf("INSERT INTO app.t VALUES (%d,0)", i))
			}
			other, c := s.conn(s.addr, ""), s.conn(record(), "")
			s.exec(other, "BEGIN")
			s.exec(other, "UPDATE t SET v=1 WHERE id=1")
			s.exec(other, "UPDATE t SET v=1 WHERE id>=10")
			s.exec(c, "BEGIN")
			s.exec(c, "UPDATE t SET v=2 WHERE id=2")
			waits := goes(other, "UPDATE t SET v=1 WHERE id=2")
			s.runs("v=1 WHERE id=2")
			fails(t, <-goes(c, "UPDATE t SET v=2 WHERE id=1"), 1213)
			lab.Must(t, <-waits)
			if in := s.value(c, "SELECT @@in_transaction"); in != "0" {
				t.Errorf("in a transaction: %s", in)
			}
			c.Close()
		}},
	{"read-only", "read_only=1; then INSERT as a user without READ ONLY ADMIN", nil,
		func(t *testing.T, s *server, record func() string) {
			s.table()
			c := s.conn(record(), "")
			s.exec(s.admin, "SET GLOBAL read_only=1")
			fails(t, <-goes(c, "INSERT INTO t VALUES (3,0)"), 1290)
			c.Close()
		}},
	{"read-only-at-commit", "BEGIN, INSERT; read_only=1 on another connection; then COMMIT, SELECT @@in_transaction", nil,
		func(t *testing.T, s *server, record func() string) {
			s.table()
			c := s.conn(record(), "")
			s.exec(c, "BEGIN")
			s.exec(c, "INSERT INTO t VALUES (3,0)")
			s.exec(s.admin, "SET GLOBAL read_only=1")
			fails(t, <-goes(c, "COMMIT"), 1290)
			if in := s.value(c, "SELECT @@in_transaction"); in != "0" {
				t.Errorf("in a transaction: %s", in)
			}
			c.Close()
		}},
	{"read-only-transaction", "START TRANSACTION READ ONLY; then INSERT", nil,
		func(t *testing.T, s *server, record func() string) {
			s.table()
			c := s.conn(record(), "")
			s.exec(c, "START TRANSACTION READ ONLY")
			fails(t, <-goes(c, "INSERT INTO t VALUES (3,0)"), 1792)
			c.Close()
		}},
	{"query-timeout", "max_statement_time=0.05; then SELECT over a long sequence", nil,
		func(t *testing.T, s *server, record func() string) {
			c := s.conn(record(), "")
			s.exec(c, "SET max_statement_time=0.05")
			fails(t, <-goes(c, long), 1969)
			c.Close()
		}},
	{"query-interrupted", "SELECT over a long sequence; KILL QUERY on another connection", nil,
		func(t *testing.T, s *server, record func() string) {
			c := s.conn(record(), "")
			done := goes(c, long)
			s.exec(s.admin, "KILL QUERY "+s.runs("seq_1_to_9"))
			fails(t, <-done, 1317)
			c.Close()
		}},
	{"connection-killed", "KILL CONNECTION_ID()", nil,
		func(t *testing.T, s *server, record func() string) {
			c := s.conn(record(), "")
			fails(t, <-goes(c, "KILL CONNECTION_ID()"), 1927)
			s.alone()
			c.Close()
		}},
	{"server-gone", "SELECT over a long sequence; KILL on another connection", nil,
		func(t *testing.T, s *server, record func() string) {
			c := s.conn(record(), "")
			done := goes(c, long)
			s.exec(s.admin, "KILL "+s.runs("seq_1_to_9"))
			if err := <-done; err == nil {
				t.Error("no error")
			}
		}},
	{"server-gone-idle", "an idle connection; KILL on another one; then SELECT 1", nil,
		func(t *testing.T, s *server, record func() string) {
			c := s.conn(record(), "")
			s.exec(s.admin, "KILL "+s.value(s.admin, "SELECT id FROM information_schema.processlist WHERE user='app'"))
			s.alone()
			if _, err := c.ExecContext(context.Background(), "SELECT 1"); err == nil {
				t.Error("no error")
			}
		}},
	{"server-shutdown", "SELECT over a long sequence; SHUTDOWN on another connection", nil,
		func(t *testing.T, s *server, record func() string) {
			c := s.conn(record(), "")
			done := goes(c, long)
			s.runs("seq_1_to_9")
			s.exec(s.admin, "SHUTDOWN")
			if err := <-done; err == nil {
				t.Error("no error")
			}
		}},
	{"table-full", "a MEMORY table of max_heap_table_size=16384; then INSERT until it is full", nil,
		func(t *testing.T, s *server, record func() string) {
			c := s.conn(record(), "")
			s.exec(c, "SET max_heap_table_size=16384")
			s.exec(c, "CREATE TABLE m (a CHAR(255)) ENGINE=MEMORY")
			fails(t, <-goes(c, "INSERT INTO m SELECT seq FROM seq_1_to_1000"), 1114)
			c.Close()
		}},
	{"max-prepared-stmts", "max_prepared_stmt_count=0; then COM_STMT_PREPARE", nil,
		func(t *testing.T, s *server, record func() string) {
			c := s.conn(record(), "")
			s.exec(s.admin, "SET GLOBAL max_prepared_stmt_count=0")
			_, err := c.PrepareContext(context.Background(), "SELECT 1")
			fails(t, err, 1461)
			c.Close()
		}},
	{"duplicate-key", "INSERT of a row that is there", nil,
		func(t *testing.T, s *server, record func() string) {
			s.table()
			c := s.conn(record(), "")
			fails(t, <-goes(c, "INSERT INTO t VALUES (1,0)"), 1062)
			c.Close()
		}},
}

// What the real server says in each failure is what the captures have.
func TestCaptures(t *testing.T) {
	for _, k := range capturings {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := mariadb(t, k.args...)
			var capture func() protocoltest.Capture
			k.do(t, s, func() (addr string) {
				addr, capture = lab.Record(t, s.addr)
				return addr
			})
			got := normal(capture())
			got.Made = []string{"MariaDB 10.11", "made by: " + k.made}
			if len(k.args) > 0 {
				got.Made = append(got.Made, "server: "+strings.Join(k.args, " "))
			}
			lab.Keep(t, filepath.Join("../../protocol/mysql/testdata/captures", k.name+".txt"), got)
		})
	}
}
