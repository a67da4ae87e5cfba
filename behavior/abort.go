package behavior

import (
	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Abort passes the request on and closes the client's connection when the
// reply comes, so that the client never learns whether the request took
// effect. It did.
func Abort() vaurien.Kind {
	return vaurien.Kind{
		Name: "abort",
		Doc:  "passes the request on, then closes the client's connection before the reply",
		New: func(*option.Set) vaurien.Make {
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return abort{}, nil }
		},
	}
}

type abort struct{}

func (abort) Points() vaurien.Point { return vaurien.Reply }

func (abort) Act(e *vaurien.Event, _ vaurien.Next) error { return e.Close() }
