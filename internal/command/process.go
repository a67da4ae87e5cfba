package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// The exit statuses that shells and timeout(1) give what is not the command's
// own doing.
const (
	StatusTimedOut  = 124
	StatusCannotRun = 126
	StatusNotFound  = 127
	statusSignal    = 128 // and the signal's number
)

// A Process is a command that runs, with what it has started.
type Process struct {
	cmd    *exec.Cmd
	shared bool // it is in our own process group
	done   chan struct{}
	end    End // once done is closed
}

// An End is how a command ended.
type End struct {
	Status int    // 128 and the signal's number if a signal ended it
	Signal string // SIGKILL; empty if none did
}

func (e End) String() string {
	if e.Signal != "" {
		return "killed by " + e.Signal
	}
	return fmt.Sprintf("exit status %d", e.Status)
}

// A StartError says why a command could not be started.
type StartError struct {
	Status int // what a shell would exit with
	err    error
}

func (e *StartError) Error() string { return e.err.Error() }
func (e *StartError) Unwrap() error { return e.err }

// Start starts cmd. It is made the head of a process group, so that it can be
// signalled and ended together with what it starts, unless it shares ours: a
// terminal then signals it as it does us.
//
// Where cmd's Stdout or Stderr are not files, only what is written until the
// command itself has ended is sure to be copied.
func Start(cmd *exec.Cmd, shared bool) (*Process, error) {
	p := &Process{cmd: cmd, shared: shared, done: make(chan struct{})}
	cmd.SysProcAttr = attributes(shared)
	cmd.WaitDelay = time.Second // what it left behind may hold its output open for ever
	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, startError(cmd.Args[0], err)
	}
	return p, nil
}

// run is the goroutine that starts the command and waits for it. It keeps its
// thread, whose end would be taken for ours: see attributes.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	err = p.cmd.Wait()
	p.end = endOf(p.cmd.ProcessState)
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) && p.end.Status == 0 {
		p.end.Status = 1 // its output could not be written
	}
	close(p.done)
}

func startError(name string, err error) error {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return &StartError{StatusNotFound, fmt.Errorf("%s: there is no such command on the PATH", name)}
	case errors.Is(err, exec.ErrDot):
		return &StartError{StatusNotFound, fmt.Errorf("%s: it is in the current directory only: write ./%[1]s", name)}
	case errors.Is(err, fs.ErrNotExist):
		return &StartError{StatusNotFound, fmt.Errorf("%s: there is no such file, or what its first line names is missing", name)}
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return &StartError{StatusCannotRun, fmt.Errorf("%s: cannot be run: %w", name, err)}
}

// Done is closed when the command itself has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits until the command itself has ended.
func (p *Process) Wait() End {
	<-p.done
	return p.end
}

// Signal passes a signal on to the command and, unless it shares our process
// group, to all that it has started.
func (p *Process) Signal(sig os.Signal) { p.signal(sig) }

// Stop asks the command to end, and ends it once grace is over.
func (p *Process) Stop(grace time.Duration) {
	p.signal(terminate)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.signal(os.Kill)
		<-p.done
	}
}

// Sweep ends what an ended command has left behind, unless it shares our
// process group.
func (p *Process) Sweep() {
	if !p.shared {
		p.signal(os.Kill)
	}
}
