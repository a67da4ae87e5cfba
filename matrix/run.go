package matrix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/internal/command"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// grace is how long a command may take to end once it was told to.
const grace = 5 * time.Second

// A Run is one run of the command.
type Run struct {
	Attempt  int     `json:"attempt"` // from 1
	Seed     uint64  `json:"seed"`
	Status   int     `json:"status"`           // the exit status
	Signal   string  `json:"signal,omitempty"` // what ended the command
	TimedOut bool    `json:"timed_out"`
	Seconds  float64 `json:"seconds"`

	// Hits counts what the failure acted on; with none, nothing happened.
	Hits    uint64          `json:"hits"`
	Proxies []control.Proxy `json:"proxies"` // what passed, and what was done to it
	Tail    []string        `json:"tail"`    // the last lines of its output
	Output  string          `json:"output,omitempty"`

	outputMatches bool // what is expected, if that says something of it
}

// End says how the command ended.
func (r *Run) End() string {
	if r.TimedOut {
		return "still running"
	}
	return command.End{Status: r.Status, Signal: r.Signal}.String()
}

// survived reports whether the command succeeded.
func (r *Run) survived() bool { return r.Status == 0 && !r.TimedOut }

// stats returns what passed through a proxy.
func (r *Run) stats(proxy string) control.Stats {
	for _, p := range r.Proxies {
		if p.Name == proxy {
			return p.Stats
		}
	}
	return control.Stats{}
}

// attempt is a run that is to be made.
type attempt struct {
	*Case      // nil: no failure
	number int // from 1
	expect Expectation
	label  string // what progress calls it
}

// run runs the command once. It returns ctx's error if that ended it.
func (w *work) run(ctx context.Context, a attempt) (*Run, error) {
	r := &Run{Attempt: a.number, Seed: w.config.Seed + uint64(a.number-1)}
	trigger := newTrigger(a.Case)
	d := control.NewDaemon(w.registry, control.Options{
		Logger: slog.New(slog.DiscardHandler), Observer: trigger.observer(), Clock: w.config.Clock,
	})
	defer d.Close()
	if err := d.Apply(ctx, w.specs(a, r.Seed)); err != nil {
		return nil, err
	}
	output, err := w.output(a)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	cmd, err := w.command(d, output)
	if err != nil {
		return nil, err
	}

	scheduled, cancel := context.WithCancel(ctx)
	defer cancel()
	began := time.Now()
	p, err := command.Start(cmd, false)
	if err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- trigger.schedule(scheduled, d) }()
	timer := time.NewTimer(w.Settings.Timeout)
	defer timer.Stop()
	select {
	case <-p.Done():
	case <-timer.C:
		r.TimedOut = true
	case <-ctx.Done():
	}
	r.Seconds = time.Since(began).Seconds()
	if r.TimedOut || ctx.Err() != nil {
		p.Stop(grace)
	}
	end := p.Wait()
	p.Sweep() // so that no run disturbs the next
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	d.Close() // what it counts is whole once its sessions have ended
	r.Status, r.Signal, r.Proxies = end.Status, end.Signal, d.Summary()
	if a.Case != nil {
		for _, n := range r.stats(a.Proxy).Faults {
			r.Hits += n
		}
	}
	return r, w.readOutput(r, a, output)
}

// specs returns the proxies of a run.
func (w *work) specs(a attempt, seed uint64) []spec.Proxy {
	out := make([]spec.Proxy, len(w.Proxies))
	for i, p := range w.Proxies {
		p = p.Clone()
		p.Settings["seed"] = option.Value{Text: strconv.FormatUint(seed, 10)}
		if a.Case != nil && p.Name == a.Proxy && a.When.atStart() {
			p.Plan, p.Toxics = a.Plan.Clone(), spec.CloneToxics(a.Toxics)
		}
		out[i] = p
	}
	return out
}

// command returns the command, told where the proxies of d listen.
func (w *work) command(d *control.Daemon, output *os.File) (*exec.Cmd, error) {
	var addresses []command.Address
	for _, p := range d.Summary() {
		a, err := command.NewAddress(p.Name, p.Proxy)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, a)
	}
	cmd := exec.Command(w.config.Command[0], w.config.Command[1:]...)
	cmd.Env = append(w.config.Environ[:len(w.config.Environ):len(w.config.Environ)], command.Environ(addresses, w.Env)...)
	cmd.Stdout, cmd.Stderr = output, output
	return cmd, nil
}

// output opens the file of a run's output.
func (w *work) output(a attempt) (*os.File, error) {
	name := strings.NewReplacer("/", "--", ":", "-", " ", "-").Replace(a.label)
	return os.Create(filepath.Join(w.outputs, fmt.Sprintf("%s.%d.txt", name, a.number)))
}

// readOutput reads of a run's output what is wanted of it.
func (w *work) readOutput(r *Run, a attempt, output *os.File) error {
	var err error
	if r.Tail, err = command.Tail(output.Name(), int(w.Settings.Tail)); err != nil {
		return err
	}
	if a.expect.Output != nil {
		if _, err := output.Seek(0, io.SeekStart); err != nil {
			return err
		}
		text, err := io.ReadAll(io.LimitReader(output, matchedBytes))
		if err != nil {
			return err
		}
		r.outputMatches = a.expect.Output.Match(text)
	}
	if w.config.Outputs != "" {
		r.Output = output.Name()
	}
	return nil
}

// matchedBytes is how much of an output is searched for what is expected.
const matchedBytes = 64 << 20
