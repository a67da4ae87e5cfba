// Package control runs many proxies and lets them be changed while they work.
//
// [Controller] is what can be done to them. It has two implementations that
// callers cannot tell apart: [Daemon], which holds the proxies, and the client
// in package client, which speaks to a Daemon's HTTP API ([NewHandler]).
package control

import (
	"context"
	"errors"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/scenario"
	"github.com/vaurien-proxy/vaurien/spec"
)

// Errors that a Controller returns, possibly wrapped. Errors about what the
// caller wrote are *option.Error, one or several joined.
var (
	ErrNoProxy = errors.New("no such proxy")
	ErrNoToxic = errors.New("no such toxic")
	ErrExists  = errors.New("a proxy of that name exists")
)

// A Controller looks at proxies and changes them. No method waits for traffic.
// A change is made whole or not at all. An empty name means the proxy named
// "default", or the only one there is.
type Controller interface {
	// Proxies returns the state of every proxy, sorted by name.
	Proxies(ctx context.Context) ([]Proxy, error)

	// Proxy returns the state of one.
	Proxy(ctx context.Context, name string) (Proxy, error)

	// Put creates the proxy p.Name, or changes the one there is into p. Open
	// connections of a changed proxy stay, unless its listening address,
	// protocol, draw or seed changed.
	Put(ctx context.Context, p spec.Proxy) (Proxy, error)

	// Delete closes a proxy and its connections.
	Delete(ctx context.Context, name string) error

	// SetPlan puts a plan in force, at once and on open connections too.
	SetPlan(ctx context.Context, name string, change PlanChange) (Proxy, error)

	// SetBackend changes the address that later connections are made to.
	SetBackend(ctx context.Context, name, address string) (Proxy, error)

	// SetToxics makes a proxy's toxics exactly these, in this order. Those
	// that are what they were go on as they are.
	SetToxics(ctx context.Context, name string, toxics []spec.Toxic) (Proxy, error)

	// PutToxic changes the toxic of that name, or adds it after the others.
	PutToxic(ctx context.Context, name string, t spec.Toxic) (Proxy, error)

	// RemoveToxic takes a toxic away.
	RemoveToxic(ctx context.Context, name, toxic string) (Proxy, error)

	// SetEnabled lets a proxy listen, or closes its listener and its
	// connections until it is enabled again. Its plan and toxics stay.
	SetEnabled(ctx context.Context, name string, enabled bool) (Proxy, error)

	// EndPlan ends the time of a plan that is in force for a time: the one before
	// returns at once. Without such a plan it does nothing.
	EndPlan(ctx context.Context, name string) (Proxy, error)

	// Patch changes several things of a proxy at once. Its plan stays, also
	// one for a time.
	Patch(ctx context.Context, name string, change Patch) (Proxy, error)

	// StartScenario plays a scenario, of which there is one at a time. All of it
	// is checked before anything is done.
	StartScenario(ctx context.Context, start ScenarioStart) (scenario.State, error)

	// Scenario returns the state of the scenario that is played, or of the last
	// one.
	Scenario(ctx context.Context) (scenario.State, error)

	// StopScenario ends it, and returns once all is as it was before. The reason
	// is for people.
	StopScenario(ctx context.Context, reason string) (scenario.State, error)

	// ReleaseStep lets a step go that lasts until then, by its name or number.
	ReleaseStep(ctx context.Context, step string) (scenario.State, error)

	// RenewLease says that whoever started the scenario is still there.
	RenewLease(ctx context.Context) (scenario.State, error)

	// Stop stops all chaos at once: every plan is held off, and every toxic, and
	// a scenario ends. What somebody changes after that is in force again.
	Stop(ctx context.Context) (Halt, error)

	// Resume puts back what Stop has held off, but not the scenario.
	Resume(ctx context.Context) (Halt, error)

	// Halted says whether all chaos is stopped.
	Halted(ctx context.Context) (Halt, error)

	// Catalog returns the kinds of behaviors and protocols there are.
	Catalog(ctx context.Context) (Catalog, error)
}

// A PlanChange is a plan to put in force.
type PlanChange struct {
	Plan spec.Plan

	// For is how long it lasts; after it the plan that was there before
	// returns, with its options. Zero means until the next change.
	For time.Duration

	DryRun bool // change nothing, and return the state that there would be
}

// A Patch is what is to be changed of a proxy. What is nil stays as it is.
type Patch struct {
	Proxy   *string // the address to listen on; its connections are closed if it is another
	Backend *string // the address that later connections are made to
	Enabled *bool
	Toxics  *[]spec.Toxic

	// For is how long it lasts; after it what was there before returns. Zero
	// means until the next change. An address to listen on is not for a time.
	For time.Duration

	// DryRun is to change nothing, and return the state that there would be.
	// Whether an address can be listened on is not tried.
	DryRun bool
}

