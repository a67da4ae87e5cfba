package mysql

import (
	"context"
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// Talks of real clients, for the codec's tests to begin from: recorded with
// -update, and never the same twice.
func TestRecordTalks(t *testing.T) {
	if f := flag.Lookup("update"); f == nil || f.Value.String() != "true" {
		t.Skip("only with -update")
	}
	s := mariadb(t)
	s.table()
	short := strings.NewReplacer("seq_1_to_3000", "seq_1_to_50", "70000", "700").Replace(script)
	for _, talk := range []struct {
		name string
		do   func(addr string)
	}{
		{"mariadb", func(addr string) {
			run(t, addr, short, "mariadb", "--force", "--show-warnings", "--progress-reports", "app")
		}},
		{"mysqldump", func(addr string) { run(t, addr, "", "mysqldump", "app") }},
		{"sysbench", func(addr string) {
			lab.Run(t, "sysbench", sysbenchArgs(s.addr, "--table-size=20", "prepare")...)
			lab.Run(t, "sysbench", sysbenchArgs(addr, "--table-size=20", "--threads=1", "--events=3", "run")...)
		}},
		{"go-sql-driver", func(addr string) {
			c := s.conn(addr, "multiStatements=true")
			s.exec(c, "SET @a=1; SELECT 1; SELECT 2")
			s.value(c, "SELECT v FROM t WHERE id=?", 1)
			s.exec(c, "UPDATE t SET v=? WHERE id=?", 4, 2)
			tx, err := c.BeginTx(context.Background(), nil)
			lab.Must(t, err)
			_, err = tx.Exec("INSERT INTO t VALUES (?,?)", 5, nil)
			lab.Must(t, err)
			lab.Must(t, tx.Rollback())
			c.Close()
		}},
	} {
		addr, capture := lab.Record(t, s.addr)
		talk.do(addr)
		c := capture()
		c.Made = []string{"MariaDB 10.11 and " + talk.name + ", as they were"}
		lab.Keep(t, filepath.Join("../../protocol/mysql/testdata/talks", talk.name+".txt"), c)
	}
}
