package vaurien

import (
	"errors"
	"net"
	"os"
)

// ShareListener returns a second listener on the socket that the proxy listens
// on. It stays open when the proxy closes, so that another proxy can take this
// one's place without a moment in which nobody listens. It fails where the
// listener or the system cannot share one.
func (p *Proxy) ShareListener() (net.Listener, error) {
	l, ok := p.listener.(interface{ File() (*os.File, error) })
	if !ok {
		return nil, errors.ErrUnsupported
	}
	f, err := l.File()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return net.FileListener(f)
}

// StopAccepting frees the proxy's address, without waiting; its sessions go
// on. Shutdown or Close must follow.
func (p *Proxy) StopAccepting() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.listener.Close()
}

// SetSettings changes what later sessions go by: the timeouts, the limits, and
// what a client sees of a backend that cannot be reached. Sessions that there
// are keep the places that they have among backend connections. The addresses,
// the protocol, the dice and the backlog of a running proxy do not change:
// these must be those it was made with. Calls may not overlap each other.
func (p *Proxy) SetSettings(s Settings) {
	var pool chan struct{}
	if old := p.settings.Load(); old != nil && old.PoolMax == s.PoolMax {
		pool = *p.pool.Load()
	} else if s.PoolMax > 0 {
		pool = make(chan struct{}, s.PoolMax)
	}
	p.pool.Store(&pool)
	p.settings.Store(&s)
}
