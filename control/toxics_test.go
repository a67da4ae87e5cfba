package control_test

import (
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/builtin"
	"github.com/vaurien-proxy/vaurien/control/controltest"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// behaviors returns what acts for each toxic of a proxy.
func behaviors(t *testing.T, p *vaurien.Proxy) map[string]vaurien.Behavior {
	all := make(map[string]vaurien.Behavior)
	for _, toxic := range p.Plan().Toxics() {
		all[toxic.Name] = toxic.Behavior
	}
	return all
}

func late(name, latency string) spec.Toxic {
	return spec.Toxic{Name: name, Behavior: "latency", Percent: 100, Options: option.Values{"latency": {Text: latency}}}
}

// TestUnchangedToxicsGoOn: a change keeps the very behavior of each toxic that
// it does not change, however it is made.
func TestUnchangedToxicsGoOn(t *testing.T) {
	d, _ := controltest.NewDaemon(t, builtin.Registry())
	p := proxy("p", "127.0.0.1:1")
	p.Toxics = []spec.Toxic{late("a", "1s"), late("b", "2s")}
	put(t, d, p)
	engine := d.Engine("p")
	before := behaviors(t, engine)
	plan := engine.Plan()

	same := p.Clone()
	same.Toxics[0].Options["latency"] = option.Value{Text: "1.0", Place: "elsewhere"}
	apply(t, d, same)
	if engine.Plan() != plan {
		t.Error("toxics that are the same were put in force anew")
	}

	fewer := late("a", "1s")
	fewer.Percent = 50
	for name, change := range map[string]func() error{
		"added":   func() error { _, err := d.PutToxic(t.Context(), "p", late("c", "3s")); return err },
		"fewer":   func() error { _, err := d.PutToxic(t.Context(), "p", fewer); return err },
		"plan":    func() error { setPlan(t, d, "delay", "", 0); return nil },
		"for":     func() error { setPlan(t, d, "hang", "", 1e12); return nil },
		"removed": func() error { _, err := d.RemoveToxic(t.Context(), "p", "b"); return err },
		"backend": func() error { _, err := d.SetBackend(t.Context(), "p", "127.0.0.1:81"); return err },
		"settings": func() error {
			other := p.Clone()
			other.Settings["timeout"] = option.Value{Text: "7"}
			put(t, d, other)
			return nil
		},
		"disabled": func() error { _, err := d.SetEnabled(t.Context(), "p", false); return err },
		"enabled":  func() error { _, err := d.SetEnabled(t.Context(), "p", true); return err },
	} {
		if err := change(); err != nil && name != "removed" {
			t.Fatalf("%s: %v", name, err)
		}
		if s, _ := d.Proxy(t.Context(), "p"); !s.Enabled {
			d.SetEnabled(t.Context(), "p", true)
		}
		if got := behaviors(t, d.Engine("p")); got["a"] != before["a"] {
			t.Errorf("%s: the toxic a is another", name)
		}
	}
	if _, err := d.PutToxic(t.Context(), "p", late("a", "9s")); err != nil {
		t.Fatal(err)
	}
	if got := behaviors(t, d.Engine("p")); got["a"] == before["a"] {
		t.Error("a toxic was changed and is what it was")
	}
}