// A Proxy is the state of a proxy.
type Proxy struct {
	Name       string  `json:"name"`
	Proxy      string  `json:"proxy"`      // the address it really listens on
	Configured string  `json:"configured"` // the same, as it was asked for
	Backend    string  `json:"backend"`    // the address it connects to
	Enabled    bool    `json:"enabled"`
	Protocol   string  `json:"protocol"`
	Draw       string  `json:"draw"` // exchange or connection
	Seed       uint64  `json:"seed"`
	Plan       Plan    `json:"plan"`
	Toxics     []Toxic `json:"toxics"`
	Stopped    bool    `json:"stopped,omitempty"` // its plan and toxics are held off: see Stop
	Stats      Stats   `json:"stats"`
}

// A Toxic is one in force.
type Toxic struct {
	Name     string            `json:"name"`
	Behavior string            `json:"behavior"`
	Percent  float64           `json:"percent"`       // of the connections
	Options  map[string]string `json:"options"`       // every one, with its value
	For      string            `json:"for,omitempty"` // how long it has left; empty if it stays
}

// Spec returns what makes a toxic such as t.
func (t Toxic) Spec() spec.Toxic {
	s := spec.Toxic{Name: t.Name, Behavior: t.Behavior, Percent: t.Percent, Options: make(option.Values, len(t.Options))}
	for name, text := range t.Options {
		s.Options[name] = option.Value{Text: text}
	}
	return s
}

// A Plan is the plan in force.
type Plan struct {
	Draw    string      `json:"plan"`          // as a draw is written: 20:delay,5:error
	Entries []PlanEntry `json:"entries"`       // the same, with every option's value
	For     string      `json:"for,omitempty"` // how long it has left; empty if it stays
}

// Name returns the name of the one behavior that a plan meets all traffic with,
// or the plan as a draw if it is not so simple.
func (p Plan) Name() string {
	switch {
	case len(p.Entries) == 0:
		return "dummy"
	case len(p.Entries) == 1 && p.Entries[0].Weight == 100:
		return p.Entries[0].Name
	}
	return p.Draw
}

// A PlanEntry is one behavior of the plan in force.
type PlanEntry struct {
	Weight  float64           `json:"weight"`
	Name    string            `json:"name"`
	Options map[string]string `json:"options"`
}

// Stats counts what a proxy has done since it was started.
type Stats struct {
	Open      int64  `json:"open"`      // sessions open now
	Sessions  uint64 `json:"sessions"`  // sessions so far
	Exchanges uint64 `json:"exchanges"` // exchanges so far
	ToBackend uint64 `json:"bytes_to_backend"`
	ToClient  uint64 `json:"bytes_to_client"`
	// Bytes received, of which some may be underway still, or lost.
	FromBackend uint64            `json:"bytes_from_backend"`
	FromClient  uint64            `json:"bytes_from_client"`
	Unreached   uint64            `json:"backend_failures"` // connections to the backend that could not be made
	Faults      map[string]uint64 `json:"faults"`           // exchanges by what was done to them
}

// A Catalog lists what can be named in a plan or as a protocol.
type Catalog struct {
	Behaviors []CatalogKind `json:"behaviors"`
	Protocols []CatalogKind `json:"protocols"`
}

// A CatalogKind describes one kind of behavior or protocol.
type CatalogKind struct {
	Name    string          `json:"name"`
	Doc     string          `json:"doc"`
	Options []CatalogOption `json:"options"`

	// Of a protocol.
	Attributes []CatalogAttribute `json:"attributes,omitempty"` // what can be known of a request
	Failures   []CatalogFailure   `json:"failures,omitempty"`   // what behavior error's kind may name
}

// A CatalogAttribute describes something that can be known of a request, which
// behaviors' option match may ask for.
type CatalogAttribute struct {
	Name string `json:"name"`
	Type string `json:"type"` // "text", "integer" or "bool"
	Doc  string `json:"doc"`
}

// A CatalogFailure describes one way in which the servers of a protocol fail.
type CatalogFailure struct {
	Name   string `json:"name"`
	Phase  string `json:"phase"` // "connect", "authentication", "query" or "commit"
	Doc    string `json:"doc"`
	Effect string `json:"effect"`
	Source string `json:"source"`
	Drawn  bool   `json:"drawn"` // the dice may choose it where no kind is named
}

// A CatalogOption describes one option.
type CatalogOption struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Default string   `json:"default"`
	Doc     string   `json:"doc"`
	Choices []string `json:"choices,omitempty"`
	Min     string   `json:"min,omitempty"`
	Max     string   `json:"max,omitempty"`
	Common  bool     `json:"common,omitempty"` // every behavior has it
}
