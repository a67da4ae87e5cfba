package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// runCmd runs a command to its end, which comes by force after limit. It
// returns the standard output; where it failed, the standard error after it.
func runCmd(limit time.Duration, name string, args ...string) ([]byte, *os.ProcessState, error) {
	cmd := exec.Command(name, args...)
	var out, errb bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errb
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	t := time.AfterFunc(limit, func() { cmd.Process.Kill() })
	err := cmd.Wait()
	t.Stop()
	if err != nil {
		return append(out.Bytes(), errb.Bytes()...), cmd.ProcessState, err
	}
	return out.Bytes(), cmd.ProcessState, nil
}

// processes are the long-lived children that run. The zero value has none.
type processes struct {
	mu      sync.Mutex
	running map[*exec.Cmd]bool
}

func (ps *processes) add(cmd *exec.Cmd) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.running == nil {
		ps.running = map[*exec.Cmd]bool{}
	}
	ps.running[cmd] = true
}

func (ps *processes) remove(cmd *exec.Cmd) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	delete(ps.running, cmd)
}

// signalAll sends a signal to the process group of each.
func (ps *processes) signalAll(sig syscall.Signal) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for cmd := range ps.running {
		syscall.Kill(-cmd.Process.Pid, sig)
	}
}

// stopAll ends them, those that take too long by force.
func (ps *processes) stopAll() {
	ps.signalAll(syscall.SIGTERM)
	time.Sleep(300 * time.Millisecond)
	ps.signalAll(syscall.SIGKILL)
}

// spawn starts a long-lived child in its own process group, its output in a log.
func (ps *processes) spawn(log string, env []string, name string, args ...string) (*exec.Cmd, chan struct{}, error) {
	cmd := exec.Command(name, args...)
	f, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	cmd.Stdout, cmd.Stderr = f, f
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	ps.add(cmd)
	done := make(chan struct{})
	go func() { cmd.Wait(); close(done) }()
	return cmd, done, nil
}

// stop ends a child and everything in its process group.
func (ps *processes) stop(cmd *exec.Cmd, done chan struct{}) {
	if cmd == nil {
		return
	}
	syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-done:
	case <-time.After(3 * time.Second):
	}
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	select {
	case <-done:
	case <-time.After(2 * time.Second):
	}
	ps.remove(cmd)
}

// listening looks into /proc: no connection is made just to see.
func listening(port int) bool { return listeners()[port] }

// listeners are the ports on which somebody listens.
func listeners() map[int]bool {
	ports := map[int]bool{}
	for _, p := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if b, err := os.ReadFile(p); err == nil {
			addListeners(ports, string(b))
		}
	}
	return ports
}

// addListeners reads a table as /proc/net/tcp has it: the local address is the
// second field, the state the fourth.
func addListeners(ports map[int]bool, table string) {
	const listen = "0A"
	for l := range strings.Lines(table) {
		f := strings.Fields(l)
		if len(f) < 4 || f[3] != listen {
			continue
		}
		if p, err := strconv.ParseUint(f[1][strings.LastIndexByte(f[1], ':')+1:], 16, 16); err == nil {
			ports[int(p)] = true
		}
	}
}

func waitListen(port int, done chan struct{}, limit time.Duration) error {
	end := time.Now().Add(limit)
	for time.Now().Before(end) {
		if listening(port) {
			return nil
		}
		select {
		case <-done:
			return errors.New("exited")
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.New("not listening in time")
}

func waitFree(port int) {
	for i := 0; i < 200 && listening(port); i++ {
		time.Sleep(25 * time.Millisecond)
	}
}
