package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// spin starts the processes that a busy run competes with. What it returns ends
// them, also where not all could be started.
func (t *timing) spin() (quiet func(), err error) {
	var cmds []*exec.Cmd
	var dones []chan struct{}
	quiet = func() {
		for i, cmd := range cmds {
			t.procs.stop(cmd, dones[i])
		}
	}
	exe, err := os.Executable()
	if err != nil {
		return quiet, err
	}
	for i := range t.spinners {
		log := filepath.Join(t.dir, fmt.Sprintf("spin-%d.log", i))
		cmd, done, err := t.procs.spawn(log, nil, exe, "spin")
		if err != nil {
			return quiet, fmt.Errorf("spin: %w", err)
		}
		cmds, dones = append(cmds, cmd), append(dones, done)
	}
	return quiet, nil
}

// source starts the backend of that name.
func (t *timing) source() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd, done, err := t.procs.spawn(filepath.Join(t.dir, "backend-source.log"), nil,
		exe, "source", "-listen", fmt.Sprintf("127.0.0.1:%d", sourcePort))
	if err != nil {
		return err
	}
	t.port["source"], t.pid["source"] = sourcePort, cmd.Process.Pid
	return waitListen(sourcePort, done, 20*time.Second)
}
