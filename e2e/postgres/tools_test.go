package postgres

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// tool is one of the server's own client programs, at an address.
func tool(addr, name string, args ...string) *exec.Cmd {
	host, port, _ := net.SplitHostPort(addr)
	c := osCommand(append([]string{programs + name}, args...)...)
	c.Env = append(c.Env, "PGHOST="+host, "PGPORT="+port, "PGUSER=postgres", "PGDATABASE=postgres")
	return c
}

// output runs a tool and returns what it wrote.
func output(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(c.Args, " "), err, out)
	}
	return string(out)
}

// psql runs SQL or commands of psql's own.
func psql(t *testing.T, addr string, commands ...string) string {
	t.Helper()
	args := []string{"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"}
	for _, c := range commands {
		args = append(args, "-c", c)
	}
	return strings.TrimSpace(output(t, tool(addr, "psql", args...)))
}

// sum is the checksum of what a tool writes, which is gone.
func sum(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	hash := sha256.New()
	c.Stdout = hash
	lab.Must(t, c.Run())
	return fmt.Sprintf("%x", hash.Sum(nil))
}

// pgbench keeps its books in each of its modes.
func TestPgbench(t *testing.T) {
	s := newServer(t)
	output(t, tool(s.addr(), "pgbench", "-i", "-q", "-s", "1"))
	for _, behavior := range passing {
		addr := vaurien(t, s, behavior)
		for _, mode := range []string{"simple", "extended", "prepared"} {
			s.exec(t, "truncate pgbench_history; update pgbench_accounts set abalance = 0")
			output(t, tool(addr, "pgbench", "-n", "-M", mode, "-c", "8", "-j", "2", "-t", "40"))
			const books = "select count(*), sum(delta) = (select sum(abalance) from pgbench_accounts) from pgbench_history"
			if got := psql(t, s.addr(), books); got != "320|t" {
				t.Errorf("%s, %s: %s", behavior, mode, got)
			}
		}
	}
}

// A hundred megabytes go in and out by COPY and come back the same; so does a
// whole database by pg_dump, and a large object by function calls.
func TestBulk(t *testing.T) {
	s := newServer(t)
	s.exec(t, "create table big as select n, repeat(md5(n::text), 3) t from generate_series(1, 1000000) n")
	s.exec(t, "create index on big (n); create table wide as select repeat('x', 30000000) t")
	s.exec(t, "create database copied")
	dir := t.TempDir()
	file := filepath.Join(dir, "rows")
	f, err := os.Create(file)
	lab.Must(t, err)
	out := tool(s.addr(), "psql", "-X", "-c", "copy big to stdout")
	out.Stdout = f
	lab.Must(t, out.Run())
	f.Close()
	if info, err := os.Stat(file); err != nil || info.Size() < 100e6 {
		t.Fatalf("%v, %v", info.Size(), err)
	}
	direct := sum(t, tool(s.addr(), "psql", "-X", "-c", "copy big to stdout"))
	dump := sum(t, tool(s.addr(), "pg_dump", "--restrict-key=same", "-t", "accounts", "-t", "wide"))

	for _, behavior := range passing {
		addr := vaurien(t, s, behavior)
		if got := sum(t, tool(addr, "psql", "-X", "-c", "copy big to stdout")); got != direct {
			t.Errorf("%s: copied out differently", behavior)
		}
		psql(t, addr, "drop table if exists again; create table again (like big)", `\copy again from '`+file+"'")
		if got := sum(t, tool(s.addr(), "psql", "-X", "-c", "copy again to stdout")); got != direct {
			t.Errorf("%s: copied in differently", behavior)
		}
		if got := sum(t, tool(addr, "pg_dump", "--restrict-key=same", "-t", "accounts", "-t", "wide")); got != dump {
			t.Errorf("%s: dumped differently", behavior)
		}
		psql(t, s.addr(), "drop database copied with (force)", "create database copied")
		dumped, restored := tool(addr, "pg_dump", "--restrict-key=same", "-t", "accounts", "-t", "wide"), tool(addr, "psql", "-X", "-q", "copied")
		restored.Stdin, err = dumped.StdoutPipe()
		lab.Must(t, err)
		lab.Must(t, dumped.Start())
		output(t, restored)
		lab.Must(t, dumped.Wait())
		if got := sum(t, tool(s.addr(), "pg_dump", "--restrict-key=same", "-t", "accounts", "-t", "wide", "copied")); got != dump {
			t.Errorf("%s: restored differently", behavior)
		}

		back := filepath.Join(dir, "back")
		part := filepath.Join(dir, "part")
		b := make([]byte, 5<<20)
		rand.Read(b)
		lab.Must(t, os.WriteFile(part, b, 0o644))
		psql(t, addr, `\lo_import '`+part+"'", `\lo_export :LASTOID '`+back+"'")
		if got, err := os.ReadFile(back); err != nil || string(got) != string(b) {
			t.Errorf("%s: a large object of %d bytes came back as %d, %v", behavior, len(b), len(got), err)
		}
	}
}

