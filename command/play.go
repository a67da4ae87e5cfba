package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/internal/command"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/scenario"
)

// readScenario reads the scenario that the settings name; nil if they name none.
func (a *app) readScenario(settings *config.Settings) (*scenario.Scenario, error) {
	if settings.Scenario == "" {
		if settings.ScenarioExit {
			return nil, inputError{&option.Error{Place: "scenario-exit", Problem: "there is no scenario to end with: give --scenario FILE too"}}
		}
		return nil, nil
	}
	s, _, err := a.readTimeline(settings.Scenario)
	return s, err
}

// readTimeline reads a scenario's file, and returns its text too.
func (a *app) readTimeline(path string) (*scenario.Scenario, []byte, error) {
	s, text, err := scenario.ReadFile(path, a.registry)
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		err = &option.Error{Place: path, Problem: failure.Err.Error()}
	}
	if err != nil {
		return nil, nil, inputError{err}
	}
	return s, text, nil
}

// play begins to play a scenario, if there is one.
func (s *service) play(timeline *scenario.Scenario) error {
	if timeline == nil {
		return nil
	}
	run, err := s.daemon.Play(timeline, scenario.Options{})
	if option.Errors(err) != nil {
		return inputError{err}
	}
	s.scenario = run
	return err
}

// ended is closed when the program is to end with its scenario; nil if it is not.
func (s *service) ended() <-chan struct{} {
	if s.scenario == nil || !s.program.Settings.ScenarioExit {
		return nil
	}
	return s.scenario.Done()
}

// verdict is an error if the scenario did not run to its end.
func (s *service) verdict() error { return verdict(s.scenario.State()) }

func verdict(state scenario.State) error {
	if state.State == scenario.Over {
		return nil
	}
	return statusError{exitFailed, fmt.Errorf("the scenario was %s: %s", state.State, state.Reason)}
}

// interrupt ends the scenario before the sessions are let end, so that nothing
// holds them up. It is an error if the program was to run it to its end.
func (s *service) interrupt(sig os.Signal) error {
	if s.scenario == nil {
		return nil
	}
	live := s.scenario.State().Live()
	s.scenario.Stop("the program was stopped: " + sig.String())
	<-s.scenario.Done()
	if live && s.program.Settings.ScenarioExit {
		return statusError{128 + command.Number(sig), nil}
	}
	return nil
}

// tripped is an error if a rail or a step has ended the scenario.
func (s *service) tripped() error {
	if s.scenario == nil {
		return nil
	}
	if state := s.scenario.State(); state.State == scenario.Tripped || state.State == scenario.Failed {
		return verdict(state)
	}
	return nil
}

// checkScenario says what would be played.
func (a *app) checkScenario(program *config.Program) error {
	timeline, err := a.readScenario(&program.Settings)
	if timeline == nil || err != nil {
		return err
	}
	return a.printTimeline(timeline, program.Proxies)
}
