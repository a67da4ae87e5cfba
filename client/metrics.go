package client

import (
	"context"
	"net/http"
)

// Metrics returns what a server of metrics is told, in the media type that
// accept asks for, as it asks in its header of that name; empty: as text.
func (c *Client) Metrics(ctx context.Context, accept string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	return c.ask(request, nil)
}
