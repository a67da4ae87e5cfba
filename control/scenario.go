package control

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/scenario"
)

// Errors about scenarios that a Controller returns, possibly wrapped. One about
// a step is scenario.ErrNoStep.
var (
	ErrNoScenario = errors.New("no scenario is running")
	ErrScenario   = errors.New("a scenario is running already: stop it first")
	ErrStopped    = errors.New("all chaos is stopped: resume first")
)

// A ScenarioStart is a scenario to be started, as it is written.
type ScenarioStart struct {
	Text  []byte        // YAML or JSON
	File  string        // what it is called in errors; empty: body
	Lease time.Duration // in place of the scenario's own; 0: that

	// CallerRuns says that whoever starts it runs the commands of its rails, and
	// stops it if they fail. Commands that a server is to run need leave: see
	// Options.RunCommands.
	CallerRuns bool
}

// A stage is where scenarios are played, one at a time.
type stage struct {
	mu     sync.Mutex
	run    *scenario.Run // the present or the last one; nil: there was none
	count  int
	closed bool
}

// current returns the scenario that is running, if one is.
func (s *stage) current() (*scenario.Run, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run, s.live()
}

func (s *stage) live() bool {
	if s.run == nil {
		return false
	}
	select {
	case <-s.run.Done():
		return false
	default:
		return true
	}
}

// start plays what begin starts, unless something is played already.
func (s *stage) start(begin func(id string) (*scenario.Run, error)) (*scenario.Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.live():
		return nil, ErrScenario
	}
	run, err := begin(strconv.Itoa(s.count + 1))
	if err != nil {
		return nil, err
	}
	s.count++
	s.run = run
	return run, nil
}

// gone says that there is a proxy no more.
func (s *stage) gone(proxy string) {
	if run, live := s.current(); live {
		run.Gone(proxy)
	}
}

// close ends what is played, lets nothing begin any more, and waits.
func (s *stage) close() {
	s.mu.Lock()
	s.closed = true
	run := s.run
	s.mu.Unlock()
	if run != nil {
		run.Stop("the program stops")
		<-run.Done()
	}
}

// StartScenario implements Controller.
func (d *Daemon) StartScenario(ctx context.Context, start ScenarioStart) (scenario.State, error) {
	file := start.File
	if file == "" {
		file = "body"
	}
	s, err := scenario.Read(file, start.Text, d.Registry())
	if err != nil {
		return scenario.State{}, err
	}
	if err := checkLease(start.Lease); err != nil {
		return scenario.State{}, err
	}
	if !start.CallerRuns && !d.options.RunCommands {
		if err := noCommands(s); err != nil {
			return scenario.State{}, err
		}
	}
	run, err := d.Play(s, scenario.Options{Lease: start.Lease, CallerRuns: start.CallerRuns})
	if err != nil {
		return scenario.State{}, err
	}
	return run.State(), nil
}

func checkLease(lease time.Duration) error {
	if lease == 0 || lease >= time.Second && lease <= 24*time.Hour {
		return nil
	}
	return &option.Error{Name: "lease", Problem: lease.String() + ": write a time from 1s to 24h"}
}

// noCommands refuses rails that run commands.
func noCommands(s *scenario.Scenario) error {
	var errs []error
	for _, r := range s.Rails {
		if r.Command != "" {
			errs = append(errs, &option.Error{Place: r.Place, Name: "command", Problem: "is not run for whoever can call this server: " +
				"let vaurien scenario run do it, or start the server with --scenario-commands"})
		}
	}
	return errors.Join(errs...)
}

// Play plays a scenario that was read already.
func (d *Daemon) Play(s *scenario.Scenario, o scenario.Options) (*scenario.Run, error) {
	return d.stage.start(func(id string) (*scenario.Run, error) {
		if d.halted.Load() != nil {
			return nil, ErrStopped
		}
		o.ID = id
		o.Note = func(n scenario.Note) {
			d.log.Info(n.Text, "scenario", s.Name)
			d.note(n.Kind, n.Text)
		}
		return scenario.Start(s, target{d}, o)
	})
}

// note tells the ledger what becomes of scenarios, and of all chaos.
func (d *Daemon) note(kind, text string) {
	if d.options.Ledger != nil {
		d.options.Ledger.Add(ledger.Entry{Type: ledger.ScenarioType, Kind: kind, Text: text})
	}
}

// Scenario implements Controller.
func (d *Daemon) Scenario(ctx context.Context) (scenario.State, error) {
	run, _ := d.stage.current()
	if run == nil {
		return scenario.State{State: scenario.Idle, Steps: []scenario.StepState{}, Rails: []scenario.RailState{}}, nil
	}
	return run.State(), nil
}

// StopScenario implements Controller.
func (d *Daemon) StopScenario(ctx context.Context, reason string) (scenario.State, error) {
	return d.withScenario(func(run *scenario.Run) error {
		if reason == "" {
			reason = "somebody stopped it"
		}
		run.Stop(reason)
		select {
		case <-run.Done():
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// ReleaseStep implements Controller.
func (d *Daemon) ReleaseStep(ctx context.Context, step string) (scenario.State, error) {
	return d.withScenario(func(run *scenario.Run) error { return run.Release(step) })
}

// RenewLease implements Controller.
func (d *Daemon) RenewLease(ctx context.Context) (scenario.State, error) {
	return d.withScenario(func(run *scenario.Run) error { run.Renew(); return nil })
}

func (d *Daemon) withScenario(do func(*scenario.Run) error) (scenario.State, error) {
	run, live := d.stage.current()
	if !live {
		return scenario.State{}, ErrNoScenario
	}
	if err := do(run); err != nil {
		return scenario.State{}, err
	}
	return run.State(), nil
}

// target is a Daemon to those who play scenarios.
type target struct{ d *Daemon }

// Proxy implements scenario.Target.
func (t target) Proxy(name string) (string, error) {
	r, err := t.d.find(name)
	if err != nil {
		return "", err
	}
	return r.name, nil
}

// Compile implements scenario.Target.
func (t target) Compile(proxy string, c scenario.Change) (scenario.Effect, error) {
	r, err := t.d.find(proxy)
	if err != nil {
		return nil, err
	}
	root := r.configuration().root()
	l := layer{id: t.d.layerID(), owner: staged, backend: c.Backend, enabled: c.Enabled}
	if c.Plan != nil {
		l.plan, err = t.d.compileLayer(&layerPlan{draw: *c.Plan, share: c.Share}, root)
		if err != nil {
			return nil, err
		}
	}
	if c.Toxics != nil {
		l.toxics = t.d.words().registry.NormalToxics(c.Toxics, root.spec.Behaviors)
		if _, err := t.d.compileToxics(l.toxics, root); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Put implements scenario.Target. A layer out of which something was taken by
// hand stays so.
func (t target) Put(ctx context.Context, proxy string, effects []scenario.Effect) error {
	return t.d.relay(ctx, proxy, func(layers []layer) []layer {
		var kept []layer
		for _, l := range layers {
			if l.owner != staged || slices.ContainsFunc(effects, func(e scenario.Effect) bool { return e.(layer).id == l.id }) {
				kept = append(kept, l)
			}
		}
		for _, e := range effects {
			if l := e.(layer); !slices.ContainsFunc(kept, func(k layer) bool { return k.id == l.id }) {
				kept = append(kept, l)
			}
		}
		return kept
	})
}
