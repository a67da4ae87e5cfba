package behavior

import (
	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Dummy does nothing.
func Dummy() vaurien.Kind {
	return vaurien.Kind{
		Name: "dummy",
		Doc:  "does nothing: the traffic passes untouched",
		New: func(*option.Set) vaurien.Make {
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return dummy{}, nil }
		},
	}
}

type dummy struct{}

func (dummy) Points() vaurien.Point                         { return 0 }
func (dummy) Act(_ *vaurien.Event, next vaurien.Next) error { return next() }
