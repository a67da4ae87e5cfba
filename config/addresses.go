package config

import (
	"errors"
	"fmt"
	"net"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// A listener is an address that something is to listen on.
type listener struct {
	what, address string
	host, port    string // host is empty if it means every one
}

// checkAddresses refuses two listeners on one address. Names other than
// localhost are compared as they are written.
func (p *Program) checkAddresses() error {
	var taken []listener
	var errs []error
	if p.Settings.HTTP {
		taken = append(taken, newListener("the control API", p.Settings.HTTPAddress()))
	}
	if p.Settings.Toxiproxy {
		l := newListener("the API of Toxiproxy", p.Settings.ToxiproxyAddress())
		for _, other := range taken {
			if l.meets(other) {
				errs = append(errs, &option.Error{Name: "toxiproxy", Problem: fmt.Sprintf(
					"%s is taken by %s (%s): give it another address", l.address, other.what, other.address)})
			}
		}
		taken = append(taken, l)
	}
	for _, proxy := range p.Proxies {
		l := newListener("the proxy "+proxy.Name, listenAddress(proxy))
		for _, other := range taken {
			if l.meets(other) {
				errs = append(errs, &option.Error{Place: placeOf(proxy, "proxy"), Name: "proxy", Problem: fmt.Sprintf(
					"%s is taken by %s (%s): give %s another address", l.address, other.what, other.address, l.what)})
				break
			}
		}
		taken = append(taken, l)
	}
	return errors.Join(errs...)
}

func listenAddress(p spec.Proxy) string {
	if v, ok := p.Settings["proxy"]; ok {
		return v.Text
	}
	settings, _ := vaurien.NewSettings()
	return settings.Proxy
}

func newListener(what, address string) listener {
	host, port, _ := net.SplitHostPort(address)
	switch ip := net.ParseIP(host); {
	case host == "localhost":
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = ""
	case ip != nil:
		host = ip.String()
	}
	return listener{what, address, host, port}
}

func (l listener) meets(m listener) bool {
	return l.port == m.port && l.port != "0" && (l.host == m.host || l.host == "" || m.host == "")
}
