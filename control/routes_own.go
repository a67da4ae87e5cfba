package control

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/vaurien-proxy/vaurien/spec"
)

// ownRoutes is our own dialect: every proxy by its name, whole plans, and what
// there is to choose from.
func (a *api) ownRoutes() []route {
	return []route{
		{"GET", "/proxies", a.listProxies, failOwn},
		{"GET", "/proxies/{name}", a.getProxy, failOwn},
		{"PUT", "/proxies/{name}", a.putProxy, failOwn},
		{"DELETE", "/proxies/{name}", a.deleteProxy, failOwn},
		{"GET", "/proxies/{name}/plan", a.getPlan, failOwn},
		{"PUT", "/proxies/{name}/plan", a.putPlan, failOwn},
		{"DELETE", "/proxies/{name}/plan", a.endPlan, failOwn},
		{"GET", "/proxies/{name}/backend", a.getProxyBackend, failOwn},
		{"PUT", "/proxies/{name}/backend", a.putProxyBackend, failOwn},
		{"GET", "/catalog", a.catalog, failOwn},
	}
}

func (a *api) listProxies(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	proxies, err := a.c.Proxies(r.Context())
	byName := make(map[string]Proxy, len(proxies))
	for _, p := range proxies {
		byName[p.Name] = p
	}
	return reply{json: byName}, err
}

// named returns the proxy that a request's path names.
func (a *api) named(r *http.Request) (Proxy, error) {
	if _, err := query(r); err != nil {
		return Proxy{}, err
	}
	return a.c.Proxy(r.Context(), pathName(r))
}

func (a *api) getProxy(r *http.Request) (reply, error) {
	p, err := a.named(r)
	return reply{json: p}, err
}

func (a *api) putProxy(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	body, err := readBody(r)
	if err != nil {
		return reply{}, err
	}
	name := pathName(r)
	p, err := decodeProxy(name, body)
	if err != nil {
		return reply{}, err
	}
	status := http.StatusOK
	if _, err := a.c.Proxy(r.Context(), cmp.Or(name, spec.DefaultProxy)); errors.Is(err, ErrNoProxy) {
		status = http.StatusCreated
	}
	state, err := a.c.Put(r.Context(), p)
	return reply{status: status, json: state}, err
}

func (a *api) deleteProxy(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	return reply{}, a.c.Delete(r.Context(), pathName(r))
}

func (a *api) getPlan(r *http.Request) (reply, error) {
	p, err := a.named(r)
	return reply{json: p.Plan}, err
}

func (a *api) putPlan(r *http.Request) (reply, error) {
	q, err := query(r, "for", "dry-run")
	if err != nil {
		return reply{}, err
	}
	dry, err := queryDryRun(q)
	if err != nil {
		return reply{}, err
	}
	body, err := readBody(r)
	if err != nil {
		return reply{}, err
	}
	var change PlanChange
	if isJSON(body) {
		change, err = decodeChange(body)
	} else {
		change.Plan, err = decodeText(body)
	}
	if err == nil && q.Has("for") {
		change.For, err = queryFor(q)
	}
	if err != nil {
		return reply{}, err
	}
	change.DryRun = dry
	p, err := a.c.SetPlan(r.Context(), pathName(r), change)
	return reply{json: p}, err
}

func (a *api) endPlan(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	p, err := a.c.EndPlan(r.Context(), pathName(r))
	return reply{json: p}, err
}

func (a *api) getProxyBackend(r *http.Request) (reply, error) {
	p, err := a.named(r)
	return reply{json: map[string]string{"backend": p.Backend}}, err
}

func (a *api) putProxyBackend(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	address, err := readBackend(r)
	if err != nil {
		return reply{}, err
	}
	p, err := a.c.SetBackend(r.Context(), pathName(r), address)
	return reply{json: p}, err
}

func (a *api) catalog(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	c, err := a.c.Catalog(r.Context())
	return reply{json: c}, err
}
