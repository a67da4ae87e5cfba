package behavior

import (
	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Transient fails the first calls, over all connections, and is well
// afterwards.
func Transient() vaurien.Kind {
	return vaurien.Kind{
		Name: "transient",
		Doc:  "answers the first calls with an error, and then is well",
		New: func(set *option.Set) vaurien.Make {
			var f failing
			var agitate int64
			set.Int(&agitate, "agitate", 1, "calls that fail first, over all connections").AtLeast("0")
			f.declare(set)
			var warmup int64
			set.Int(&warmup, "warmup", 0, "calls let through before those that fail").AtLeast("0")
			return func(p vaurien.Protocol) (vaurien.Behavior, error) {
				b, err := f.behavior(p)
				if err != nil {
					return nil, err
				}
				return vaurien.First(agitate, vaurien.After(warmup, b)), nil
			}
		},
	}
}
