package control

import (
	"net"
	"net/netip"
	"strings"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// toxiproxyProxy is a proxy as it is shown.
type toxiproxyProxy struct {
	Name     string           `json:"name"`
	Listen   string           `json:"listen"`
	Upstream string           `json:"upstream"`
	Enabled  bool             `json:"enabled"`
	Toxics   []toxiproxyToxic `json:"toxics"`
}

// toxiproxyProxyBody is a proxy as it is asked for.
type toxiproxyProxyBody struct {
	Name     string
	Listen   string
	Upstream string
	Enabled  *bool
	Toxics   []toxiproxyToxicBody
}

// missing names the field that is missing; empty if none is.
func (b toxiproxyProxyBody) missing() string {
	switch {
	case b.Name == "":
		return "name"
	case b.Upstream == "":
		return "upstream"
	}
	return ""
}

// listen returns the address to listen on: any free port if none is said.
func (b toxiproxyProxyBody) listen() string {
	if b.Listen == "" {
		return ":0"
	}
	return b.Listen
}

func (b toxiproxyProxyBody) enabled() bool { return b.Enabled == nil || *b.Enabled }

// toxics returns what a body asks for; nil if it says nothing.
func (tr translator) toxics(b toxiproxyProxyBody) ([]spec.Toxic, error) {
	var list []spec.Toxic
	for _, body := range b.Toxics {
		t, err := tr.toxic(body)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// proxy returns the proxy that a body asks for.
func (tr translator) proxy(b toxiproxyProxyBody) (spec.Proxy, error) {
	toxics, err := tr.toxics(b)
	p := spec.Proxy{Name: b.Name, Place: "name", Toxics: toxics, Settings: option.Values{
		"proxy":   {Text: b.listen(), Place: "listen"},
		"backend": {Text: b.Upstream, Place: "upstream"},
	}}
	if !b.enabled() {
		p.Settings["enabled"] = option.Value{Text: "false", Place: "enabled"}
	}
	return p, err
}

// listensOn says whether address, as somebody wrote it, is the one that p
// listens on.
func (p Proxy) listensOn(address string) bool {
	if address == p.Configured || address == p.Proxy {
		return true
	}
	host, port, err := net.SplitHostPort(address)
	boundHost, boundPort, e := net.SplitHostPort(p.Proxy)
	return err == nil && e == nil && port == boundPort && reach(host) == reach(boundHost)
}

// reach returns one word for all the names of this machine's loopback, and for
// all those of its addresses together.
func reach(host string) string {
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "" || err == nil && ip.IsUnspecified():
		return "any"
	case strings.EqualFold(host, "localhost") || host == "127.0.0.1" || host == "::1":
		return "loopback"
	}
	return strings.ToLower(host)
}
