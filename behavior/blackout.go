package behavior

import (
	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// Blackout closes the client's connection at once: a tcp connection when it is
// made, or at the next bytes either way if it is open; otherwise when the
// request has been read.
func Blackout() vaurien.Kind {
	return vaurien.Kind{
		Name: "blackout",
		Doc:  "closes the client's connection at once",
		New: func(*option.Set) vaurien.Make {
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return blackout{}, nil }
		},
	}
}

type blackout struct{}

func (blackout) Points() vaurien.Point {
	return vaurien.Accept | vaurien.Request | vaurien.Reply
}

func (blackout) Act(e *vaurien.Event, _ vaurien.Next) error { return e.Close() }
