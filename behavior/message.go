package behavior

import (
	"bytes"
	"errors"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
)

// oneWay is what the behaviors of whole messages share: they act on requests or
// on replies, of a protocol that tells them apart.
type oneWay struct{ direction string }

func (w *oneWay) declare(set *option.Set) {
	set.Choice(&w.direction, "direction", toBackend, "on requests (to_backend) or on replies (to_client)", toBackend, toClient)
}

// at returns b where messages pass that way, for proxies of the protocol p.
func (w *oneWay) at(p vaurien.Protocol, b vaurien.Behavior) (vaurien.Behavior, error) {
	if _, tcp := p.(vaurien.TCP); tcp || p == nil {
		return nil, errors.New("acts on whole messages, and tcp does not tell them apart: " +
			"name the protocol, as in --protocol http, or take packet_loss, corrupt or hang")
	}
	if w.direction == toClient {
		return vaurien.At(vaurien.Reply, b), nil
	}
	return vaurien.At(vaurien.Request, b), nil
}

// Drop throws whole messages away: the backend never sees the request, or the
// client never sees the reply, while the connection goes on. What follows is not
// held up.
func Drop() vaurien.Kind {
	return vaurien.Kind{
		Name: "drop",
		Doc:  "throws a whole request or reply away, while the connection goes on",
		New: func(set *option.Set) vaurien.Make {
			var w oneWay
			w.declare(set)
			return func(p vaurien.Protocol) (vaurien.Behavior, error) { return w.at(p, drop{}) }
		},
	}
}

type drop struct{}

func (drop) Points() vaurien.Point { return vaurien.Request | vaurien.Reply }

func (drop) Act(e *vaurien.Event, next vaurien.Next) error {
	if !e.Framed() || len(e.Message.Head) == 0 {
		return next() // the connection's beginning, or no message any more
	}
	return nil
}

// mostRepeated is the longest message that is sent twice, in bytes: it is kept
// in memory meanwhile.
const mostRepeated = vaurien.MaxHead

// Duplicate sends whole messages twice. A request is sent to the backend twice,
// as by a client that sends it again because it did not see the reply; the
// second reply is thrown away. A reply is sent to the client twice. Messages of
// more than 1 MiB, and those whose reply says how the connection goes on (TLS,
// an upgrade, the text of a mail), are sent once.
func Duplicate() vaurien.Kind {
	return vaurien.Kind{
		Name: "duplicate",
		Doc:  "sends a whole request to the backend twice, or a reply to the client",
		New: func(set *option.Set) vaurien.Make {
			var w oneWay
			w.declare(set)
			return func(p vaurien.Protocol) (vaurien.Behavior, error) {
				if m, ok := p.(vaurien.Multiplexed); ok && m.Multiplexed() && w.direction == toBackend {
					return nil, &option.Error{Name: "direction", Problem: "to_backend: requests of this protocol bear a number, " +
						"and two of one number cannot be told apart: choose to_client"}
				}
				return w.at(p, duplicate{})
			}
		},
	}
}

type duplicate struct{}

func (duplicate) Points() vaurien.Point { return vaurien.Request | vaurien.Reply }

func (duplicate) Act(e *vaurien.Event, next vaurien.Next) error {
	if !e.Framed() || e.Message.Switch {
		return next()
	}
	whole, err := e.Load(mostRepeated)
	if err != nil {
		return err
	}
	if !whole {
		return next()
	}
	message := bytes.Clone(e.Message.Head)
	if err := next(); err != nil {
		return err
	}
	return e.Repeat(message)
}
