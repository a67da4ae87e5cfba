package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// peer is a proxy to measure, as its script describes it (../README.md).
type peer struct {
	name   string
	script string
	caps   map[string]bool
}

// loadPeers asks the scripts in dir what they can do; only names some of them,
// comma separated.
func loadPeers(dir, only string) (ps []peer) {
	var names []string
	if only != "" {
		names = strings.Split(only, ",")
	} else {
		ents, err := os.ReadDir(dir)
		if err != nil {
			fatal("%v", err)
		}
		for _, e := range ents {
			if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !strings.Contains(e.Name(), ".") {
				names = append(names, e.Name())
			}
		}
	}
	for _, n := range names {
		p := peer{name: n, script: filepath.Join(dir, n), caps: map[string]bool{}}
		out, _, err := runCmd(5*time.Second, p.script, "caps")
		if err != nil {
			fatal("%s caps: %v %s", p.script, err, out)
		}
		for _, w := range strings.Fields(string(out)) {
			p.caps[w] = true
		}
		ps = append(ps, p)
	}
	return
}

// instance is a peer that runs, or can be started, for a cell.
type instance struct {
	peer
	port, admin, pid int
	attached         bool
	env              []string // more of it for the script, as NAME=VALUE
	cmd              *exec.Cmd
	done             chan struct{}
}

// startPeer runs the script of p for the cell, until it listens and its ready
// has been called.
func (b *bed) startPeer(p *instance, c cell) (*exec.Cmd, chan struct{}, error) {
	waitFree(p.port)
	run := filepath.Join(b.dir, "peer-"+p.name)
	os.MkdirAll(run, 0o755)
	env := []string{
		"LISTEN_PORT=" + strconv.Itoa(p.port), "BACKEND_PORT=" + strconv.Itoa(b.port[c.backend]), "ADMIN_PORT=" + strconv.Itoa(p.admin),
		"PROTO=" + map[string]string{"raw": "tcp", "redis": "redis", "pg": "postgres", "http": "http"}[c.backend],
		"FAULT=" + c.fault, "DELAY_MS=" + strconv.FormatFloat(c.delayMS, 'f', -1, 64), "JITTER_MS=" + strconv.FormatFloat(c.jitter, 'f', -1, 64),
		"RATE=" + strconv.FormatFloat(c.rate, 'f', -1, 64), "RUNDIR=" + run}
	env = append(env, p.env...)
	cmd, done, err := b.procs.spawn(filepath.Join(b.dir, "peer-"+p.name+".log"), env, p.script, "start")
	if err != nil {
		return nil, nil, err
	}
	if err := waitListen(p.port, done, 15*time.Second); err != nil {
		b.procs.stop(cmd, done)
		return nil, nil, err
	}
	time.Sleep(100 * time.Millisecond)
	rc := exec.Command(p.script, "ready")
	rc.Env = append(os.Environ(), env...)
	if out, err := rc.CombinedOutput(); err != nil {
		b.procs.stop(cmd, done)
		return nil, nil, fmt.Errorf("ready: %v %s", err, out)
	}
	return cmd, done, nil
}

// start runs a peer for the cell, unless it runs.
func (b *bed) start(in *instance, c cell) error {
	if in.attached || in.cmd != nil {
		return nil
	}
	cmd, done, err := b.startPeer(in, c)
	if err != nil {
		return err
	}
	in.cmd, in.done, in.pid = cmd, done, cmd.Process.Pid
	return nil
}

// end stops a peer that start has run.
func (b *bed) end(in *instance) {
	if in.cmd != nil {
		b.procs.stop(in.cmd, in.done)
		in.cmd = nil
	}
}
