package postgres

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// modes are the ways in which pgx can ask.
var modes = []pgx.QueryExecMode{
	pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
	pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
}

// What pgx gets through the proxy is what it gets without.
func TestPgx(t *testing.T) {
	s := newServer(t)
	want := talkOfPgx(t, s.addr())
	for _, behavior := range passing {
		if got := talkOfPgx(t, vaurien(t, s, behavior)); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", behavior, got, want)
		}
	}
}

// talkOfPgx does much with pgx and returns what came of it.
func talkOfPgx(t *testing.T, addr string) string {
	t.Helper()
	var said strings.Builder
	ctx := patience(t)
	c := dialed(t, url(addr, "application_name=e2e"))
	say := func(what string, err error, more ...any) {
		fmt.Fprintln(&said, what, err, fmt.Sprint(more...))
	}
	_, err := c.Exec(ctx, "drop table if exists pile; create table pile (n int, t text, b bytea)")
	say("create", err)
	for _, mode := range modes {
		for n := range 3 {
			_, err := c.Exec(ctx, "insert into pile values ($1, $2, $3)", mode, n, "text", []byte{1, 2, 3})
			say("insert", err)
			var sum int
			err = c.QueryRow(ctx, "select sum(n) from pile where t = $1", mode, "text").Scan(&sum)
			say("sum", err, sum)
		}
		_, err := c.Exec(ctx, "select 1/0", mode)
		say("division", err)
		_, err = c.Exec(ctx, "select nonsense from nowhere", mode)
		say("nonsense", err)
		say("ping", c.Ping(ctx))
	}

	// A transaction with savepoints, and one that fails.
	tx, err := c.Begin(ctx)
	say("begin", err)
	inner, err := tx.Begin(ctx)
	say("savepoint", err)
	_, err = inner.Exec(ctx, "select 1/0")
	say("division", err)
	say("rollback to", inner.Rollback(ctx))
	say("commit", tx.Commit(ctx))

	// A batch in which one statement fails.
	for _, sql := range []string{"select 2", "select 1/0"} {
		batch := &pgx.Batch{}
		batch.Queue("select 1")
		batch.Queue(sql)
		batch.Queue("insert into pile values (1000, 'batch', null)")
		results := c.SendBatch(ctx, batch)
		for range 3 {
			tag, err := results.Exec()
			say("batch", err, tag)
		}
		say("batch over", results.Close())
	}
	say("rows", nil, count(t, c, "select count(*) from pile"))

	// COPY in both directions, and one that fails in its middle.
	n, err := c.CopyFrom(ctx, pgx.Identifier{"pile"}, []string{"n", "t"}, pgx.CopyFromSlice(5000, func(i int) ([]any, error) {
		return []any{i, strings.Repeat("x", i%100)}, nil
	}))
	say("copy in", err, n)
	n, err = c.CopyFrom(ctx, pgx.Identifier{"pile"}, []string{"n", "t"}, pgx.CopyFromSlice(5000, func(i int) ([]any, error) {
		if i == 4000 {
			return nil, errors.New("no more")
		}
		return []any{i, "y"}, nil
	}))
	say("copy in that ends", err, n)
	_, err = c.PgConn().CopyFrom(ctx, strings.NewReader("1\ta\tnobytes\\x\nx\ty\tz\n"), "copy pile from stdin")
	say("copy in of nonsense", err)
	hash := sha256.New()
	tag, err := c.PgConn().CopyTo(ctx, hash, "copy (select * from pile order by 1, 2) to stdout")
	say("copy out", err, tag, fmt.Sprintf("%x", hash.Sum(nil)))

	// A value of many megabytes, there and back.
	large := bytes.Repeat([]byte("0123456789abcdef"), 2<<20)
	var back []byte
	err = c.QueryRow(ctx, "select $1::bytea", large).Scan(&back)
	say("large", err, bytes.Equal(large, back))

	// Many rows, some of them taken by a cursor's portal.
	rows, err := c.Query(ctx, "select n, repeat('z', n % 1000) from generate_series(1, 20000) n")
	say("rows", err)
	total := 0
	for rows.Next() {
		var n int
		var text string
		say2 := rows.Scan(&n, &text)
		if say2 != nil {
			say("row", say2)
		}
		total += n + len(text)
	}
	say("rows over", rows.Err(), total)

	// Pipelines with several Syncs in flight, and an error in one of them.
	p := c.PgConn().StartPipeline(ctx)
	for _, sql := range []string{"select 1", "select 1/0", "select 3"} {
		p.SendQueryParams(sql, nil, nil, nil, nil)
		p.SendQueryParams("select 'second'", nil, nil, nil, nil)
		say("sync", p.Sync())
	}
	p.SendPrepare("named", "select $1::int", nil)
	p.SendQueryPrepared("named", [][]byte{[]byte("7")}, nil, nil)
	p.SendFlushRequest()
	say("flush", p.Flush())
	for range 15 {
		results, err := p.GetResults()
		if results == nil && err == nil {
			break
		}
		switch r := results.(type) {
		case *pgconn.ResultReader:
			got := r.Read()
			say("pipeline", got.Err, got.Rows)
		default:
			say(fmt.Sprintf("pipeline %T", r), err)
		}
	}
	say("sync", p.Sync())
	say("pipeline over", p.Close())
	say("alive", c.Ping(ctx))
	return said.String()
}

