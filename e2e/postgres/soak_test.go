package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// While plans come and go, the books balance, every reply is that to its own
// request, and nobody waits for ever.
func TestSoak(t *testing.T) {
	s := newServer(t)
	s.exec(t, "create table books (id int primary key, balance int); insert into books select i, 0 from generate_series(0, 9) i; create table done (id text primary key)")
	p, addr, put := lab.Soaked(t, "--protocol", "postgres", "--proxy", "127.0.0.1:0", "--backend", s.addr())
	config, err := pgxpool.ParseConfig(url(addr, "pool_max_conns=6"))
	lab.Must(t, err)
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	lab.Must(t, err)
	b := books{applied: make(map[string]bool), not: make(map[string]bool), modes: []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol}}
	lab.Soak(t, put, lab.SoakPlans(""), 6, func(worker int, rng *rand.Rand) {
		switch rng.IntN(4) {
		case 0:
			b.transfer(t, pool, rng)
		case 1:
			b.single(pool, rng)
		case 2:
			b.inParts(addr, rng)
		default:
			b.echoes(t, pool, rng)
		}
	})
	if _, err := pool.Exec(patience(t), "select 1"); err != nil {
		t.Error(err)
	}
	lab.Poll(t, func() error {
		if n := s.exec(t, "select count(*) from pg_stat_activity where state like 'idle in%'"); n != "0" {
			return fmt.Errorf("%s sessions are in a transaction", n)
		}
		return nil
	})
	closed := make(chan struct{})
	go func() { pool.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(lab.Patience):
		t.Error("the pool does not close")
	}
	b.check(t, s)
	if out := p.Out.String(); strings.Contains(out, "goes on as tcp") || strings.Contains(out, "panic") {
		t.Error(out)
	}
}

type books struct {
	modes        []pgx.QueryExecMode
	mu           sync.Mutex
	applied, not map[string]bool
	unknown      int
}

// note notes what became of id: a client that was told an error knows that it
// was not applied; one whose connection was lost knows nothing.
func (b *books) note(id string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var said *pgconn.PgError
	switch {
	case err == nil:
		b.applied[id] = true
	case errors.As(err, &said), errors.Is(err, pgx.ErrTxCommitRollback):
		b.not[id] = true
	default:
		b.unknown++
	}
}

// transfer moves money in a transaction, in several statements.
func (b *books) transfer(t *testing.T, pool *pgxpool.Pool, rng *rand.Rand) {
	ctx := context.Background()
	id := fmt.Sprintf("%x", rng.Uint64())
	mode := b.modes[rng.IntN(len(b.modes))]
	amount, from, to := rng.IntN(100), rng.IntN(10), rng.IntN(10)
	if from > to { // no deadlock but one that is made
		from, to, amount = to, from, -amount
	}
	tx, err := pool.Begin(ctx)
	if err != nil {
		return
	}
	steps := []struct {
		sql  string
		args []any
	}{
		{"update books set balance = balance - $1 where id = $2", []any{mode, amount, from}},
		{"insert into done values ($1)", []any{mode, id}},
		{"update books set balance = balance + $1 where id = $2", []any{mode, amount, to}},
	}
	if rng.IntN(2) == 0 {
		for _, s := range steps {
			if _, err = tx.Exec(ctx, s.sql, s.args...); err != nil {
				break
			}
		}
	} else {
		var batch pgx.Batch
		for _, s := range steps {
			batch.Queue(s.sql, s.args[1:]...)
		}
		err = tx.SendBatch(ctx, &batch).Close()
	}
	if err != nil {
		// Whatever the error was, nothing was committed.
		tx.Rollback(ctx)
		b.mu.Lock()
		b.not[id] = true
		b.mu.Unlock()
		return
	}
	b.note(id, tx.Commit(ctx))
}

