package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"
)

// postgresCommand is what runs PostgreSQL, on a data folder that it makes if
// there is none. PostgreSQL refuses to run as root, hence runuser.
func (b *bed) postgresCommand() (name string, args []string, err error) {
	data := filepath.Join(b.dir, "pg")
	bin := pgBin()
	if bin == "" {
		return "", nil, errors.New("no postgres installation")
	}
	var as []string
	if os.Getuid() == 0 {
		as = []string{"runuser", "-u", "postgres", "--"}
	}
	if _, e := os.Stat(filepath.Join(data, "PG_VERSION")); e != nil {
		os.MkdirAll(data, 0o700)
		if u, e := user.Lookup("postgres"); e == nil && len(as) > 0 {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			os.Chown(data, uid, gid)
			os.Chmod(b.dir, 0o755)
		}
		a := append(append([]string{}, as...), bin+"/initdb", "-D", data, "-A", "trust", "-U", "postgres")
		if out, _, e := runCmd(time.Minute, a[0], a[1:]...); e != nil {
			return "", nil, fmt.Errorf("initdb: %v: %s", e, out)
		}
	}
	a := append(append([]string{}, as...), bin+"/postgres", "-D", data, "-p", strconv.Itoa(pgPort), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=256MB", "-c", "autovacuum=off")
	return a[0], a[1:], nil
}

// fillPostgres makes pgbench's tables once the server answers, unless they are
// there.
func fillPostgres() error {
	base := []string{"-h", "127.0.0.1", "-p", strconv.Itoa(pgPort), "-U", "postgres"}
	for range 50 {
		out, _, e := runCmd(10*time.Second, "psql", append(base, "-lqt")...)
		if e != nil {
			time.Sleep(200 * time.Millisecond)
			continue
		}
		if strings.Contains(string(out), " bench ") {
			return nil
		}
		if o, _, e := runCmd(time.Minute, "createdb", append(base, "bench")...); e != nil {
			return fmt.Errorf("createdb: %s", o)
		}
		if o, _, e := runCmd(2*time.Minute, "pgbench", append(base, "-i", "-s", "5", "-q", "bench")...); e != nil {
			return fmt.Errorf("pgbench -i: %s", o)
		}
		return nil
	}
	return errors.New("postgres does not answer")
}

// pgBin is the folder of the newest PostgreSQL of Debian, or empty.
func pgBin() string {
	m, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(m) == 0 {
		return ""
	}
	sort.Strings(m)
	return filepath.Dir(m[len(m)-1])
}