// Ctrl-C in psql cancels the statement.
func TestInterruptedPsql(t *testing.T) {
	s := newServer(t)
	addr := vaurien(t, s, passing[0])
	c := tool(addr, "psql", "-X", "-A", "-t")
	in, err := c.StdinPipe()
	lab.Must(t, err)
	var out lab.Output
	c.Stdout, c.Stderr = &out, &out
	lab.Must(t, c.Start())
	fmt.Fprintln(in, "select pg_sleep(600);")
	watch := connect(t, url(s.addr()))
	lab.Poll(t, func() error {
		if query(t, watch, "select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == "1" {
			return nil
		}
		return errNotYet
	})
	lab.Must(t, c.Process.Signal(syscall.SIGINT))
	in.Close()
	lab.Poll(t, func() error {
		if strings.Contains(out.String(), "canceling statement due to user request") {
			return nil
		}
		return fmt.Errorf("psql said %q", out.String())
	})
	c.Wait()
}

// sslmode=prefer works with and without TLS, and passwords by SCRAM do.
func TestOpening(t *testing.T) {
	s := newServer(t)
	s.rewrite(t, "pg_hba.conf", "host all app 127.0.0.1/32 scram-sha-256", "host all md5 127.0.0.1/32 md5", "host all all 127.0.0.1/32 trust")
	s.exec(t, "select pg_reload_conf()")
	addr := vaurien(t, s, passing[0])
	for _, mode := range []string{"disable", "prefer"} {
		got := psql(t, addr+"", "select ssl from pg_stat_ssl where pid = pg_backend_pid()")
		if got != "f" {
			t.Errorf("%s: ssl is %s", mode, got)
		}
		c := tool(addr, "psql", "-X", "-A", "-t", "-c", "select current_user")
		c.Env = append(c.Env, "PGSSLMODE="+mode, "PGUSER=app", "PGPASSWORD=secret")
		if got := strings.TrimSpace(output(t, c)); got != "app" {
			t.Errorf("%s: %s", mode, got)
		}
		if got := query(t, connect(t, "postgres://app:secret@"+addr+"/postgres?sslmode="+mode), "select current_user"); got != "app" {
			t.Errorf("%s: %s", mode, got)
		}
	}

	certificate(t, s)
	s = restarted(t, s, "ssl=on")
	p, addr := anyVaurien(t, s, passing[1], "--log-level", "debug")
	for range 3 {
		if got := psql(t, addr, "select ssl from pg_stat_ssl where pid = pg_backend_pid()"); got != "t" {
			t.Errorf("ssl is %s", got)
		}
		if got := query(t, connect(t, "postgres://app:secret@"+addr+"/postgres?sslmode=require"), "select current_user"); got != "app" {
			t.Errorf("%s", got)
		}
	}
	if got := p.Out.String(); !strings.Contains(got, "the protocol was switched") || strings.Contains(got, "WARN") {
		t.Errorf("vaurien says\n%s", got)
	}
}

// With plain, clients that would encrypt if they could go on without.
func TestPlain(t *testing.T) {
	s := initServer(t)
	certificate(t, s)
	s.append(t, "postgresql.conf", "ssl=on")
	s.start(t)
	addr := vaurien(t, s, passing[0], "--protocol-postgres-plain")
	if got := psql(t, addr, "select ssl from pg_stat_ssl where pid = pg_backend_pid()"); got != "f" {
		t.Errorf("ssl is %s", got)
	}
}

// restarted is a server started again with these settings too.
func restarted(t *testing.T, s *server, settings ...string) *server {
	t.Helper()
	lab.Must(t, s.Cmd.Process.Signal(syscall.SIGINT))
	s.Wait(`database system is shut down`)
	s.Stop()
	s.append(t, "postgresql.conf", settings...)
	return s.start(t)
}

// certificate gives the server one, for TLS.
func certificate(t *testing.T, s *server) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	lab.Must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	lab.Must(t, err)
	private, err := x509.MarshalECPrivateKey(key)
	lab.Must(t, err)
	for name, block := range map[string]*pem.Block{
		"server.crt": {Type: "CERTIFICATE", Bytes: der}, "server.key": {Type: "EC PRIVATE KEY", Bytes: private},
	} {
		file := filepath.Join(s.dir, name)
		lab.Must(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
		if os.Getuid() == 0 {
			run(t, "chown", "--reference", s.dir, file)
		}
	}
}
