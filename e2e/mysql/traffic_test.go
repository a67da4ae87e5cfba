package mysql

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// script is what the command-line client runs: results, multi-results, errors,
// prepared statements in SQL, and progress reports of an ALTER.
const script = `
CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200), b LONGBLOB);
INSERT INTO a (v) SELECT CONCAT('row ', seq) FROM seq_1_to_3000;
SELECT COUNT(*), SUM(id) FROM a;
SELECT * FROM a ORDER BY id;
SELECT NULL, '', 0x00, REPEAT('x', 300), REPEAT('y', 70000);
INSERT INTO a (id) VALUES (1);
SELECT nothing FROM nowhere;
DELIMITER //
CREATE PROCEDURE p() BEGIN SELECT 1; SELECT * FROM a WHERE id < 4; SELECT 2; END //
DELIMITER ;
CALL p();
PREPARE s FROM 'SELECT v FROM a WHERE id=?'; SET @i=17; EXECUTE s USING @i; DEALLOCATE PREPARE s;
BEGIN; UPDATE a SET v='changed' WHERE id<10; SAVEPOINT x; DELETE FROM a; ROLLBACK TO x; COMMIT;
ALTER TABLE a FORCE;
CHECKSUM TABLE a;
SHOW WARNINGS;
DROP PROCEDURE p; DROP TABLE a;
`

// run runs a program of MariaDB's against addr, with its input.
func run(t *testing.T, addr, input, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, client(addr, args...)...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// The command-line client gets through a proxy what it gets from the server.
func TestClientGetsTheSameAsDirect(t *testing.T) {
	s := mariadb(t)
	args := []string{"--force", "--table", "--progress-reports", "--show-warnings", "app"}
	quick := append([]string{"--quick"}, args...)
	direct, directly := run(t, s.addr, script, "mariadb", args...), run(t, s.addr, script, "mariadb", quick...)
	for _, plan := range proxied {
		p, addr := s.vaurien(plan)
		if got := run(t, addr, script, "mariadb", args...); got != direct {
			t.Errorf("%s: got\n%.2000s\nwant\n%.2000s", plan, got, direct)
		}
		if got := run(t, addr, script, "mariadb", quick...); got != directly {
			t.Errorf("%s, --quick: got\n%.2000s\nwant\n%.2000s", plan, got, directly)
		}
		understood(t, p)
	}
}

// Files, large values and dumps come through unharmed.
func TestBulk(t *testing.T) {
	s := mariadb(t)
	dir := t.TempDir()
	var rows strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&rows, "%d\tline %d of the file\n", i, i)
	}
	file := filepath.Join(dir, "rows.txt")
	lab.Must(t, os.WriteFile(file, []byte(rows.String()), 0o644))
	empty := filepath.Join(dir, "empty.txt")
	lab.Must(t, os.WriteFile(empty, nil, 0o644))
	large := strings.Repeat("0123456789abcdef", 17<<20/16) // two packets
	for _, plan := range proxied {
		p, addr := s.vaurien(plan)
		s.exec(s.admin, "CREATE TABLE app.f (id INT PRIMARY KEY, v VARCHAR(100))")
		s.exec(s.admin, "CREATE TABLE app.l (id INT PRIMARY KEY, v LONGTEXT)")
		run(t, addr, fmt.Sprintf("LOAD DATA LOCAL INFILE '%s' INTO TABLE f; LOAD DATA LOCAL INFILE '%s' INTO TABLE f; SELECT COUNT(*) FROM f;", file, empty),
			"mariadb", "--local-infile=1", "app")
		if n := s.value(s.admin, "SELECT CONCAT(COUNT(*),' ',SUM(id)) FROM app.f"); n != "200000 19999900000" {
			t.Errorf("%s: loaded %s", plan, n)
		}
		if out, err := exec.Command("mariadb", client(addr, "--local-infile=1", "app", "-e", "LOAD DATA LOCAL INFILE '/nowhere' INTO TABLE f")...).CombinedOutput(); err == nil {
			t.Errorf("a file that is not there: %s", out)
		}

		db := s.open(dsn(addr, "maxAllowedPacket=67108864&interpolateParams=true"))
		s.exec(db, "INSERT INTO l VALUES (1,?)", large)
		prepared := s.open(dsn(addr, "maxAllowedPacket=67108864"))
		s.exec(prepared, "INSERT INTO l VALUES (2,?)", large)
		for id := range 2 {
			if got := s.value(prepared, "SELECT v FROM l WHERE id=?", id+1); sha256.Sum256([]byte(got)) != sha256.Sum256([]byte(large)) {
				t.Errorf("%s: a value of %d bytes, want %d", plan, len(got), len(large))
			}
		}

		dump := run(t, addr, "", "mysqldump", "--skip-comments", "app")
		run(t, addr, dump, "mariadb", "--max-allowed-packet=64M", "spare")
		for _, table := range []string{"f", "l"} {
			if s.value(s.admin, "SELECT 1 FROM (SELECT COUNT(*) n FROM app."+table+") a JOIN (SELECT COUNT(*) n FROM spare."+table+") b USING (n)") != "1" {
				t.Errorf("%s: %s has not as many rows after a dump", plan, table)
			}
			if checksum(s, "app."+table) != checksum(s, "spare."+table) {
				t.Errorf("%s: %s differs after a dump", plan, table)
			}
		}
		s.exec(s.admin, "DROP TABLE app.f, app.l, spare.f, spare.l")
		understood(t, p)
	}
}

