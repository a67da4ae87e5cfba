package script

import (
	"errors"
	"runtime"
	"sync"
	"time"

	"go.starlark.net/starlark"
)

const (
	// maxSteps is how many steps a call may take: some tens of milliseconds,
	// and 16 MiB. A handler takes some tens of steps.
	maxSteps = 1_000_000

	// shortSteps is how many steps a call may take, and with them 64 KiB, before
	// it counts as a slow one. Of these only as many run at a time as there are
	// processors, so that a thousand sessions do not take 16 MiB each.
	shortSteps = 4096

	// slowest is how long a slow call may take altogether.
	slowest = 10 * time.Second
)

const tooMuchWork = "too much work: a call may take a million steps and 16 MiB"

// runners are what the calls of one script share.
type runners struct {
	pool   sync.Pool
	places chan struct{} // of slow calls
}

func (rs *runners) init() {
	rs.places = make(chan struct{}, runtime.GOMAXPROCS(0))
	rs.pool.New = func() any { return rs.newRunner() }
}

// A runner runs one call at a time.
type runner struct {
	all    *runners
	thread starlark.Thread
	call   *call       // nil while the script is loaded
	timer  *time.Timer // nil unless the call is a slow one
	tired  bool        // the timer has rung, perhaps too late to tell for which call
}

// runnerKey is where a thread keeps its runner.
const runnerKey = "runner"

func runnerOf(t *starlark.Thread) *runner { return t.Local(runnerKey).(*runner) }

func (rs *runners) newRunner() *runner {
	r := &runner{all: rs}
	r.thread.SetLocal(runnerKey, r)
	r.thread.OnMaxSteps = func(*starlark.Thread) { r.atLimit() }
	r.thread.Print = func(_ *starlark.Thread, text string) {
		if r.call != nil {
			r.call.event.Log(text)
		}
	}
	return r
}

// run calls fn, for c unless the script is being loaded.
func (r *runner) run(c *call, fn func(t *starlark.Thread) error) error {
	r.call = c
	r.thread.Steps = 0
	r.thread.SetMaxExecutionSteps(shortSteps)
	err := fn(&r.thread)
	r.call = nil
	r.rest()
	if e, ok := errors.AsType[*starlark.EvalError](err); ok && r.thread.Steps >= maxSteps {
		e.Msg = tooMuchWork
	}
	return err
}

// done gives the runner back.
func (r *runner) done() {
	r.thread.Uncancel()
	if !r.tired {
		r.all.pool.Put(r)
	}
}

// atLimit is called by the interpreter.
func (r *runner) atLimit() {
	if r.thread.Steps >= maxSteps {
		r.thread.Cancel(tooMuchWork)
		return
	}
	r.slow()
}

// slow makes the call a slow one: it waits for a place.
func (r *runner) slow() {
	if r.timer == nil {
		r.thread.SetMaxExecutionSteps(maxSteps)
		r.all.places <- struct{}{}
		r.timer = time.AfterFunc(slowest, func() { r.thread.Cancel("a call may take ten seconds at most") })
	}
}

// rest gives back the place of a slow call, which may be slow again.
func (r *runner) rest() {
	if r.timer != nil {
		<-r.all.places
		r.tired = !r.timer.Stop() || r.tired
		r.timer = nil
	}
}

// load runs a program and returns its globals.
func (rs *runners) load(program *starlark.Program) (globals starlark.StringDict, err error) {
	r := rs.pool.Get().(*runner)
	err = r.run(nil, func(t *starlark.Thread) error {
		globals, err = program.Init(t, predeclared)
		return err
	})
	r.done()
	return globals, err
}
