package vaurientest

import (
	"context"
	"net"

	"github.com/vaurien-proxy/vaurien/internal/memnet"
)

// A Listener is a net.Listener without a socket, for a backend that lives in
// the test: under testing/synctest above all, where time stands still while a
// socket is waited for.
//
// Its connections end as TCP's do: they have CloseWrite, and resets.
type Listener struct{ memory *memnet.Listener }

var _ net.Listener = (*Listener)(nil)

// Listen returns a Listener. Whoever serves on it closes it.
func Listen() *Listener { return &Listener{memnet.Listen("memory")} }

// Accept returns the next connection that the proxy makes.
func (l *Listener) Accept() (net.Conn, error) { return l.memory.Accept() }

// Close ends Accept, and refuses further connections.
func (l *Listener) Close() error { return l.memory.Close() }

// Addr returns an address in name only.
func (l *Listener) Addr() net.Addr { return l.memory.Addr() }

func (l *Listener) dial(ctx context.Context) (net.Conn, error) {
	c, err := l.memory.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	return c, nil
}
