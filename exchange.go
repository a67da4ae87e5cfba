package vaurien

import (
	"sync"
	"sync/atomic"
)

// An exchange is one request and its reply, and what the plan has in store for
// them. The exchange with number 0 is the connection itself.
type exchange struct {
	number   uint64
	dice     uint64      // the number that the dice are rolled for
	plan     *inForce    // what decided
	behavior Behavior    // nil: nothing is done
	name     string      // the behavior's, in the plan
	points   Point       // where it acts
	waits    bool        // for a message: what its behavior is cannot be told before
	acted    atomic.Bool // something was done to it
	request  Message     // its Head is gone once it is passed on
	again    []byte      // what the backend is sent once more after it; nil: nothing
	echo     bool        // it is such a second time: nobody hears of its reply
	trace    *trace      // what is noted for a Recorder; may be nil

	parts map[Behavior]bool // of a connection's: what was asked about, and whether behavior has it

	// guarded by the turns
	state   turnState
	answer  []byte
	invites bool // the answer does
	invited bool // the client may go on with the request

	// guarded by the session's aside
	later  []heldReply   // replies that its behavior has yet to act on
	served chan struct{} // closed when there are no more

	// Of a framed exchange: who reads requests, and the turn. A keeper, who needs
	// no more than the request, counts as keeper.
	holders atomic.Int32
}

func (x *exchange) acts(p Point) bool { return x.points&p != 0 }

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// newExchange returns an exchange with two holders, as it was made but for the
// codec's note, whose memory is used again.
func newExchange() *exchange { return exchanges.Get().(*exchange).renew() }

func (x *exchange) renew() *exchange {
	x.request = Message{Info: x.request.Info}
	x.state, x.answer, x.invites, x.invited = undecided, nil, false, false
	x.plan, x.later, x.served = nil, nil, nil
	x.again, x.echo = nil, false
	x.take(nil, "")
	x.acted.Store(false)
	x.holders.Store(2)
	return x
}

// keeper is more than there are holders.
const keeper = 1 << 16

// keep gives x one who keeps its request, beyond the exchange's end.
func (x *exchange) keep() { x.holders.Add(keeper) }

// forget undoes keep.
func (x *exchange) forget() {
	if x.holders.Add(-keeper) == 0 {
		exchanges.Put(x)
	}
}

// release says that one holder has no more use for x.
func (x *exchange) release() {
	if x.letGo() {
		exchanges.Put(x)
	}
}

// letGo is release for who finds a use for x itself if nobody else holds it.
func (x *exchange) letGo() bool {
	trace := x.trace // x may be somebody else's next
	n := x.holders.Add(-1)
	if n%keeper == 0 {
		trace.end()
	}
	return n == 0
}
