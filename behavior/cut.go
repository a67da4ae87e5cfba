package behavior

import (
	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// How a behavior ends the connections of a session.
const (
	byClose = "close" // in order: the client reads the end of the stream
	byReset = "reset" // with a TCP RST: the client's read fails
)

// Cut passes the beginning of a reply on and then closes or resets the
// connections, as a server does that dies while it answers.
func Cut() vaurien.Kind {
	return vaurien.Kind{
		Name: "cut",
		Doc:  "passes the beginning of the reply on, then closes or resets the connection",
		New: func(set *option.Set) vaurien.Make {
			var c cut
			set.Choice(&c.how, "how", byClose, "how the connection ends", byClose, byReset)
			declareBytes(set, &c.bytes)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return c, nil }
		},
	}
}

type cut struct {
	how   string
	bytes int64
}

func (cut) Points() vaurien.Point { return vaurien.Reply }

func (c cut) Act(e *vaurien.Event, next vaurien.Next) error {
	return inTheMiddle(e, next, c.bytes, func() error { return endBy(e, c.how) })
}

// endBy ends the connections of e's session.
func endBy(e *vaurien.Event, how string) error {
	if how == byReset {
		return e.Reset()
	}
	return e.Close()
}
