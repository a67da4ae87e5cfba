package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// find returns the proxy that a path names.
func (t *toxiproxyAPI) find(r *http.Request) (Proxy, error) {
	return t.c.Proxy(r.Context(), r.PathValue("proxy"))
}

func (t *toxiproxyAPI) listProxies(r *http.Request) (any, error) {
	all, err := t.c.Proxies(r.Context())
	if err != nil {
		return nil, err
	}
	out := make(map[string]toxiproxyProxy, len(all))
	for _, p := range all {
		if out[p.Name], err = t.show(r.Context(), p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *toxiproxyAPI) show(ctx context.Context, p Proxy) (toxiproxyProxy, error) {
	toxics, err := t.showToxics(ctx, p)
	return toxiproxyProxy{p.Name, p.Proxy, p.Backend, p.Enabled, toxics}, err
}

// shown is show for what a call returned.
func (t *toxiproxyAPI) shown(r *http.Request, p Proxy, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return t.show(r.Context(), p)
}

func (t *toxiproxyAPI) getProxy(r *http.Request) (any, error) {
	p, err := t.find(r)
	return t.shown(r, p, err)
}

func (t *toxiproxyAPI) createProxy(r *http.Request) (any, error) {
	var b toxiproxyProxyBody
	if err := decodeBody(r, &b); err != nil {
		return nil, err
	}
	if field := b.missing(); field != "" {
		return nil, badToxic("missing required field: %s", field)
	}
	switch _, err := t.c.Proxy(r.Context(), b.Name); {
	case err == nil:
		return nil, &toxiproxyError{http.StatusConflict, "proxy already exists"}
	case !errors.Is(err, ErrNoProxy):
		return nil, err
	}
	p, err := t.create(r.Context(), b)
	return t.shown(r, p, err)
}

func (t *toxiproxyAPI) create(ctx context.Context, b toxiproxyProxyBody) (Proxy, error) {
	words, err := t.translator(ctx)
	if err != nil {
		return Proxy{}, err
	}
	p, err := words.proxy(b)
	if err != nil {
		return Proxy{}, err
	}
	t.noteStreams(b.Name, b.Toxics)
	return t.c.Put(ctx, p)
}

func (t *toxiproxyAPI) updateProxy(r *http.Request) (any, error) {
	p, err := t.find(r)
	if err != nil {
		return nil, err
	}
	var b struct {
		Listen, Upstream string
		Enabled          *bool
	}
	if err := decodeBody(r, &b); err != nil {
		return nil, err
	}
	change := Patch{Enabled: b.Enabled}
	if b.Listen != "" && !listensOn(p, b.Listen) {
		change.Proxy = &b.Listen
	}
	if b.Upstream != "" && b.Upstream != p.Backend {
		change.Backend = &b.Upstream
	}
	p, err = t.c.Patch(r.Context(), p.Name, change)
	return t.shown(r, p, err)
}

func (t *toxiproxyAPI) deleteProxy(r *http.Request) (any, error) {
	name := r.PathValue("proxy")
	t.forgetStreams(name + "/")
	return nil, t.c.Delete(r.Context(), name)
}

// populate makes proxies of those names so. What is asked for is checked before
// anything changes; an address that cannot be had ends it, after those before.
func (t *toxiproxyAPI) populate(r *http.Request) (any, error) {
	var all []toxiproxyProxyBody
	if err := decodeBody(r, &all); err != nil {
		return nil, err
	}
	words, err := t.translator(r.Context())
	if err != nil {
		return nil, err
	}
	for i, b := range all {
		if field := b.missing(); field != "" {
			return nil, badToxic("missing required field: %s at proxy %d", field, i+1)
		}
		if _, err := words.toxics(b); err != nil {
			return nil, err
		}
	}
	done := []toxiproxyProxy{}
	for _, b := range all {
		p, err := t.createOrReplace(r.Context(), b)
		if err != nil {
			return done, err
		}
		shown, err := t.show(r.Context(), p)
		if err != nil {
			return done, err
		}
		done = append(done, shown)
	}
	return map[string]any{"proxies": done}, nil
}

// createOrReplace leaves alone a proxy that has the addresses already, but
// gives it the toxics of b, if there are any.
func (t *toxiproxyAPI) createOrReplace(ctx context.Context, b toxiproxyProxyBody) (Proxy, error) {
	p, err := t.c.Proxy(ctx, b.Name)
	if errors.Is(err, ErrNoProxy) {
		return t.create(ctx, b)
	}
	if err != nil {
		return p, err
	}
	words, err := t.translator(ctx)
	if err != nil {
		return p, err
	}
	toxics, err := words.toxics(b)
	if err != nil {
		return p, err
	}
	same := listensOn(p, b.listen())
	if same && p.Backend == b.Upstream && toxics == nil {
		return p, nil
	}
	t.noteStreams(b.Name, b.Toxics)
	change := Patch{Toxics: &toxics}
	if !same || p.Backend != b.Upstream {
		enabled := b.enabled()
		change.Backend, change.Enabled = &b.Upstream, &enabled
	}
	if !same {
		listen := b.listen()
		change.Proxy = &listen
	}
	return t.c.Patch(ctx, b.Name, change)
}

// reset enables every proxy and takes all toxics away. A proxy that cannot be
// enabled does not keep the others from it.
func (t *toxiproxyAPI) reset(r *http.Request) (any, error) {
	all, err := t.c.Proxies(r.Context())
	if err != nil {
		return nil, err
	}
	var errs []error
	enabled := true
	for _, p := range all {
		t.forgetStreams(p.Name + "/")
		_, err := t.c.Patch(r.Context(), p.Name, Patch{Enabled: &enabled, Toxics: new(noToxics)})
		if errors.Is(err, ErrNoProxy) {
			continue // it has been deleted meanwhile
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// labels are those of a Prometheus metric.
var labels = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func (t *toxiproxyAPI) metrics(r *http.Request) (any, error) {
	all, err := t.c.Proxies(r.Context())
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, m := range []struct {
		name, help           string
		downstream, upstream func(Stats) uint64
	}{
		{
			"toxiproxy_proxy_received_bytes_total", "Bytes that a proxy received.",
			func(s Stats) uint64 { return s.FromBackend }, func(s Stats) uint64 { return s.FromClient },
		},
		{
			"toxiproxy_proxy_sent_bytes_total", "Bytes that a proxy sent.",
			func(s Stats) uint64 { return s.ToClient }, func(s Stats) uint64 { return s.ToBackend },
		},
	} {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s counter\n", m.name, m.help, m.name)
		for _, p := range all {
			for _, d := range []struct {
				name  string
				bytes uint64
			}{{"downstream", m.downstream(p.Stats)}, {"upstream", m.upstream(p.Stats)}} {
				fmt.Fprintf(&b, "%s{direction=%q,listener=\"%s\",proxy=\"%s\",upstream=\"%s\"} %d\n", m.name, d.name,
					labels.Replace(p.Proxy), labels.Replace(p.Name), labels.Replace(p.Backend), d.bytes)
			}
		}
	}
	return exposition(b.String()), nil
}
