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
