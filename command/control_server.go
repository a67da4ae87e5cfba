package command

import (
	"cmp"

	"github.com/spf13/pflag"

	"github.com/vaurien-proxy/vaurien/client"
)

// A controlServer is the control server that a command talks to.
type controlServer struct {
	app   *app
	host  string
	token string
}

func (s *controlServer) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.host, "host", "", "`URL` or HOST:PORT of the control server (default http://localhost:8080; environment: VAURIEN_URL)")
	flags.StringVar(&s.token, "token", "", "the server's `SECRET`, if it wants one (environment: VAURIEN_TOKEN)")
}

// address is where the server is.
func (s *controlServer) address() string {
	return cmp.Or(s.host, lookup(s.app.environ, "VAURIEN_URL"), "http://localhost:8080")
}

// client returns a client of the server.
func (s *controlServer) client() (*client.Client, error) {
	place := "--host"
	if s.host == "" {
		place = "VAURIEN_URL"
	}
	token := cmp.Or(s.token, lookup(s.app.environ, "VAURIEN_TOKEN"), lookup(s.app.environ, "VAURIEN_HTTP_TOKEN"))
	c, err := client.New(s.address(), client.WithToken(token))
	if err != nil {
		return nil, usagef("%s: %s", place, err)
	}
	return c, nil
}
