package command

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/option"
)

// printCheck says what would be run.
func printCheck(out io.Writer, r *vaurien.Registry, program *config.Program) error {
	var b bytes.Buffer
	for _, p := range program.Proxies {
		cfg, err := r.Build(p)
		if err != nil {
			return inputError{err}
		}
		s := cfg.Settings
		seed := "chosen at the start"
		if s.Seed != "" {
			seed = s.Seed
		}
		fmt.Fprintf(&b, "proxy %s: %s -> %s, protocol %s, behavior %s, seed %s\n",
			p.Name, s.Proxy, s.Backend, s.Protocol, p.Plan.Draw(), seed)
		for _, e := range p.Plan.Entries {
			fmt.Fprintf(&b, "  %g%% %s%s\n", e.Weight, e.Name, options(r, e.Name, p.Behaviors[e.Name].Merge(e.Options)))
		}
		for _, t := range p.Toxics {
			fmt.Fprintf(&b, "  toxic %s: %g%% %s%s\n", t.Name, t.Percent, t.Behavior, options(r, t.Behavior, p.Behaviors[t.Behavior].Merge(t.Options)))
		}
	}
	if s := &program.Settings; s.HTTP {
		fmt.Fprintf(&b, "control API: http://%s\n", s.HTTPAddress())
	}
	if s := &program.Settings; s.Toxiproxy {
		fmt.Fprintf(&b, "API of Toxiproxy: http://%s\n", s.ToxiproxyAddress())
	}
	if s := &program.Settings; s.StatsdEnabled {
		fmt.Fprintf(&b, "statsd: %s, prefix %s\n", s.StatsdAddress(), s.StatsdPrefix)
	}
	_, err := out.Write(b.Bytes())
	return err
}

// options lists the options of a behavior as they are with these values, which
// were checked before.
func options(r *vaurien.Registry, behavior string, written option.Values) string {
	set := config.Words(r).Behaviors[behavior]
	if set.Assign(written) != nil {
		return ""
	}
	var parts []string
	for _, o := range set.Options() {
		if !o.Common || o.Value() != o.Default {
			parts = append(parts, o.Name+"="+o.Value())
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}
