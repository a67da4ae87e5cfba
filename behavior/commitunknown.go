package behavior

import (
	"io"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// byHang ends nothing: the client waits until another plan is put in force.
const byHang = "hang"

// CommitUnknown passes a request on, waits until the backend has answered all
// of it, and lets the client never learn so: the request took effect, and its
// reply is lost. What a reply says before it is final, such as HTTP's 100 or
// SMTP's 354, is passed on.
func CommitUnknown() vaurien.Kind {
	return vaurien.Kind{
		Name: "commit-unknown",
		Doc:  "passes the request on and loses its reply: it took effect, and the client cannot know",
		New: func(set *option.Set) vaurien.Make {
			var c commitUnknown
			set.Choice(&c.how, "how", byReset, "what the client sees in the reply's place; hang: nothing, until the plan changes",
				byReset, byClose, byHang)
			return func(vaurien.Protocol) (vaurien.Behavior, error) { return c, nil }
		},
	}
}

type commitUnknown struct{ how string }

func (commitUnknown) Points() vaurien.Point { return vaurien.Reply }

func (c commitUnknown) Act(e *vaurien.Event, next vaurien.Next) error {
	if e.Message.More || e.Message.Invites {
		return next()
	}
	e.Out = io.Discard
	if err := next(); err != nil {
		return err
	}
	if c.how != byHang {
		return endBy(e, c.how)
	}
	if err := e.Hold(); err != nil {
		return err
	}
	return e.Close()
}
