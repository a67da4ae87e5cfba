package control

import (
	"net/url"
	"time"

	"github.com/vaurien-proxy/vaurien/option"
)

// queryDryRun says whether a request only asks what would be.
func queryDryRun(q url.Values) (bool, error) {
	if !q.Has("dry-run") {
		return false, nil
	}
	dry, err := option.ParseBool(q.Get("dry-run"))
	if err != nil {
		return false, &option.Error{Place: "?dry-run", Problem: err.Error()}
	}
	return dry, nil
}

// withPlan returns the state that r would have with that plan in force.
func (r *running) withPlan(c *compiled, d time.Duration) Proxy {
	state := r.state()
	state.Plan = Plan{Draw: c.draw.Draw(), Entries: cloneEntries(c.entries)}
	if d > 0 {
		state.Plan.For = option.FormatDuration(roundUp(d))
	}
	return state
}

// tried returns the state that a proxy would have, were what how makes of its
// configuration in force.
func (d *Daemon) tried(name string, how func(*built) (*built, error)) (Proxy, error) {
	r, err := d.find(name)
	if err != nil {
		return Proxy{}, err
	}
	from := r.configuration()
	to, err := how(from)
	if err != nil {
		return Proxy{}, err
	}
	state := r.state()
	was, is := &from.config.Settings, &to.config.Settings
	if is.Proxy != was.Proxy {
		state.Proxy, state.Configured = is.Proxy, is.Proxy
	}
	state.Backend, state.Enabled, state.Toxics = is.Backend, is.Enabled, cloneToxics(to.toxics)
	return state, nil
}
