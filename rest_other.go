//go:build !linux

package vaurien

import (
	"errors"
	"net"
)

// Loops carry connections on Linux; elsewhere there are none.
type Loops struct{}

// NewLoops returns errors.ErrUnsupported.
func NewLoops(int) (*Loops, error) { return nil, errors.ErrUnsupported }

// Close does nothing.
func (*Loops) Close() {}

func (s *Session) lieDown() bool                      { return false }
func (p *Proxy) noteRoute(string, net.Conn)           {}
func newGate(*Proxy, *net.TCPListener) (*gate, error) { return nil, errors.ErrUnsupported }

type gate struct{ net.Listener }

func (*gate) open() {}

type route struct{}