// single applies something in one statement, or several in one.
func (b *books) single(pool *pgxpool.Pool, rng *rand.Rand) {
	ctx := context.Background()
	id := fmt.Sprintf("%x", rng.Uint64())
	mode := b.modes[rng.IntN(len(b.modes))]
	var err error
	switch rng.IntN(3) {
	case 0:
		_, err = pool.Exec(ctx, "insert into done values ($1)", mode, id)
	case 1:
		_, err = pool.Exec(ctx, "begin; insert into done values ('"+id+"'); update books set balance = balance where id = 1; commit", pgx.QueryExecModeSimpleProtocol)
	default:
		_, err = pool.CopyFrom(ctx, pgx.Identifier{"done"}, []string{"id"}, pgx.CopyFromRows([][]any{{id}}))
	}
	b.note(id, err)
}

// inParts applies something with statements that are prepared before a Flush
// and executed after it, at times without waiting between.
func (b *books) inParts(addr string, rng *rand.Rand) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer conn.Close()
	s := &speaker{pgproto3.NewFrontend(conn, conn), conn, nil}
	if s.tell(startup) != nil || !strings.HasSuffix(s.until("ReadyForQuery"), "I") {
		return
	}
	for range 1 + rng.IntN(5) {
		id := fmt.Sprintf("%x", rng.Uint64())
		sql := "insert into done values ('" + id + "')"
		var said string
		if wait := rng.IntN(3); wait == 0 {
			s.tell(append(prepare(sql), executed()...)...)
			said = s.until("ReadyForQuery")
		} else if s.tell(prepare(sql)...); strings.HasSuffix(s.until("NoData ErrorResponse"), "NoData") {
			s.tell(executed()...)
			said = s.until("ReadyForQuery")
		} else {
			s.tell(&pgproto3.Sync{})
			s.until("ReadyForQuery")
		}
		b.mu.Lock()
		switch {
		case strings.HasSuffix(said, "CommandComplete I"):
			b.applied[id] = true
		case strings.HasSuffix(said, "gone"), said == "":
			b.unknown++
		default:
			b.not[id] = true
		}
		b.mu.Unlock()
		if strings.HasSuffix(said, "gone") {
			return
		}
		s.tell(&pgproto3.Close{ObjectType: 'S', Name: "s"}, &pgproto3.Sync{})
		if !strings.HasSuffix(s.until("ReadyForQuery"), "I") {
			return
		}
	}
}

// echoes asks for unique texts.
func (b *books) echoes(t *testing.T, pool *pgxpool.Pool, rng *rand.Rand) {
	ctx := context.Background()
	var batch pgx.Batch
	n := 1 + rng.IntN(5)
	for range n {
		text := fmt.Sprintf("%x", rng.Uint64())
		rows := 1
		if rng.IntN(10) == 0 {
			rows = 3000
		}
		is := func(rows pgx.Rows, err error) {
			if err != nil {
				return
			}
			for rows.Next() {
				var got string
				if rows.Scan(&got) == nil && got != text {
					t.Errorf("asked for %s, got %s", text, got)
				}
			}
			rows.Close()
		}
		if n > 1 {
			batch.Queue("select $1::text from generate_series(1, $2)", text, rows).Query(func(r pgx.Rows) error {
				is(r, nil)
				return r.Err()
			})
			continue
		}
		is(pool.Query(ctx, "select $1::text from generate_series(1, $2)", b.modes[rng.IntN(len(b.modes))], text, rows))
	}
	if n > 1 {
		pool.SendBatch(ctx, &batch).Close()
	}
}

func (b *books) check(t *testing.T, s *server) {
	if sum := s.exec(t, "select sum(balance) from books"); sum != "0" {
		t.Errorf("the books are out by %s", sum)
	}
	done := make(map[string]bool)
	for _, id := range strings.Fields(s.exec(t, "select id from done")) {
		done[id] = true
	}
	for id := range b.applied {
		if !done[id] {
			t.Errorf("%s was not applied", id)
		}
	}
	for id := range b.not {
		if done[id] {
			t.Errorf("%s was applied", id)
		}
	}
	t.Logf("%d applied, %d not, %d unknown", len(b.applied), len(b.not), b.unknown)
}
