package control

import "github.com/vaurien-proxy/vaurien"

// Engine returns the proxy itself.
func (d *Daemon) Engine(name string) *vaurien.Proxy {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.running[name].proxy.(*vaurien.Proxy)
}

// Routes returns "GET /handler" and so on, as a 404 lists them.
func Routes() []string {
	a := &api{}
	var list []string
	for _, r := range a.routes() {
		list = append(list, r.method+" "+r.path)
	}
	return list
}

// DecodeChange and DecodeProxy are what reads bodies.
var (
	DecodeChange = decodeChange
	DecodeProxy  = decodeProxy
	DecodeNamed  = decodeNamed
)
