package behavior

import (
	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Refuse resets new connections as soon as they are made; the backend is not
// called. (A client's connect succeeds all the same, since the system answers
// it before the proxy knows: its first read or write fails.) Open connections
// go on.
func Refuse() vaurien.Kind {
	return vaurien.Kind{
		Name: "refuse",
		Doc:  "resets new connections as soon as they are made",
		New: func(*option.Set) vaurien.Make {
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return refuse{}, nil }
		},
	}
}

type refuse struct{}

func (refuse) Points() vaurien.Point { return vaurien.Accept }

func (refuse) Act(e *vaurien.Event, _ vaurien.Next) error { return e.Reset() }
