// Package client drives Vaurien over its HTTP API. A [Client] is a
// control.Controller like the daemon itself: the same calls, the same errors.
//
//	c, err := client.New("localhost:8080")
//	if err != nil { … }
//	defer c.Close()
//	plan, _ := spec.ParseDraw("20:delay", "")
//	_, err = c.SetPlan(ctx, "", control.PlanChange{Plan: plan, For: 30 * time.Second})
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/internal/reason"
	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

const (
	// timeout is how long one call may take, if its context allows more.
	timeout = 30 * time.Second

	// maxAnswer is the longest answer that is read, in bytes.
	maxAnswer = 64 << 20
)

// ErrUnreachable is returned, wrapped, when nobody answers at the URL.
var ErrUnreachable = errors.New("nobody answers")

// A Client controls the proxies of one Vaurien. Its methods may be called from
// any goroutine.
type Client struct {
	base      string // without a slash at the end
	token     string
	http      *http.Client
	transport *http.Transport // nil if the http.Client is the caller's
}

var _ control.Controller = (*Client)(nil)

// An Option changes how a Client works.
type Option func(*Client)

// WithToken sends the token that the server asks for.
func WithToken(token string) Option { return func(c *Client) { c.token = token } }

// WithHTTPClient sends requests by h, whose timeout and transport then hold.
func WithHTTPClient(h *http.Client) Option {
	return func(c *Client) { c.http, c.transport = h, nil }
}

// New returns a client of the control server at address: a URL such as
// http://localhost:8080, also one with a path (behind meta-vaurien), or just
// HOST:PORT. It does not connect yet.
func New(address string, options ...Option) (*Client, error) {
	base, err := baseURL(address)
	if err != nil {
		return nil, err
	}
	c := &Client{base: base, transport: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 2,
		IdleConnTimeout:     30 * time.Second,
	}}
	c.http = &http.Client{Transport: c.transport, Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a control server redirects nobody
	}}
	for _, o := range options {
		o(c)
	}
	return c, nil
}

func baseURL(address string) (string, error) {
	text := address
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not a control server's address: write HOST:PORT or a URL, as in http://localhost:8080", address)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// Close closes idle connections. The client may still be used.
func (c *Client) Close() {
	if c.transport != nil {
		c.transport.CloseIdleConnections()
	}
}

// Proxies implements control.Controller.
func (c *Client) Proxies(ctx context.Context) ([]control.Proxy, error) {
	var byName map[string]control.Proxy
	if err := c.call(ctx, http.MethodGet, "/proxies", nil, nil, &byName); err != nil {
		return nil, err
	}
	out := make([]control.Proxy, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, byName[name])
	}
	return out, nil
}

// Proxy implements control.Controller.
func (c *Client) Proxy(ctx context.Context, name string) (p control.Proxy, err error) {
	err = c.call(ctx, http.MethodGet, proxyPath(name), nil, nil, &p)
	return p, err
}

// Put implements control.Controller.
func (c *Client) Put(ctx context.Context, s spec.Proxy) (p control.Proxy, err error) {
	if s.Name != "" {
		if err := spec.CheckName(s.Name); err != nil {
			return p, &option.Error{Place: s.Place, Problem: err.Error()}
		}
	}
	if err := s.Plan.Check(control.PlaceOf(s.Plan)); err != nil {
		return p, err
	}
	body, places := encodeProxy(s)
	err = c.call(ctx, http.MethodPut, proxyPath(s.Name), body, places, &p)
	return p, err
}

// Delete implements control.Controller.
func (c *Client) Delete(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, proxyPath(name), nil, nil, nil)
}

// SetPlan implements control.Controller.
func (c *Client) SetPlan(ctx context.Context, name string, change control.PlanChange) (p control.Proxy, err error) {
	if err := change.Plan.Check(control.PlaceOf(change.Plan)); err != nil {
		return p, err
	}
	body, places := encodeChange(change)
	err = c.call(ctx, http.MethodPut, proxyPath(name)+"/plan"+dryRun(change.DryRun), body, places, &p)
	return p, err
}

// dryRun returns the parameter of calls that are to change nothing.
func dryRun(dry bool) string {
	if dry {
		return "?dry-run=true"
	}
	return ""
}

// EndPlan implements control.Controller.
func (c *Client) EndPlan(ctx context.Context, name string) (p control.Proxy, err error) {
	err = c.call(ctx, http.MethodDelete, proxyPath(name)+"/plan", nil, nil, &p)
	return p, err
}

// SetBackend implements control.Controller.
func (c *Client) SetBackend(ctx context.Context, name, address string) (p control.Proxy, err error) {
	body := map[string]string{"backend": address}
	err = c.call(ctx, http.MethodPut, proxyPath(name)+"/backend", body, places{"backend": ""}, &p)
	return p, err
}

// Catalog implements control.Controller.
func (c *Client) Catalog(ctx context.Context) (catalog control.Catalog, err error) {
	err = c.call(ctx, http.MethodGet, "/catalog", nil, nil, &catalog)
	return catalog, err
}

// proxyPath returns the path of a proxy; "-" stands for the default one. What
// cannot be a name becomes one that no proxy has.
func proxyPath(name string) string {
	switch {
	case name == "":
		name = "-"
	case spec.CheckName(name) != nil:
		name = "?" + name
	}
	return "/proxies/" + url.PathEscape(name)
}

// A document is a body that is YAML already.
type document []byte

// call sends body, if any, and reads the answer into result, if any. Errors
// about fields of body name the places where the caller has them from.
func (c *Client) call(ctx context.Context, method, path string, body any, from places, result any) error {
	var text io.Reader
	media := "application/json"
	switch b := body.(type) {
	case nil:
	case document:
		text, media = bytes.NewReader(b), "application/yaml"
	default:
		written, err := json.Marshal(body)
		if err != nil {
			return err
		}
		text = bytes.NewReader(written)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, text)
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", media)
	}
	got, err := c.ask(request, from)
	if err != nil || result == nil {
		return err
	}
	if err := json.Unmarshal(got, result); err != nil {
		return fmt.Errorf("%s: the answer is not Vaurien's: %w", c.base, err)
	}
	return nil
}

// ask sends a request and returns the body of an answer that is a success.
func (c *Client) ask(request *http.Request, from places) ([]byte, error) {
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreachable(request.Context(), err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, c.unreachable(request.Context(), err)
	}
	if answer.StatusCode/100 != 2 {
		return nil, c.failure(answer, got, from)
	}
	return got, nil
}

// unreachable is err in our own words.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w at %s: %w", ErrUnreachable, c.base, reason.Of(err))
}
