package vaurientest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/vaurien-proxy/vaurien"
)

// A Backend is what a proxy stands before: an address or a URL, a [Listener] in
// memory, or a function that connects to the server.
//
// A URL says what is spoken: redis://localhost:6379 is Protocol("redis"). With
// the other two the proxy has no socket either: see [Proxy.Dial].
type Backend interface {
	string | *Listener | func(ctx context.Context) (net.Conn, error)
}

// target is a Backend once it is read.
type target struct {
	address  string                                  // HOST:PORT; empty in memory
	dial     func(context.Context) (net.Conn, error) // nil unless in memory
	protocol string                                  // that the URL names; empty: it names none
	url      *url.URL                                // nil if it is not one
}

// schemes are the URLs whose protocol and port are known. What is encrypted is
// tcp. The ports are IANA's.
var schemes = map[string]struct{ protocol, port string }{
	"http": {"http", "80"}, "https": {"tcp", "443"},
	"redis": {"redis", "6379"}, "rediss": {"tcp", "6379"},
	"postgres": {"postgres", "5432"}, "postgresql": {"postgres", "5432"},
	"mysql": {"mysql", "3306"}, "mariadb": {"mysql", "3306"},
	"memcache": {"memcache", "11211"}, "memcached": {"memcache", "11211"},
	"smtp": {"smtp", "25"}, "smtps": {"tcp", "465"},
	"ldap": {"ldap", "389"}, "ldaps": {"tcp", "636"},
}

func targetOf(backend any) (target, error) {
	switch b := backend.(type) {
	case string:
		if strings.Contains(b, "://") {
			return targetOfURL(b)
		}
		return target{address: b}, vaurien.CheckAddress(b)
	case *Listener:
		if b != nil {
			return target{dial: b.dial}, nil
		}
	case func(context.Context) (net.Conn, error):
		if b != nil {
			return target{dial: b}, nil
		}
	}
	return target{}, fmt.Errorf("the backend is nil")
}

func targetOfURL(text string) (target, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return target{}, fmt.Errorf("%q is not a URL with a host, as in redis://localhost:6379", text)
	}
	known, port := schemes[u.Scheme], u.Port()
	if port == "" {
		port = known.port
	}
	if port == "" {
		return target{}, fmt.Errorf("%q has no port: write it, as in %s://%s:8000", text, u.Scheme, u.Host)
	}
	address := net.JoinHostPort(u.Hostname(), port)
	return target{address: address, protocol: known.protocol, url: u}, vaurien.CheckAddress(address)
}

// through returns the URL at which clients reach the target by way of a proxy
// at that address, which speaks the protocol.
func (t target) through(address, protocol string) string {
	if t.url == nil {
		return protocol + "://" + address
	}
	u := *t.url
	u.Host = address
	return u.String()
}
