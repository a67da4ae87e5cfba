package vaurien

import (
	"strings"

	"github.com/vaurien-proxy/vaurien/option"
)

// A Point is a moment in the life of a session at which a behavior may act.
// Points are combined with |.
type Point uint8

// The points of a session, in their order.
const (
	Accept  Point = 1 << iota // the client has connected; the backend has not been called
	Connect                   // the backend is about to be called
	Request                   // a message is on its way to the backend
	Reply                     // a message is on its way to the client
	Close                     // the end of a stream is about to be passed on

	// Live is for as long as the connection is open: Act is called in a
	// goroutine of its own when the client has connected, or, on an open
	// connection, when the plan is put in force. It has no message and no next
	// worth calling; it waits with Sleep and Hold, which are over early when
	// another plan is put in force, and may end the session.
	Live
)

// String returns the points' names: Request|Reply.
func (p Point) String() string {
	var names []string
	for i, n := range [...]string{"Accept", "Connect", "Request", "Reply", "Close", "Live"} {
		if p&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, "|")
}

// A Behavior is something that may be done to a session. One Behavior serves
// all sessions of a proxy for as long as its plan is in force, from many
// goroutines: what it keeps it must guard.
type Behavior interface {
	// Points says where the behavior acts. Elsewhere the traffic goes past
	// it, and where nothing acts it is not looked at.
	Points() Point

	// Act does the deed: before next, after it, or instead of it. At Request
	// and Reply, next passes the message on; a message that is not passed on
	// is read to its end and thrown away. At Accept and Connect, next goes on
	// with the session; at Close it passes on the end of the stream.
	//
	// It returns next's error, or that of the Event's verb it ended with. Any
	// other error is logged as a fault of the behavior, and the traffic goes
	// on.
	Act(e *Event, next Next) error
}

// Next goes on with what a behavior was called about.
type Next func() error

// A Selector is a Behavior that decides, once for each exchange, which
// behavior stands in its place: "whether" kept apart from "what". Select
// returns nil for none.
type Selector interface {
	Behavior
	Select(e *Event) Behavior
}

// A Kind is a sort of behavior that users can name. New declares its options
// on set and returns what makes the behavior once set.Assign has given them
// their values.
type Kind struct {
	Name string
	Doc  string // one line, lower case, no full stop
	New  func(set *option.Set) Make
}

// Make makes a behavior for proxies of the protocol p. Its error is an
// *option.Error that names one of the options, or any other.
type Make func(p Protocol) (Behavior, error)

// A ProtocolKind is a sort of protocol that users can name, made as a Kind is.
type ProtocolKind struct {
	Name string
	Doc  string // one line, lower case, no full stop
	New  func(set *option.Set) func() Protocol
}
