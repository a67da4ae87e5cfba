package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
)

func (s *Set) startPostgres(port int) error {
	addr, err := address(port)
	if err != nil {
		return err
	}
	bin, err := postgresBin()
	if err != nil {
		return err
	}
	_, number, _ := net.SplitHostPort(addr)
	s.Database = "postgres://postgres@" + addr + "/postgres?sslmode=disable"
	home := filepath.Join(s.dir, "postgres")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	who, err := s.serverUser(home)
	if err != nil {
		return err
	}
	run := func(program string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(bin, program), args...)
		c.Dir, c.SysProcAttr = home, &syscall.SysProcAttr{Credential: who}
		return c
	}
	data := filepath.Join(home, "data")
	if out, err := run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C").CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	// The data is for minutes: it need not outlive a power cut. Each shop that is
	// tried has connections of its own.
	return s.start(run("postgres", "-D", data, "-h", "127.0.0.1", "-p", number,
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200"),
		func(ctx context.Context) error {
			c, err := pgx.Connect(ctx, s.Database)
			if err == nil {
				err = c.Close(ctx)
			}
			return err
		})
}

// serverUser returns who the server is to run as, which refuses root, and gives
// them the directory; nil: whoever we are.
func (s *Set) serverUser(home string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	err = errors.Join(err1, err2, os.Chmod(s.dir, 0o711), os.Chown(home, uid, gid))
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// postgresBin returns where the server's programs are: on the PATH, or where
// Debian has those of each version.
func postgresBin() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", missing("initdb")
	}
	return filepath.Dir(found[len(found)-1]), nil
}
