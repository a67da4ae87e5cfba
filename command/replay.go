package command

import (
	"context"
	"errors"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/ledger/replay"
	"github.com/vaurien-proxy/vaurien/spec"
)

// replay makes the proxies do again what the ledger says that the settings name,
// and returns what it says; nil if they name none.
func (s *service) replay() (*replay.Recording, error) {
	path := s.program.Settings.Replay
	if path == "" {
		return nil, nil
	}
	recording, err := replay.Read(path)
	if err != nil {
		return nil, inputError{err}
	}
	before := s.app.registry
	s.app.registry = vaurien.NewRegistry(append(before.Behaviors(), recording.Kind(before)), before.Protocols())
	proxies, err := recording.Proxies(s.program.Proxies)
	if err != nil {
		return nil, inputError{err}
	}
	var errs []error
	for _, p := range proxies {
		_, err := s.app.registry.Build(p)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, inputError{err}
	}
	s.program.Proxies = proxies
	s.log.Info("replaying: plans, toxics and seeds are those of the ledger", "ledger", path)
	return recording, nil
}

// setReplayed puts a plan of the ledger in force.
func (s *service) setReplayed(proxy string, plan spec.Plan) {
	_, err := s.daemon.SetPlan(context.Background(), proxy, control.PlanChange{Plan: plan})
	if err != nil && !errors.Is(err, control.ErrClosed) {
		s.log.Error("a plan of the ledger cannot be put in force", "proxy", proxy, "plan", plan.Draw(), "error", err)
	}
}
