package controltest

import (
	"time"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Registry returns a few kinds, made so that what ships may grow without
// changing what tests expect. Their behaviors do nothing.
func Registry() *vaurien.Registry {
	none := func(set *option.Set) {}
	return vaurien.NewRegistry(
		[]vaurien.Kind{
			idle("dummy", "does nothing", none),
			idle("hang", "never answers", none),
			idle("delay", "waits", func(set *option.Set) {
				var sleep time.Duration
				var before bool
				set.Duration(&sleep, "sleep", time.Second, "how long").AtLeast("0s").AtMost("24h")
				set.Bool(&before, "before", true, "before the request rather than the reply")
			}),
			idle("slow_close", "ends late", func(set *option.Set) {
				var delay time.Duration
				var direction string
				set.Duration(&delay, "delay", 0, "how long").AtLeast("0s").AtMost("24h")
				set.Choice(&direction, "direction", "both", "which way", "to_backend", "to_client", "both")
			}),
			idle("error", "fails", func(set *option.Set) {
				var inject bool
				var code string
				set.Bool(&inject, "inject", false, "spoil the reply")
				set.Choice(&code, "code", "any", "the status", "any", "500", "503")
			}),
		},
		[]vaurien.ProtocolKind{
			unframed("tcp", none),
			unframed("http", func(set *option.Set) {
				var overwrite bool
				set.Bool(&overwrite, "overwrite-host-header", false, "say the backend's name")
			}),
		},
	)
}

func idle(name, doc string, declare func(*option.Set)) vaurien.Kind {
	return vaurien.Kind{Name: name, Doc: doc, New: func(set *option.Set) vaurien.Make {
		declare(set)
		return func(vaurien.Protocol) (vaurien.Behavior, error) { return vaurien.Chain(), nil }
	}}
}

func unframed(name string, declare func(*option.Set)) vaurien.ProtocolKind {
	return vaurien.ProtocolKind{Name: name, Doc: "a stream", New: func(set *option.Set) func() vaurien.Protocol {
		declare(set)
		return func() vaurien.Protocol { return vaurien.TCP{} }
	}}
}
