package spec

import "github.com/vaurien-proxy/vaurien/option"

// Merge returns p with everything that over says in place of its own: each
// setting and each option by itself, the draw and the toxics as a whole. An option that over
// gives a behavior also goes before those that the entries of p's draw have of
// their own. The name and the place stay p's.
func (p Proxy) Merge(over Proxy) Proxy {
	out := p.Clone()
	out.Settings = p.Settings.Merge(over.Settings)
	mergeOptions(out.Behaviors, over.Behaviors)
	mergeOptions(out.Protocols, over.Protocols)
	if over.Toxics != nil {
		out.Toxics = CloneToxics(over.Toxics)
	}
	if len(over.Plan.Entries) > 0 {
		out.Plan = over.Plan.Clone()
		return out
	}
	for _, e := range out.Plan.Entries {
		for name := range over.Behaviors[e.Name] {
			delete(e.Options, option.Canonical(name))
		}
	}
	return out
}

func mergeOptions(into, over map[string]option.Values) {
	for name, values := range over {
		into[name] = into[name].Merge(values)
	}
}

// Says reports whether p says anything, its name aside.
func (p Proxy) Says() bool {
	return len(p.Settings)+len(p.Plan.Entries)+len(p.Behaviors)+len(p.Protocols) > 0 || p.Toxics != nil
}
