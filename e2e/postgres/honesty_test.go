package postgres

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// state is what the server says of a session.
func (s *server) state(t *testing.T, pid uint32) string {
	t.Helper()
	return s.exec(t, "select coalesce((select state from pg_stat_activity where pid = "+itoa(pid)+"), 'gone')")
}

// balance is what others see of the accounts.
func (s *server) balance(t *testing.T) string {
	t.Helper()
	return s.exec(t, "select sum(balance) from accounts")
}

func code(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return "none"
}

// After a statement that is made to fail, client and server agree on the
// transaction, however the client asks.
func TestBothSidesAgree(t *testing.T) {
	s := newServer(t)
	addr := failing(t, s, "serialization", marked...)
	for _, mode := range modes {
		c := dialed(t, url(addr))
		pid := c.PgConn().PID()
		do := func(sql string, args ...any) string {
			t.Helper()
			_, err := c.Exec(patience(t), sql, append([]any{mode}, args...)...)
			return code(err)
		}
		agree := func(when string, status byte, state string) {
			t.Helper()
			if got := c.PgConn().TxStatus(); got != status {
				t.Errorf("%v, %s: the client thinks %c, want %c", mode, when, got, status)
			}
			if got := s.state(t, pid); got != state {
				t.Errorf("%v, %s: the server is %s, want %s", mode, when, got, state)
			}
		}
		is := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("%v, %s: %s, want %s", mode, what, got, want)
			}
		}
		const add = "update accounts set balance = balance + $1 where id = 2"
		is("outside", do(writing), "40001")
		agree("outside", 'I', "idle")

		is("begin", do("begin"), "none")
		is("a statement", do(add, 7), "none")
		is("the failure", do(writing), "40001")
		agree("after the failure", 'E', "idle in transaction (aborted)")
		is("the next statement", do(add, 7), "25P02")
		is("the failing statement", do(writing), "25P02")
		is("rollback", do("rollback"), "none")
		agree("after rollback", 'I', "idle")
		is("what others see", s.balance(t), "300")

		is("begin", do("begin"), "none")
		is("a savepoint", do("savepoint s"), "none")
		is("the failure", do(writing), "40001")
		is("rollback to", do("rollback to s"), "none")
		agree("after rollback to", 'T', "idle in transaction")
		is("a statement", do(add, 7), "none")
		is("commit", do("commit"), "none")
		is("what others see", s.balance(t), "307")
		is("the same again", do(add, -7), "none")
		c.Close(patience(t))
	}
}

// A COMMIT that is made to fail has rolled the transaction back, and the
// session is idle.
func TestCommitFails(t *testing.T) {
	s := newServer(t)
	addr := failing(t, s, "serialization-at-commit", marked...)
	for _, mode := range modes {
		c := dialed(t, url(addr))
		do := func(sql string) string {
			_, err := c.Exec(patience(t), sql, mode)
			return code(err)
		}
		for range 2 { // the second time it is prepared
			do("begin")
			do("update accounts set balance = 0")
			if got := do(commit); got != "40001" {
				t.Errorf("%v: commit: %s", mode, got)
			}
			if c.PgConn().TxStatus() != 'I' || s.state(t, c.PgConn().PID()) != "idle" || s.balance(t) != "300" {
				t.Errorf("%v: %c, %s, %s", mode, c.PgConn().TxStatus(), s.state(t, c.PgConn().PID()), s.balance(t))
			}
			if got := do(commit); got != "none" { // there is no transaction: a warning
				t.Errorf("%v: a second commit: %s", mode, got)
			}
		}
		c.Close(patience(t))
	}
}

// In a pipeline a batch fails as one, and its neighbours are as they were.
func TestPipelineFailsAsOne(t *testing.T) {
	s := newServer(t)
	addr := failing(t, s, "deadlock", marked...)
	c := connect(t, url(addr))
	for _, transaction := range []bool{false, true} {
		if transaction {
			query(t, c, "begin")
		}
		p := c.StartPipeline(patience(t))
		for _, sql := range []string{"select 'one'", writing, "select 'three'"} {
			p.SendQueryParams(sql, nil, nil, nil, nil)
			p.SendQueryParams("select 'more'", nil, nil, nil, nil)
			lab.Must(t, p.Sync())
		}
		var got []string
		for syncs := 0; syncs < 3; {
			results, err := p.GetResults()
			switch r := results.(type) {
			case *pgconn.ResultReader:
				if read := r.Read(); read.Err != nil {
					got = append(got, code(read.Err))
				} else {
					got = append(got, string(read.Rows[0][0]))
				}
			case *pgconn.PipelineSync:
				got = append(got, "sync")
				syncs++
			default:
				got = append(got, code(err))
			}
		}
		p.Close()
		want := "[one more sync 40P01 sync three more sync]"
		if transaction {
			want = "[one more sync 40P01 sync 25P02 sync]"
		}
		if text := text(got); text != want {
			t.Errorf("in a transaction %v: %s, want %s", transaction, text, want)
		}
		if transaction && (c.TxStatus() != 'E' || s.state(t, c.PID()) != "idle in transaction (aborted)") {
			t.Errorf("%c, %s", c.TxStatus(), s.state(t, c.PID()))
		}
	}
}

// When the server closes, the transaction is gone with the session, and a pool
// goes on with another.
func TestShutdownRollsBack(t *testing.T) {
	s := newServer(t)
	addr := failing(t, s, "admin-shutdown", append(marked, "--behavior-error-first", "1")...)
	pool, err := pgxpool.New(patience(t), url(addr, "pool_max_conns=1"))
	lab.Must(t, err)
	defer pool.Close()
	var pid uint32
	err = pgx.BeginFunc(patience(t), pool, func(tx pgx.Tx) error {
		pid = tx.Conn().PgConn().PID()
		if _, err := tx.Exec(patience(t), "update accounts set balance = 0"); err != nil {
			return err
		}
		_, err := tx.Exec(patience(t), writing)
		return err
	})
	if code(err) != "57P01" {
		t.Errorf("the transaction: %v", err)
	}
	lab.Poll(t, func() error {
		if s.state(t, pid) == "gone" {
			return nil
		}
		return errNotYet
	})
	if _, err := pool.Exec(patience(t), writing); err != nil {
		t.Errorf("the next statement: %v", err)
	}
	if got := s.balance(t); got != "301" {
		t.Errorf("the balance is %s", got)
	}
}

// The acknowledgement of a COMMIT is lost: the transaction happened.
func TestCommitUnknown(t *testing.T) {
	s := newServer(t)
	addr := vaurien(t, s, "--behavior 100:commit-unknown", "--behavior-commit-unknown-match", `verb == "COMMIT"`)
	for _, mode := range modes[:1] {
		c := dialed(t, url(addr))
		tx, err := c.Begin(patience(t))
		lab.Must(t, err)
		_, err = tx.Exec(patience(t), "update accounts set balance = 0", mode)
		lab.Must(t, err)
		if err := tx.Commit(patience(t)); err == nil || code(err) != "none" {
			t.Errorf("commit: %v", err)
		}
		if !c.IsClosed() {
			t.Error("the connection is open")
		}
		lab.Poll(t, func() error {
			if s.balance(t) == "0" {
				return nil
			}
			return errNotYet
		})
	}
}
