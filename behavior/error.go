package behavior

import (
	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Error answers requests with one of the protocol's own failures and does not
// pass them on; or, with inject, spoils replies with random bytes.
func Error() vaurien.Kind {
	return vaurien.Kind{
		Name: "error",
		Doc:  "answers with an error instead of passing the request on",
		New: func(set *option.Set) vaurien.Make {
			var f failing
			var warmup int64
			f.declare(set)
			set.Int(&warmup, "warmup", 0, "calls let through first, over all connections").AtLeast("0")
			return func(p vaurien.Protocol) (vaurien.Behavior, error) {
				b, err := f.behavior(p)
				if err != nil || warmup == 0 {
					return b, err
				}
				return vaurien.After(warmup, b), nil
			}
		},
	}
}
