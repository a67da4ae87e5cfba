package vaurien

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"slices"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A Config is what a proxy is made of. The zero value of a field means what
// its comment says.
type Config struct {
	Name     string   // "default" if empty; the dice depend on it
	Settings Settings // as NewSettings gives them
	Protocol Protocol // nil: tcp
	Plan     *Plan    // nil: nothing is done to any traffic
	Seed     uint64

	// Listener accepts the clients' connections, which must be a Conn each.
	// Nil listens on Settings.Proxy.
	Listener net.Listener

	// Dial connects to the backend; what it returns must be a Conn. Nil dials
	// TCP.
	Dial func(ctx context.Context, address string) (net.Conn, error)

	// Loops carry the connections to which nothing is done; they must be closed
	// after the proxy. Nil leaves them to goroutines, as do a Listener or a Dial
	// of its own and every protocol but tcp.
	Loops *Loops

	// Clock keeps the time of delays. Nil is the runtime's timers; see
	// NewClock for a finer one.
	Clock Clock

	Logger   *slog.Logger // nil: slog.Default()
	Observer Observer     // nil: nobody
}

// Build makes a Config of a spec, checking all of it. Errors are
// *option.Error, one or several joined. When the spec names no seed, Seed is
// chosen by chance.
func (r *Registry) Build(p spec.Proxy) (Config, error) {
	p = r.Normal(p)
	settings, set := NewSettings()
	errs := []error{set.Assign(p.Settings)}
	cfg := Config{Name: p.Name, Settings: *settings}
	if errs[0] == nil {
		errs = append(errs, cfg.Settings.check(p.Settings, &cfg))
		var err error
		cfg.Protocol, err = r.Protocol(settings.Protocol, p.Protocols[settings.Protocol], p.Settings["protocol"].Place)
		errs = append(errs, err)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Protocols)) {
		if values := p.Protocols[name]; name != settings.Protocol {
			_, err := r.Protocol(name, values, firstPlace(values))
			errs = append(errs, err)
		}
	}
	plan, err := r.Compile(p.Plan, p.Behaviors, cfg.Protocol)
	errs = append(errs, err)
	toxics, err := r.Toxics(p.Toxics, p.Behaviors, cfg.Protocol)
	if plan != nil {
		cfg.Plan = plan.With(toxics...)
	}
	return cfg, errors.Join(append(errs, err)...)
}

// check looks at what the settings' own types cannot, and fills in what Config
// has of them.
func (s *Settings) check(written option.Values, cfg *Config) error {
	var errs []error
	for _, a := range []struct{ name, value string }{{"proxy", s.Proxy}, {"backend", s.Backend}} {
		if err := CheckAddress(a.value); err != nil {
			errs = append(errs, &option.Error{Place: written[a.name].Place, Name: a.name, Problem: err.Error()})
		}
	}
	seed, err := parseSeed(s.Seed)
	if err != nil {
		errs = append(errs, &option.Error{Place: written["seed"].Place, Name: "seed", Problem: err.Error()})
	}
	cfg.Seed = seed
	return errors.Join(errs...)
}
