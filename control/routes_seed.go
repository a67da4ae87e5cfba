package control

import (
	"bytes"
	"context"
	"net/http"
	"slices"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// seedRoutes is the first dialect: names as text. Its routes, like those of
// 2.0, speak of the default proxy unless ?proxy=NAME says another.
func (a *api) seedRoutes() []route {
	return []route{
		{"GET", "/handler", a.getHandler, failOwn},
		{"POST", "/handler", a.setHandler, failOwn},
		{"GET", "/handlers", a.listHandlers, failOwn},
	}
}

func (a *api) getHandler(r *http.Request) (reply, error) {
	p, err := a.queried(r)
	return reply{text: p.Plan.Name()}, err
}

func (a *api) setHandler(r *http.Request) (reply, error) {
	_, err := a.change(r, func(body []byte) (spec.Plan, error) {
		if isJSON(body) {
			return decodeNamed(body)
		}
		return decodeText(body)
	})
	return reply{text: "ok"}, err
}

func (a *api) listHandlers(r *http.Request) (reply, error) {
	names, err := a.behaviorNames(r)
	return reply{json: map[string]any{"handlers": names}}, err
}

// decodeText reads a bare name or a draw.
func decodeText(body []byte) (spec.Plan, error) {
	text := string(bytes.TrimSpace(body))
	if text == "" {
		return spec.Plan{}, &option.Error{Place: "body", Problem: "is empty: send a name or a draw, as in delay or 20:delay, or " + namedExample}
	}
	return parseDraw(text, "body")
}

// queried returns the proxy that ?proxy=NAME names.
func (a *api) queried(r *http.Request) (Proxy, error) {
	q, err := query(r, "proxy")
	if err != nil {
		return Proxy{}, err
	}
	return a.c.Proxy(r.Context(), q.Get("proxy"))
}

// change puts the plan that decode reads from a request's body in force, for
// the time that ?for=TIME says.
func (a *api) change(r *http.Request, decode func(body []byte) (spec.Plan, error)) (Proxy, error) {
	q, err := query(r, "proxy", "for")
	if err != nil {
		return Proxy{}, err
	}
	body, err := readBody(r)
	if err != nil {
		return Proxy{}, err
	}
	plan, err := decode(body)
	if err != nil {
		return Proxy{}, err
	}
	d, err := queryFor(q)
	if err != nil {
		return Proxy{}, err
	}
	return a.c.SetPlan(r.Context(), q.Get("proxy"), PlanChange{Plan: plan, For: d})
}

// behaviorNames returns the names of all behaviors, sorted.
func (a *api) behaviorNames(r *http.Request) ([]string, error) {
	if _, err := query(r, "proxy"); err != nil {
		return nil, err
	}
	return behaviorNames(r.Context(), a.c)
}

func behaviorNames(ctx context.Context, c Controller) ([]string, error) {
	catalog, err := c.Catalog(ctx)
	names := make([]string, 0, len(catalog.Behaviors))
	for _, k := range catalog.Behaviors {
		names = append(names, k.Name)
	}
	slices.Sort(names)
	return names, err
}
