package control

import (
	"context"
	"net"

	"github.com/vaurien-proxy/vaurien"
)

// absent is the engine of a proxy that is not enabled: nothing listens, and
// there are no sessions. It knows the address that will be listened on.
type absent string

func (a absent) Network() string                      { return "tcp" }
func (a absent) String() string                       { return string(a) }
func (a absent) Addr() net.Addr                       { return a }
func (a absent) Start()                               {}
func (a absent) StopAccepting()                       {}
func (a absent) SetPlan(*vaurien.Plan) uint64         { return 0 }
func (a absent) SetBackend(string)                    {}
func (a absent) SetSettings(vaurien.Settings)         {}
func (a absent) Stats() vaurien.Stats                 { return vaurien.Stats{} }
func (a absent) Shutdown(context.Context) error       { return nil }
func (a absent) Close() error                         { return nil }
func (a absent) ShareListener() (net.Listener, error) { return nil, net.ErrClosed }

// absentAfter returns the engine of b while it is not enabled. One that had any
// free port keeps it for when it is enabled again.
func absentAfter(old *running, b *built) engine {
	address := b.config.Settings.Proxy
	if old != nil && old.configuration().config.Settings.Proxy == address {
		address = old.proxy.Addr().String()
	}
	return absent(address)
}
