package matrix

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/internal/command"
)

// A Config is how a Matrix is run. The zero value of a field means what its
// comment says.
type Config struct {
	Command  []string                 // and its arguments
	Environ  []string                 // the command's environment, to which the addresses are added
	Seed     uint64                   // of each failure's first run; those that follow count on
	Outputs  string                   // a directory for the output of each run; empty: only the last lines are kept
	Again    func(only string) string // the line that runs a case again; nil: reports have none
	Progress func(Progress)           // told what happens, from one goroutine at a time; nil: nobody
	Clock    vaurien.Clock            // nil: the runtime's timers
}

// A Progress is something that has happened.
type Progress struct {
	Label    string // of the run: PROXY/FAILURE, or "no failure"
	Unharmed bool   // it is one without a failure
	Attempt  int
	Run      *Run  // nil: it has begun
	Cell     *Cell // with the last run of a failure
	Done, Of int   // runs
}

// unharmed labels the runs without a failure.
const unharmed = "no failure"

// work is a matrix that is being run.
type work struct {
	*Matrix
	config  Config
	outputs string // the directory

	mu   sync.Mutex // guards what follows, and is held while progress is told
	done int
	of   int
}

// Run runs the command with no failure and then with each. When ctx is done it
// stops, and reports what it has. An error is about what keeps it from running
// at all, such as a command that there is not.
func (m *Matrix) Run(ctx context.Context, config Config) (*Report, error) {
	w := &work{Matrix: m, config: config, outputs: config.Outputs}
	if w.outputs == "" {
		dir, err := os.MkdirTemp("", "vaurien-matrix-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		w.outputs = dir
	} else if err := os.MkdirAll(w.outputs, 0o755); err != nil {
		return nil, err
	}
	began := time.Now()
	report := m.report(config, began)
	w.of = int(m.Settings.Repeat) * (1 + len(m.Cases))
	err := w.all(ctx, report)
	report.Seconds = time.Since(began).Seconds()
	report.Interrupted = ctx.Err() != nil
	if report.Interrupted {
		err = nil
	}
	report.finish()
	return report, err
}

// all makes all runs.
func (w *work) all(ctx context.Context, report *Report) error {
	for n := range int(w.Settings.Repeat) {
		r, err := w.attempt(ctx, attempt{number: n + 1, label: unharmed}, nil)
		if err != nil {
			return err
		}
		report.Control.Runs = append(report.Control.Runs, r)
		if !r.survived() {
			return nil // what fails without a failure cannot be asked how it fails
		}
	}
	report.Control.Median = median(report.Control.Runs)
	w.skipUnreached(report)
	return w.cases(ctx, report)
}

// skipUnreached leaves out the failures of proxies that the command, when all
// is well, does not connect to.
func (w *work) skipUnreached(report *Report) {
	for _, p := range w.Proxies {
		connected := slices.ContainsFunc(report.Control.Runs, func(r *Run) bool { return r.stats(p.Name).Sessions > 0 })
		if connected {
			continue
		}
		report.Unused = append(report.Unused, Unused{p.Name, command.Readers(p.Name, w.Env)})
		for _, c := range report.Cells {
			if c.Proxy == p.Name {
				c.skipped = true
				w.of -= int(w.Settings.Repeat)
			}
		}
	}
}

// cases runs the failures, as many at a time as the settings say.
func (w *work) cases(ctx context.Context, report *Report) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan *Cell)
	var workers sync.WaitGroup
	for range w.Settings.Parallel {
		workers.Go(func() {
			for cell := range next {
				if err := w.tryCase(ctx, cell); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, cell := range report.Cells {
		if cell.skipped {
			continue
		}
		select {
		case next <- cell:
		case <-ctx.Done():
		}
	}
	close(next)
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// tryCase makes the runs of a failure.
func (w *work) tryCase(ctx context.Context, cell *Cell) error {
	for n := range int(w.Settings.Repeat) {
		a := attempt{Case: &cell.spec, number: n + 1, expect: cell.expect, label: cell.spec.ID()}
		if _, err := w.attempt(ctx, a, cell); err != nil {
			return fmt.Errorf("%s: %w", a.label, err)
		}
	}
	return nil
}

// attempt makes a run and tells its progress.
func (w *work) attempt(ctx context.Context, a attempt, cell *Cell) (*Run, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w.tell(Progress{Label: a.label, Unharmed: cell == nil, Attempt: a.number})
	r, err := w.run(ctx, a)
	if err != nil {
		return nil, err
	}
	p := Progress{Label: a.label, Unharmed: cell == nil, Attempt: a.number, Run: r}
	if cell != nil {
		cell.Runs = append(cell.Runs, r)
		if a.number == int(w.Settings.Repeat) {
			cell.judge()
			p.Cell = cell
		}
	}
	w.tell(p)
	return r, nil
}

// tell tells of progress.
func (w *work) tell(p Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.Run != nil {
		w.done++
	}
	p.Done, p.Of = w.done, w.of
	if w.config.Progress != nil {
		w.config.Progress(p)
	}
}
