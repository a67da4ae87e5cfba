// Package servers starts what the shop talks to: PostgreSQL, Redis, and a payment
// provider that is ours.
package servers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// patience is how long a server may take to answer at first.
const patience = 30 * time.Second

// A Set is three servers that run.
type Set struct {
	Database, Cache, Payment string // their URLs

	dir     string // all their data
	started []*exec.Cmd
	payment *http.Server
}

// Start starts the servers on these ports of 127.0.0.1; 0 is a free one. Their
// data is gone when they are stopped.
func Start(database, cache, payment int) (*Set, error) {
	dir, err := os.MkdirTemp("", "shop-")
	if err != nil {
		return nil, err
	}
	s := &Set{dir: dir}
	if err := errors.Join(s.startPostgres(database), s.startRedis(cache), s.startPayment(payment)); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Stop ends the servers and waits for them.
func (s *Set) Stop() error {
	if s.payment != nil {
		s.payment.Close()
	}
	for _, c := range s.started {
		c.Process.Signal(syscall.SIGINT) // "fast" to PostgreSQL: it does not wait for its clients
		c.Wait()
	}
	return os.RemoveAll(s.dir)
}

func (s *Set) startRedis(port int) error {
	addr, err := address(port)
	if err != nil {
		return err
	}
	_, number, _ := net.SplitHostPort(addr)
	s.Cache = "redis://" + addr + "/0"
	return s.start(exec.Command("redis-server", "--bind", "127.0.0.1", "--port", number, "--save", "", "--dir", s.dir),
		func(ctx context.Context) error {
			var d net.Dialer
			c, err := d.DialContext(ctx, "tcp", addr)
			if err == nil {
				c.Close()
			}
			return err
		})
}

func (s *Set) startPayment(port int) error {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	s.Payment = "http://" + l.Addr().String()
	s.payment = &http.Server{Handler: NewProvider()}
	go s.payment.Serve(l)
	return nil
}

// start starts a program and waits until it answers.
func (s *Set) start(c *exec.Cmd, answers func(context.Context) error) error {
	log := filepath.Join(s.dir, filepath.Base(c.Path)+".log")
	out, err := os.Create(log)
	if err != nil {
		return err
	}
	defer out.Close()
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return missing(c.Path)
	} else if err != nil {
		return err
	}
	s.started = append(s.started, c)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := answers(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			said, _ := os.ReadFile(log)
			return fmt.Errorf("%s does not answer: %w\n%s", filepath.Base(c.Path), err, said)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// address returns an address of the loopback; port 0 is one that is free.
func address(port int) (string, error) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func missing(program string) error {
	return fmt.Errorf("%s is missing: install PostgreSQL and Redis, as ../../scripts/setup does", filepath.Base(program))
}
