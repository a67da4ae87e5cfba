package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"

	"github.com/vaurien-proxy/vaurien/config"
	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/internal/reason"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// An api is a way in which the proxies may be controlled over HTTP.
type api struct {
	name     string
	variable string // of the environment, in which its clients look for its URL
	l        net.Listener
	server   *http.Server
	ended    chan struct{} // nil until it is started
}

type apis []*api

// openAPIs makes those that the settings ask for. They listen, so that clients
// can connect, and answer once they are started. What it returns with an error
// is to be closed too.
func (s *service) openAPIs() (apis, error) {
	var all apis
	open := func(name, variable, address string, h http.Handler) error {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return cannotListen("the "+name, address, err)
		}
		all = append(all, &api{name: name, variable: variable, l: l, server: control.NewServer(h)})
		return nil
	}
	settings := &s.program.Settings
	c := seeded{s.daemon, s.program.Seed}
	told := s.metrics()
	if settings.HTTP {
		h := control.NewHandler(c, control.HandlerOptions{Token: settings.HTTPToken, Host: settings.HTTPHost, Ledger: s.ledger, Metrics: told})
		if err := open("control API", "VAURIEN_URL", settings.HTTPAddress(), h); err != nil {
			return all, err
		}
	}
	if settings.Toxiproxy {
		h := control.NewToxiproxyHandler(c, control.HandlerOptions{Host: settings.ToxiproxyHost, Metrics: told})
		if err := open("Toxiproxy API", "TOXIPROXY_URL", settings.ToxiproxyAddress(), h); err != nil {
			return all, err
		}
	}
	return all, nil
}

func (all apis) start(log *logbook) {
	for _, a := range all {
		a.ended = make(chan struct{})
		go serveAPI(a.server, a.l, log, a.ended)
		log.Info(a.name+" started", "url", "http://"+a.l.Addr().String())
	}
}

// close closes them and waits for their end.
func (all apis) close() {
	for _, a := range all {
		a.server.Close()
		a.l.Close()
		if a.ended != nil {
			<-a.ended
		}
	}
}

// serveAPI is the goroutine of an API.
func serveAPI(server *http.Server, l net.Listener, log *logbook, ended chan<- struct{}) {
	defer close(ended)
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		log.Error("an API ended", "address", l.Addr().String(), "error", err)
	}
}

// cannotListen is an error of net.Listen in our words.
func cannotListen(what, address string, err error) error {
	return fmt.Errorf("%s cannot listen on %s: %w", what, address, reason.Of(err))
}

// seeded gives the proxies that are created while the program runs its seed, so
// that they too can be repeated.
type seeded struct {
	*control.Daemon
	seed uint64
}

func (c seeded) Put(ctx context.Context, p spec.Proxy) (control.Proxy, error) {
	if _, err := c.Proxy(ctx, p.Name); errors.Is(err, control.ErrNoProxy) {
		p = withSeed(p, c.seed)
	}
	return c.Daemon.Put(ctx, p)
}

// Populate looks at the seeds of those alone that there are not.
func (c seeded) Populate(ctx context.Context, proxies []spec.Proxy) ([]control.Proxy, error) {
	proxies = slices.Clone(proxies)
	for i := range proxies {
		proxies[i] = withSeed(proxies[i], c.seed)
	}
	return c.Daemon.Populate(ctx, proxies)
}

// withSeed returns p with the seed, unless it has one or there is none.
func withSeed(p spec.Proxy, seed uint64) spec.Proxy {
	if _, written := p.Settings["seed"]; !written && seed != 0 {
		p = p.Clone()
		p.Settings["seed"] = option.Value{Text: strconv.FormatUint(seed, 10), Place: config.SeedChosen}
	}
	return p
}
