package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/internal/reason"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// ErrAddress says that a listening address cannot be had. The *option.Error
// beside it names the setting and the reason.
var ErrAddress = errors.New("cannot listen")

// listen makes a proxy that listens on b's address. If one of free, the proxies
// that are about to close, listens there, its socket is taken over: no client
// finds the address closed in between.
func (d *Daemon) listen(ctx context.Context, b *built, free map[string]*running) (engine, error) {
	address := b.config.Settings.Proxy
	old := free[b.spec.Name]
	if !b.config.Settings.Enabled {
		return absentAfter(old, b), nil
	}
	if old != nil && old.configuration().config.Settings.Proxy == address {
		before, disabled := old.proxy.(absent)
		if !disabled {
			delete(free, old.name)
			return takeOver(old, b)
		}
		address = string(before)
	}
	p, err := d.listenAnew(ctx, address, b)
	if err == nil {
		return p, nil
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		if tcp, err := net.ResolveTCPAddr("tcp", address); err == nil {
			for name, old := range free {
				if _, disabled := old.proxy.(absent); !disabled && old.proxy.Addr().String() == tcp.String() {
					delete(free, name)
					return takeOver(old, b)
				}
			}
		}
	}
	return nil, cannotListen(b, err)
}

func (d *Daemon) listenAnew(ctx context.Context, address string, b *built) (engine, error) {
	if d.options.Listen == nil {
		return listenAt(address, nil, b)
	}
	l, err := d.options.Listen(ctx, address)
	if err != nil {
		return nil, err
	}
	return listenOn(l, b)
}

func takeOver(old *running, b *built) (engine, error) {
	l, err := old.proxy.ShareListener()
	if err != nil {
		return nil, cannotListen(b, err)
	}
	return listenOn(l, b)
}

// listenOn makes b's proxy on l, or on a new listener if l is nil.
func listenOn(l net.Listener, b *built) (engine, error) {
	return listenAt(b.config.Settings.Proxy, l, b)
}

func listenAt(address string, l net.Listener, b *built) (engine, error) {
	config := b.config
	config.Settings.Proxy, config.Listener = address, l
	p, err := vaurien.Listen(config)
	if err != nil {
		if l != nil {
			l.Close()
		}
		return nil, err // not p: a nil *vaurien.Proxy is an engine
	}
	return p, nil
}

// cannotListen is err as an error about b's address.
func cannotListen(b *built, err error) error {
	return &addressError{&option.Error{
		Place:   b.spec.Settings["proxy"].Place,
		Name:    "proxy",
		Problem: fmt.Sprintf("cannot listen on %s: %v", b.config.Settings.Proxy, reason.Of(err)),
	}, err}
}

type addressError struct {
	setting *option.Error
	cause   error
}

func (e *addressError) Error() string   { return e.setting.Error() }
func (e *addressError) Unwrap() []error { return []error{e.setting, ErrAddress, e.cause} }

// anyPort says whether address leaves the choice of its port to the system.
func anyPort(address string) bool { return strings.HasSuffix(address, ":0") }

// PlaceOf returns where a plan was written, as far as it says.
func PlaceOf(plan spec.Plan) string {
	for _, e := range plan.Entries {
		return e.Place
	}
	return ""
}
