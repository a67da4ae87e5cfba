// Package controltest tests that a control.Controller does what it promises,
// and has what such tests need: a daemon whose proxies live in memory.
package controltest

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/internal/memnet"
)

// A Net is a network in memory: every address is free until somebody listens
// there, and nothing is resolved.
type Net struct {
	mu        sync.Mutex
	listeners map[string]*listener
}

// NewNet returns a network on which nobody listens.
func NewNet() *Net { return &Net{listeners: make(map[string]*listener)} }

type listener struct {
	*memnet.Listener
	net     *Net
	address string
}

// Addr returns the address as that of a TCP listener, if it is an IP address.
func (l *listener) Addr() net.Addr {
	a, err := netip.ParseAddrPort(l.address)
	if err != nil {
		return l.Listener.Addr()
	}
	return net.TCPAddrFromAddrPort(a)
}

func (l *listener) Close() error {
	l.net.mu.Lock()
	if l.net.listeners[l.address] == l {
		delete(l.net.listeners, l.address)
	}
	l.net.mu.Unlock()
	return l.Listener.Close()
}

// Listen opens an address, unless it is in use.
func (n *Net) Listen(_ context.Context, address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[address] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	}
	l := &listener{memnet.Listen(address), n, address}
	n.listeners[address] = l
	return l, nil
}

// Dial connects to whoever listens at address.
func (n *Net) Dial(ctx context.Context, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[address]
	n.mu.Unlock()
	if l == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	return l.Dial()
}

// NewDaemon returns a daemon with what reg has, whose proxies listen and dial
// on the Net returned. It is closed when the test ends.
func NewDaemon(t testing.TB, reg *vaurien.Registry) (*control.Daemon, *Net) {
	n := NewNet()
	d := control.NewDaemon(reg, control.Options{
		Logger: slog.New(slog.DiscardHandler), Listen: n.Listen, Dial: n.Dial,
	})
	t.Cleanup(func() { d.Close() })
	return d, n
}
