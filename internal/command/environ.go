// Package command runs a user's command beside proxies: it tells the command
// where they listen, passes signals on to it, ends it, and says how it ended.
package command

import (
	"fmt"
	"net"
	"strings"
)

// An Address is where a proxy listens.
type Address struct {
	Name       string // the proxy's
	Host, Port string
}

// NewAddress returns the address of a proxy that listens on host:port.
func NewAddress(name, address string) (Address, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return Address{}, err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens on every address of this machine
	}
	return Address{name, host, port}, nil
}

func (a Address) String() string { return net.JoinHostPort(a.Host, a.Port) }

// Variable returns the name of the environment variable that has the address
// of a proxy: VAURIEN_DB_ADDR of the proxy db.
func Variable(proxy string) string { return variable(proxy) + "_ADDR" }

func variable(proxy string) string {
	return "VAURIEN_" + strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, strings.ToUpper(proxy))
}

// CheckNames says whether the proxies' variables can be told apart.
func CheckNames(proxies []string) error {
	by := make(map[string]string)
	for _, name := range proxies {
		v := Variable(name)
		if other, taken := by[v]; taken {
			return fmt.Errorf("the proxies %s and %s would both be %s: give one of them another name", other, name, v)
		}
		by[v] = name
	}
	return nil
}

// Environ returns the variables that tell a command where the proxies are, as
// os.Environ writes them: VAURIEN_NAME_ADDR, VAURIEN_NAME_HOST and
// VAURIEN_NAME_PORT of each, and those that templates make.
func Environ(proxies []Address, templates []Template) []string {
	var env []string
	for _, p := range proxies {
		v := variable(p.Name)
		env = append(env, v+"_ADDR="+p.String(), v+"_HOST="+p.Host, v+"_PORT="+p.Port)
	}
	for _, t := range templates {
		env = append(env, t.Name+"="+t.Expand(proxies))
	}
	return env
}