func checksum(s *server, table string) string {
	var name, sum string
	lab.Must(s.t, s.admin.QueryRowContext(context.Background(), "CHECKSUM TABLE "+table).Scan(&name, &sum))
	return sum
}

// sysbenchArgs are the arguments by which sysbench reaches addr.
func sysbenchArgs(addr string, args ...string) []string {
	host, port, _ := strings.Cut(addr, ":")
	return append([]string{"oltp_read_write", "--db-driver=mysql", "--mysql-host=" + host, "--mysql-port=" + port, "--mysql-user=app",
		"--mysql-password=secret", "--mysql-db=app", "--tables=2", "--table-size=500", "--threads=4", "--time=60", "--events=200"}, args...)
}

var (
	ignored    = regexp.MustCompile(`ignored errors:\s+(\d+)`)
	reconnects = regexp.MustCompile(`reconnects:\s+(\d+)`)
)

// sysbench and mysqlslap work without an error through a proxy.
func TestLoad(t *testing.T) {
	s := mariadb(t)
	for _, plan := range proxied {
		p, addr := s.vaurien(plan)
		lab.Run(t, "sysbench", sysbenchArgs(addr, "prepare")...)
		for _, mode := range []string{"--db-ps-mode=auto", "--db-ps-mode=disable"} {
			out := lab.Run(t, "sysbench", sysbenchArgs(addr, mode, "run")...)
			if m := reconnects.FindStringSubmatch(out); m == nil || m[1] != "0" || strings.Contains(out, "FATAL") {
				t.Errorf("%s, %s:\n%s", plan, mode, out)
			}
		}
		lab.Run(t, "sysbench", sysbenchArgs(addr, "cleanup")...)
		run(t, addr, "", "mysqlslap", "--create-schema=slap", "--concurrency=4", "--iterations=1", "--number-of-queries=200", "--auto-generate-sql", "--auto-generate-sql-load-type=mixed")
		understood(t, p)
	}
}

// A client that compresses, or encrypts, works, though nothing can be done to
// its statements; with plain it does neither, and they are understood.
func TestPassedOnAsTCP(t *testing.T) {
	s := mariadb(t, tlsArgs(t)...)
	for _, tt := range []struct {
		args string
		says string // in the log
		show string
		tcp  string // what is to be seen without and with plain
		own  string
	}{
		{"--compress --skip-ssl", "compression", "SHOW STATUS LIKE 'Compression'", "ON", "OFF"},
		{"--ssl", "TLS begins", "SHOW STATUS LIKE 'Ssl_version'", "TLSv", ""},
	} {
		p, addr := s.vaurien("--behavior 100:dummy")
		if out := run(t, addr, "", "mariadb", append(strings.Fields(tt.args), "app", "-Ne", tt.show)...); !strings.Contains(out, tt.tcp) {
			t.Errorf("%s: %s", tt.args, out)
		}
		p.Wait(regexp.QuoteMeta("the session goes on as tcp") + ".*" + tt.says)

		p, addr = s.vaurien("--behavior 100:dummy", "--protocol-mysql-plain")
		out := run(t, addr, "", "mariadb", append(strings.Fields(tt.args), "app", "-Ne", tt.show)...)
		if f := strings.Fields(out); len(f) > 1 && f[1] != tt.own || len(f) == 1 && tt.own != "" {
			t.Errorf("%s, plain: %s", tt.args, out)
		}
		understood(t, p)
	}
}

// A login whose plugin is changed by the server, and one that has no password,
// come through, and failures are told apart from the server's own.
func TestLogins(t *testing.T) {
	s := mariadb(t)
	s.exec(s.admin, "INSTALL SONAME 'auth_ed25519'")
	s.exec(s.admin, "CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('secret')")
	s.exec(s.admin, "CREATE USER open@'%'")
	for _, plan := range proxied {
		p, addr := s.vaurien(plan)
		for _, user := range []string{"ed:secret", "open"} {
			db := s.open(user + "@tcp(" + addr + ")/")
			if who := s.value(db, "SELECT CURRENT_USER()"); who != strings.TrimSuffix(user, ":secret")+"@%" {
				t.Errorf("%s is %s", user, who)
			}
		}
		fails(t, s.open("ed:wrong@tcp("+addr+")/").Ping(), 1045)
		understood(t, p)
	}
	_, addr := s.vaurien("--behavior 100:error --behavior-error-kind access-denied")
	err := s.open("open@tcp(" + addr + ")/").Ping()
	if want := "Access denied for user 'open'@'localhost' (using password: NO)"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	// The second packet of a login fails in its turn.
	_, addr = s.vaurien("", "--behavior", "100:error", "--behavior-error-kind", "access-denied", "--behavior-error-match", `verb == "auth"`)
	fails(t, s.open("ed:secret@tcp("+addr+")/").Ping(), 1045)
	if who := s.value(s.open("open@tcp("+addr+")/"), "SELECT CURRENT_USER()"); who != "open@%" {
		t.Errorf("open is %s", who)
	}
}
