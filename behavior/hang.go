package behavior

import (
	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Hang reads what it is sent and never answers. When another plan is put in
// force the connection is closed, since what was read is lost.
func Hang() vaurien.Kind {
	return vaurien.Kind{
		Name: "hang",
		Doc:  "reads what was sent and never answers; the connection is closed when the plan changes",
		New: func(*option.Set) vaurien.Make {
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return hang{}, nil }
		},
	}
}

type hang struct{}

func (hang) Points() vaurien.Point { return vaurien.Request | vaurien.Reply }

func (hang) Act(e *vaurien.Event, _ vaurien.Next) error {
	e.Discard()
	if err := e.Hold(); err != nil {
		return err
	}
	return e.Close()
}