func count(t *testing.T, c *pgx.Conn, sql string) (n int) {
	t.Helper()
	lab.Must(t, c.QueryRow(patience(t), sql).Scan(&n))
	return n
}

// Notifications reach a session between its exchanges.
func TestNotifications(t *testing.T) {
	s := newServer(t)
	for _, behavior := range passing {
		addr := vaurien(t, s, behavior)
		listener, notifier := dialed(t, url(addr)), dialed(t, url(addr))
		_, err := listener.Exec(patience(t), "listen chat")
		lab.Must(t, err)
		for i := range 5 {
			_, err := notifier.Exec(patience(t), "select pg_notify('chat', $1)", itoa(i))
			lab.Must(t, err)
			n, err := listener.WaitForNotification(patience(t))
			if err != nil || n.Channel != "chat" || n.Payload != itoa(i) {
				t.Errorf("%s: %+v, %v", behavior, n, err)
			}
			_, err = listener.Exec(patience(t), "select 1")
			lab.Must(t, err)
		}
	}
}

// A cancel request finds its session.
func TestCancel(t *testing.T) {
	s := newServer(t)
	addr := vaurien(t, s, passing[0])
	c := connect(t, url(addr))
	go func() {
		s.waitsFor(t, c.PID(), "wait_event = 'PgSleep'")
		c.CancelRequest(patience(t))
	}()
	_, err := try(t, c, "select pg_sleep(600)")
	if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "57014" {
		t.Errorf("canceled: %v", err)
	}
	if got := query(t, c, "select 'alive'"); got != "alive" {
		t.Error(got)
	}
}

// A replication stream goes on as tcp.
func TestReplication(t *testing.T) {
	s := newServer(t, "wal_level=logical")
	p, addr := anyVaurien(t, s, passing[1])
	c := tool(addr, "pg_recvlogical", "--slot=s", "-d", "postgres", "--create-slot", "--start", "-f", "-", "--no-loop", "-F", "0")
	var out lab.Output
	c.Stdout, c.Stderr = &out, &out
	lab.Must(t, c.Start())
	lab.Poll(t, func() error {
		if s.exec(t, "select count(*) from pg_replication_slots where active") == "1" {
			return nil
		}
		return fmt.Errorf("not active: %s", out.String())
	})
	s.exec(t, "insert into accounts values (77, 7)")
	lab.Poll(t, func() error {
		if strings.Contains(out.String(), "77") {
			return nil
		}
		return fmt.Errorf("it said %q", out.String())
	})
	c.Process.Kill()
	c.Wait()
	if !strings.Contains(p.Out.String(), "a replication stream") {
		t.Errorf("vaurien says\n%s", p.Out)
	}
}
