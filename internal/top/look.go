package top

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/vaurien-proxy/vaurien/client"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/scenario"
)

// patience is how long a look at a server may take.
const patience = 5 * time.Second

// A Server is a running Vaurien: a *client.Client.
type Server interface {
	Proxies(context.Context) ([]control.Proxy, error)
	Halted(context.Context) (control.Halt, error)
	Stop(context.Context) (control.Halt, error)
	Resume(context.Context) (control.Halt, error)
	Scenario(context.Context) (scenario.State, error)
	Metrics(ctx context.Context, accept string) ([]byte, error)
	Events(context.Context, client.EventsQuery) iter.Seq2[ledger.Entry, error]
}

// A Look is what a server said when it was asked.
type Look struct {
	At        time.Time
	Proxies   []control.Proxy // by name
	Halt      control.Halt
	Scenario  scenario.State
	Latencies map[string]Latencies // by proxy
	Untimed   error                // why there are no latencies
}

// LookAt looks at a server.
func LookAt(ctx context.Context, s Server) (l Look, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrSilent)
	defer cancel()
	if l.Proxies, err = s.Proxies(ctx); err != nil {
		return l, err
	}
	l.At = time.Now()
	if l.Halt, err = s.Halted(ctx); err != nil {
		return l, err
	}
	if l.Scenario, err = s.Scenario(ctx); err != nil {
		return l, err
	}
	page, err := s.Metrics(ctx, metricsType)
	switch {
	case err == nil:
		l.Latencies, l.Untimed = readLatencies(page)
	case errors.Is(err, client.ErrUnreachable), ctx.Err() != nil:
		return l, err
	default:
		l.Untimed = err // a server may be told to have none
	}
	return l, nil
}

// ErrSilent says that a server did not answer in time.
var ErrSilent = errors.New("no answer within " + patience.String())
