package vaurien

import (
	"time"

	"github.com/vaurien-proxy/vaurien/option"
)

// Settings are what a user can say of a proxy besides its plan. NewSettings
// declares each once; flags, environment, files and the API follow from that.
type Settings struct {
	Proxy       string        // address to listen on
	Backend     string        // address to connect to
	Behavior    string        // the draw, as text; a spec.Proxy has it as its Plan instead
	Protocol    string        // how the streams are framed
	Draw        string        // exchange, connection or auto
	Seed        string        // a number, or empty to have one chosen
	Timeout     time.Duration // how long the backend may take to accept
	BackendDown string        // what a client sees of a backend that cannot be reached
	ReadAhead   int64         // bytes that one direction may hold for a behavior that waits
	BufSize     int64         // largest piece of an unframed stream that a behavior sees; 0: as it comes
	Backlog     int64         // connections the kernel may hold before they are accepted; 0: the system's
	PoolMax     int64         // backend connections at a time; 0: no limit
	PoolTimeout time.Duration // how long a session waits for one of them
	Enabled     bool          // false: nothing listens
	Stay        bool          // accepted for the seed's sake
}

// NewSettings returns the settings with their defaults and the set that
// declares them.
func NewSettings() (*Settings, *option.Set) {
	s, set := new(Settings), new(option.Set)
	set.Text(&s.Proxy, "proxy", "localhost:8000", "address to listen on").Alias("local", "listen")
	set.Text(&s.Backend, "backend", "localhost:80", "address of the server behind").Alias("distant", "upstream")
	set.Text(&s.Protocol, "protocol", "tcp", "protocol spoken, so that exchanges can be told apart")
	set.Text(&s.Behavior, "behavior", "100:dummy", "what to do to how many percent: 20:delay,5:error").Alias("plan")
	set.Text(&s.Seed, "seed", "", "seed of the dice, a whole number; the same seed gives each exchange the same fate (default: chosen and logged)")
	set.Choice(&s.Draw, "draw", "auto", "when the dice are rolled: for each exchange, for each connection, or auto: "+
		"connection for tcp, exchange for all others", "auto", "exchange", "connection")
	set.Duration(&s.Timeout, "timeout", 30*time.Second, "how long the backend may take to accept a connection").AtLeast("1ms").AtMost("24h")
	set.Choice(&s.BackendDown, "backend-down", "reset", "what a client sees when the backend cannot be reached", "reset", "close")
	set.Size(&s.ReadAhead, "read-ahead", 1<<30, "bytes that one direction may hold while a behavior waits; "+
		"all of a proxy together four times as many, and never more than a quarter of the memory there is").AtLeast("64KiB").AtMost("16GiB")
	set.Size(&s.BufSize, "bufsize", 0, "largest piece of a tcp stream that a behavior is given at once; 0: as it comes").AtLeast("0").AtMost("256KiB")
	set.Int(&s.Backlog, "backlog", 0, "connections that may wait to be accepted; 0: the system's most").AtLeast("0").AtMost("65535")
	set.Int(&s.PoolMax, "pool-max-size", 0, "backend connections at a time; 0: no limit").AtLeast("0").AtMost("1000000")
	set.Duration(&s.PoolTimeout, "pool-timeout", 30*time.Second, "how long a session waits for one of pool-max-size").AtLeast("0s").AtMost("24h")
	set.Bool(&s.Enabled, "enabled", true, "listen and serve; false: refuse connections until it is enabled")
	set.Bool(&s.Stay, "stay-connected", true, "accepted for older configurations; connections always stay")
	return s, set
}
