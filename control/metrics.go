package control

import (
	"errors"
	"net/http"
)

var errNoMetrics = errors.New("this server tells no metrics: its setting metrics chooses which")

// metricsRoutes tell a server of metrics how things are.
func (a *api) metricsRoutes() []route {
	return []route{{"GET", "/metrics", a.getMetrics, failOwn}}
}

// getMetrics answers with what the handler of metrics says. What a server adds
// to the query is not ours to refuse.
func (a *api) getMetrics(r *http.Request) (reply, error) {
	if a.metrics == nil {
		return reply{}, errNoMetrics
	}
	return reply{stream: func(w http.ResponseWriter) { a.metrics.ServeHTTP(w, r) }}, nil
}
