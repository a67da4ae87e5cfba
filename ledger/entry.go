package ledger

import (
	"slices"
	"time"

	"github.com/vaurien-proxy/vaurien"
)

// A Type says what an entry is about.
type Type string

// The types of entries.
const (
	RunType      Type = "run"
	ProxyType    Type = "proxy"
	PlanType     Type = "plan"
	SessionType  Type = "session"
	BegunType    Type = "begun"
	ExchangeType Type = "exchange"
	ScenarioType Type = "scenario"
	LostType     Type = "lost"
)

// Types lists the types.
func Types() []Type {
	return []Type{RunType, ProxyType, PlanType, SessionType, BegunType, ExchangeType, ScenarioType, LostType}
}

// Never is the time of what did not happen.
const Never time.Duration = -1

// The states of proxies and sessions.
const (
	StateUp      = "up"
	StateChanged = "changed"
	StateGone    = "gone"
	StateOpen    = "open"
	StateClosed  = "closed"
)

// Why entries are lost.
const (
	LostSlow    = "slow"    // their reader was too slow
	LostSampled = "sampled" // their reader asked for no more in a second
	LostWriting = "writing" // they could not be written
)

// An Entry is one line of a ledger. Which fields it has depends on its Type.
type Entry struct {
	Number uint64 // its place in the live stream, whose first is 1; 0 in a file
	Type   Type
	Time   time.Time // of exchanges and begun ones: when the request arrived
	Proxy  string

	// Of sessions and exchanges.
	Session uint64
	Client  string // its address, host:port

	// Of exchanges and begun ones. Exchange 0 is the connection itself.
	Exchange   uint64
	Verb       string
	Attributes []Attribute
	Digest     uint64 // of the request's bytes: the same for the same in one run; 0 of a connection
	Plan       uint64 // which of its proxy's plans decided
	Behavior   string // which was chosen; empty: none
	Fate       Fate   // empty of begun ones
	Deeds      []Deed

	// When, after Time, the request was passed on, the first of the reply
	// arrived, and all was over; Never: it did not happen.
	Forwarded, Replied, Ended time.Duration
	Answered                  bool // the client was told an answer: the backend's or one made here

	State     string // of proxies and sessions
	ToBackend uint64 // of closed sessions: bytes sent
	ToClient  uint64
	Exchanges uint64 // of closed sessions: how many there were

	Run    *Run
	Server *Server
	InPlan *Plan // of plans

	Count  uint64 // of losses: how many entries
	Reason string // of losses: why

	Kind, Text string // of scenarios
}

// Clone returns a copy that shares no list with e.
func (e *Entry) Clone() Entry {
	c := *e
	c.Attributes, c.Deeds = slices.Clone(e.Attributes), slices.Clone(e.Deeds)
	return c
}

// An Attribute is something known of a request: a text, an int64 or a bool.
type Attribute struct {
	Name  string
	Value any
}

// A Deed is what a behavior did.
type Deed struct {
	Point  vaurien.Point
	What   string // see vaurien.Deed
	Detail string
	Times  int
	At     time.Duration // after the entry's Time
	For    time.Duration // how long what it acted on was held up
	Late   time.Duration // how much of that it should not have been
}

// A Run is the run of the program that the entries after it are of.
type Run struct {
	Version   string
	Seed      uint64 // of proxies that have none of their own; 0: chosen for each
	PID       int
	Continues bool // the file before this one has the run's beginning
}

// A Server is a proxy as it listens.
type Server struct {
	Listen   string // the address
	Backend  string // the address
	Protocol string
	Draw     string // when the dice are rolled: exchange or connection
	Seed     uint64
}

// A Plan is all that it takes to make a plan again.
type Plan struct {
	Number    uint64 // in its proxy
	Text      string // 20:delay,10:error
	Behaviors []Choice
	Toxics    []Choice
}

// A Choice is a behavior of a plan, or a toxic beside it, with the options that
// decide what it does.
type Choice struct {
	Name     string // of the behavior, or of the toxic
	Behavior string // of a toxic: which it is
	Weight   float64
	Options  map[string]string
}
