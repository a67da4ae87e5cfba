package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/internal/command"
	"github.com/vaurien-proxy/vaurien/scenario"
)

const (
	// lookEvery is how often a scenario that runs elsewhere is looked at.
	lookEvery = 500 * time.Millisecond

	// runLease is how long a server plays on without whoever has it play, unless
	// the file says: some looks may fail, but nobody waits long.
	runLease = 15 * time.Second

	// mostSilence is how long a server that has answered need not answer again:
	// after that the scenario has ended there by its lease.
	mostSilence = runLease
)

const runScenarioHelp = `Has the server play a scenario and waits for its end, says what happens, and exits
with the status 0 if it ran to its end and its rails held, 1 if a rail, a step that
could not be made, or somebody else ended it, and 2 if something that was written is
wrong. A signal ends the scenario; the status is then 128 and its number (130: Ctrl-C).

Commands of the file's rails are run here, not by the server. Should this command
itself be gone, the server ends the scenario by the lease, 15s unless the file has
another.`

func (d *director) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run FILE",
		Short: "has the server play a scenario, and waits for its end",
		Long:  runScenarioHelp,
		Args:  one("the scenario's file"),
		RunE:  func(_ *cobra.Command, args []string) error { return d.run(args[0]) },
	}
}

// A conductor is who has a server play a scenario.
type conductor struct {
	*director
	c        *client.Client
	timeline *scenario.Scenario
	told     map[string]string // what was said of each step
	trips    chan string       // why a rail of ours ends it
}

func (d *director) run(path string) error {
	timeline, text, err := d.app.readTimeline(path)
	if err != nil {
		return err
	}
	c, err := d.client()
	if err != nil {
		return err
	}
	defer c.Close()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, command.Passed()...)
	defer signal.Stop(signals)

	start := control.ScenarioStart{Text: text, File: path, CallerRuns: true}
	if timeline.Lease == 0 {
		start.Lease = runLease
	}
	k := &conductor{director: d, c: c, timeline: timeline, told: make(map[string]string), trips: make(chan string, 1)}
	state, err := c.StartScenario(context.Background(), start)
	if err != nil {
		return remoteFailure(err)
	}
	return k.conduct(state, signals)
}

// conduct sees the scenario to its end.
func (k *conductor) conduct(state scenario.State, signals <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	for _, rail := range k.timeline.Rails {
		if rail.Command != "" {
			watching.Go(func() { k.watch(ctx, rail) })
		}
	}
	k.tell(state)
	id, seen := state.ID, time.Now()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		var err error
		select {
		case sig := <-signals:
			return k.stop(signalled(sig), statusError{128 + command.Number(sig), nil})
		case why := <-k.trips:
			return k.stop(why, statusError{exitFailed, fmt.Errorf("the scenario was %s: %s", scenario.Tripped, why)})
		case <-ticker.C:
			if state, err = k.look(ctx); err != nil && time.Since(seen) > mostSilence {
				return remoteFailure(err)
			}
		}
		if err != nil {
			continue
		}
		seen = time.Now()
		if state.ID != id {
			return errors.New("another scenario is in the place of this one")
		}
		k.tell(state)
		if !state.Live() {
			return k.ended(state)
		}
	}
}

func signalled(sig os.Signal) string { return "vaurien scenario run: " + sig.String() }

// watch runs a command of a rail over and over.
func (k *conductor) watch(ctx context.Context, rail scenario.Rail) {
	failures := 0
	scenario.Watch(ctx, rail, func(_ string, err error) {
		if err == nil {
			failures = 0
			return
		}
		if failures++; failures >= rail.Failures {
			select {
			case k.trips <- scenario.Trip(rail, failures, err):
			default: // another one has tripped
			}
		}
	})
}

// look says that we are there still, and returns the state.
func (k *conductor) look(ctx context.Context) (scenario.State, error) {
	state, err := k.c.RenewLease(ctx)
	if errors.Is(err, control.ErrNoScenario) {
		return k.c.Scenario(ctx) // it has ended
	}
	return state, err
}

// stop ends the scenario, and is what that comes to.
func (k *conductor) stop(why string, end error) error {
	state, err := k.c.StopScenario(context.Background(), why)
	if err == nil {
		k.tell(state)
		err = k.ended(state)
		if _, expected := errors.AsType[statusError](err); expected {
			err = nil
		}
	} else if errors.Is(err, control.ErrNoScenario) {
		err = nil // it has ended by itself meanwhile
	}
	if err != nil {
		return remoteFailure(err)
	}
	return end
}

// tell says what is new of the steps.
func (k *conductor) tell(s scenario.State) {
	if k.json {
		return
	}
	for _, step := range s.Steps {
		now := step.State + roundText(step)
		if before := k.told[step.Name]; before == now || before == "" && step.State == scenario.Pending {
			continue
		}
		k.told[step.Name] = now
		fmt.Fprintf(k.app.stderr, "vaurien: %s%s: %s%s\n", step.Name, with(", proxy ", step.Proxy), step.State, with(": ", step.Does))
	}
}

// ended prints the state at the end, and returns the error that it is, if any.
func (k *conductor) ended(s scenario.State) error {
	if err := k.print(s); err != nil {
		return err
	}
	return verdict(s)
}
