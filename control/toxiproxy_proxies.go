package control

import (
	"context"
	"errors"
	"net/http"

	"github.com/vaurien-proxy/vaurien/spec"
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
	if b.Listen != "" && !p.listensOn(b.Listen) {
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

// populate makes proxies of those names so, all of them or, since clients know it
// so, those before one whose address cannot be had. What else is wrong is found
// before anything changes.
func (t *toxiproxyAPI) populate(r *http.Request) (any, error) {
	var all []toxiproxyProxyBody
	if err := decodeBody(r, &all); err != nil {
		return nil, err
	}
	words, err := t.translator(r.Context())
	if err != nil {
		return nil, err
	}
	asked := make([]spec.Proxy, len(all))
	for i, b := range all {
		if field := b.missing(); field != "" {
			return nil, badToxic("missing required field: %s at proxy %d", field, i+1)
		}
		if asked[i], err = words.proxy(b); err != nil {
			return nil, err
		}
	}
	made, err := t.c.Populate(r.Context(), asked)
	if errors.Is(err, ErrAddress) {
		made, err = t.populateSome(r.Context(), asked)
	}
	done := []toxiproxyProxy{}
	for i, p := range made {
		t.noteStreams(p.Name, all[i].Toxics)
		shown, e := t.show(r.Context(), p)
		if e != nil {
			return done, e
		}
		done = append(done, shown)
	}
	if err != nil {
		return done, err
	}
	return map[string]any{"proxies": done}, nil
}

// populateSome makes one after the other, up to one that cannot be made.
func (t *toxiproxyAPI) populateSome(ctx context.Context, asked []spec.Proxy) (made []Proxy, err error) {
	for i := range asked {
		one, err := t.c.Populate(ctx, asked[i:i+1])
		if err != nil {
			return made, err
		}
		made = append(made, one...)
	}
	return made, nil
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
