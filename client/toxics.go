package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/spec"
)

// SetToxics implements control.Controller.
func (c *Client) SetToxics(ctx context.Context, name string, toxics []spec.Toxic) (p control.Proxy, err error) {
	from := places{}
	body := encodeToxics(toxics, from)
	err = c.call(ctx, http.MethodPut, proxyPath(name)+"/toxics", body, from, &p)
	return p, err
}

// PutToxic implements control.Controller.
func (c *Client) PutToxic(ctx context.Context, name string, t spec.Toxic) (p control.Proxy, err error) {
	from := places{}
	body := encodeToxic(t, "", from)
	if t.Name == "" {
		err = c.call(ctx, http.MethodPost, proxyPath(name)+"/toxics", body, from, &p) // the daemon names it after its kind
		return p, err
	}
	err = c.call(ctx, http.MethodPut, toxicPath(name, t.Name), body, from, &p)
	return p, err
}

// RemoveToxic implements control.Controller.
func (c *Client) RemoveToxic(ctx context.Context, name, toxic string) (p control.Proxy, err error) {
	err = c.call(ctx, http.MethodDelete, toxicPath(name, toxic), nil, nil, &p)
	return p, err
}

// SetEnabled implements control.Controller.
func (c *Client) SetEnabled(ctx context.Context, name string, enabled bool) (p control.Proxy, err error) {
	err = c.call(ctx, http.MethodPost, proxyPath(name)+"/enabled", map[string]bool{"enabled": enabled}, nil, &p)
	return p, err
}

// Patch implements control.Controller.
func (c *Client) Patch(ctx context.Context, name string, change control.Patch) (p control.Proxy, err error) {
	from := places{"proxy": "", "backend": "", "for": ""}
	body := make(map[string]any)
	if change.Proxy != nil {
		body["proxy"] = *change.Proxy
	}
	if change.Backend != nil {
		body["backend"] = *change.Backend
	}
	if change.Enabled != nil {
		body["enabled"] = *change.Enabled
	}
	if change.Toxics != nil {
		body["toxics"] = encodeToxics(*change.Toxics, from)
	}
	if change.For != 0 {
		body["for"] = change.For.String()
	}
	err = c.call(ctx, http.MethodPatch, proxyPath(name)+dryRun(change.DryRun), body, from, &p)
	return p, err
}

func toxicPath(name, toxic string) string {
	return proxyPath(name) + "/toxics/" + url.PathEscape(toxic)
}

func encodeToxics(list []spec.Toxic, from places) any {
	out := make([]any, len(list))
	for i, t := range list {
		out[i] = encodeToxic(t, fmt.Sprintf("toxics[%d].", i), from)
	}
	return out
}

// encodeToxic writes a toxic whose fields are at path.
func encodeToxic(t spec.Toxic, path string, from places) any {
	body := map[string]any{"behavior": t.Behavior, "percent": t.Percent, "options": texts(t.Options)}
	if t.Name != "" {
		body["name"] = t.Name
	}
	if t.For != 0 {
		body["for"] = t.For.String()
		from[path+"for"] = t.Place
	}
	from[path+"behavior"], from[path+"percent"] = t.Place, t.Place
	from.add(path+"options", "behavior "+t.Behavior, t.Options)
	return body
}
