package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// While plans come and go, the books balance, every reply is that to its own
// request, and nobody waits for ever.
func TestSoak(t *testing.T) {
	s := mariadb(t)
	for _, options := range []string{"", "interpolateParams=true&multiStatements=true"} {
		s.exec(s.admin, "CREATE OR REPLACE TABLE app.books (id INT PRIMARY KEY, balance INT)")
		for i := range 10 {
			s.exec(s.admin, "INSERT INTO app.books VALUES (?, 0)", i)
		}
		s.exec(s.admin, "CREATE OR REPLACE TABLE app.done (id VARCHAR(40) PRIMARY KEY)")
		p, addr, put := lab.Soaked(t, "--protocol", "mysql", "--proxy", "127.0.0.1:0", "--backend", s.addr)
		db := s.open(dsn(addr, options))
		db.SetMaxOpenConns(6)
		b := books{applied: make(map[string]bool), not: make(map[string]bool)}
		lab.Soak(t, put, lab.SoakPlans(""), 6, func(worker int, rng *rand.Rand) {
			switch rng.IntN(3) {
			case 0:
				b.transfer(db, rng)
			case 1:
				_, err := db.Exec("INSERT INTO done VALUES (?)", b.id(rng))
				_ = err
			default:
				b.echo(t, db, rng)
			}
		})
		s.exec(db, "DO 1")
		db.Close()
		lab.Poll(t, func() error {
			if n := s.value(s.admin, "SELECT COUNT(*) FROM information_schema.innodb_trx"); n != "0" {
				return fmt.Errorf("%s transactions are open", n)
			}
			return nil
		})
		b.check(t, s)
		if out := p.Out.String(); strings.Contains(out, "goes on as tcp") || strings.Contains(out, "panic") {
			t.Error(out)
		}
	}
}

type books struct {
	mu           sync.Mutex
	applied, not map[string]bool
	unknown      int
}

func (b *books) id(rng *rand.Rand) string { return fmt.Sprintf("%x", rng.Uint64()) }

// transfer moves money in a transaction.
func (b *books) transfer(db *sql.DB, rng *rand.Rand) {
	ctx := context.Background()
	id := b.id(rng)
	amount, from, to := rng.IntN(100), rng.IntN(10), rng.IntN(10)
	if from > to { // no deadlock but one that is made
		from, to, amount = to, from, -amount
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return
	}
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{"UPDATE books SET balance = balance - ? WHERE id = ?", []any{amount, from}},
		{"INSERT INTO done VALUES (?)", []any{id}},
		{"UPDATE books SET balance = balance + ? WHERE id = ?", []any{amount, to}},
	} {
		if _, err = tx.ExecContext(ctx, step.sql, step.args...); err != nil {
			break
		}
	}
	b.mu.Lock()
	b.mu.Unlock()
	if err != nil {
		tx.Rollback()
		b.mu.Lock()
		b.not[id] = true
		b.mu.Unlock()
		return
	}
	err = tx.Commit()
	b.mu.Lock()
	defer b.mu.Unlock()
	var said *mysql.MySQLError
	switch {
	case err == nil:
		b.applied[id] = true
	case errors.As(err, &said) && (said.Number == 1290 || said.Number == 1213):
		b.not[id] = true
	default:
		b.unknown++
	}
}

// echo asks for a unique text.
func (b *books) echo(t *testing.T, db *sql.DB, rng *rand.Rand) {
	text, n := b.id(rng), 1
	if rng.IntN(10) == 0 {
		n = 500
	}
	rows, err := db.Query("SELECT ? FROM mysql.help_topic LIMIT "+fmt.Sprint(n), text)
	if err != nil {
		return
	}
	defer rows.Close()
	for rows.Next() {
		var got string
		if rows.Scan(&got) == nil && got != text {
			t.Errorf("asked for %s, got %s", text, got)
		}
	}
}

func (b *books) check(t *testing.T, s *server) {
	if sum := s.value(s.admin, "SELECT SUM(balance) FROM app.books"); sum != "0" {
		t.Errorf("the books are out by %s", sum)
	}
	done := make(map[string]bool)
	rows, err := s.admin.Query("SELECT id FROM app.done")
	lab.Must(t, err)
	defer rows.Close()
	for rows.Next() {
		var id string
		lab.Must(t, rows.Scan(&id))
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
