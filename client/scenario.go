package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/vaurien-proxy/vaurien/control"
	"github.com/vaurien-proxy/vaurien/scenario"
)

// StartScenario implements control.Controller.
func (c *Client) StartScenario(ctx context.Context, start control.ScenarioStart) (s scenario.State, err error) {
	q := url.Values{}
	if start.File != "" {
		q.Set("file", start.File)
	}
	if start.Lease != 0 {
		q.Set("lease", start.Lease.String())
	}
	if start.CallerRuns {
		q.Set("commands", "caller")
	}
	path := "/scenario"
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	err = c.call(ctx, http.MethodPost, path, document(start.Text), places{"?lease": ""}, &s)
	return s, err
}

// Scenario implements control.Controller.
func (c *Client) Scenario(ctx context.Context) (s scenario.State, err error) {
	err = c.call(ctx, http.MethodGet, "/scenario", nil, nil, &s)
	return s, err
}

// StopScenario implements control.Controller.
func (c *Client) StopScenario(ctx context.Context, reason string) (s scenario.State, err error) {
	path := "/scenario"
	if reason != "" {
		path += "?reason=" + url.QueryEscape(reason)
	}
	err = c.call(ctx, http.MethodDelete, path, nil, nil, &s)
	return s, err
}

// ReleaseStep implements control.Controller.
func (c *Client) ReleaseStep(ctx context.Context, step string) (s scenario.State, err error) {
	err = c.call(ctx, http.MethodPost, "/scenario/release/"+url.PathEscape(step), nil, nil, &s)
	return s, err
}

// RenewLease implements control.Controller.
func (c *Client) RenewLease(ctx context.Context) (s scenario.State, err error) {
	err = c.call(ctx, http.MethodPut, "/scenario/lease", nil, nil, &s)
	return s, err
}

// Stop implements control.Controller.
func (c *Client) Stop(ctx context.Context) (h control.Halt, err error) {
	err = c.call(ctx, http.MethodPost, "/stop", nil, nil, &h)
	return h, err
}

// Resume implements control.Controller.
func (c *Client) Resume(ctx context.Context) (h control.Halt, err error) {
	err = c.call(ctx, http.MethodPost, "/resume", nil, nil, &h)
	return h, err
}

// Halted implements control.Controller.
func (c *Client) Halted(ctx context.Context) (h control.Halt, err error) {
	err = c.call(ctx, http.MethodGet, "/stop", nil, nil, &h)
	return h, err
}
