package control

import (
	"net/http"

	"github.com/vaurien-proxy/vaurien/option"
)

// secondRoutes is the dialect of 2.0: everything is JSON.
func (a *api) secondRoutes() []route {
	return []route{
		{"GET", "/behavior", a.getBehavior, failSecond},
		{"PUT", "/behavior", a.setBehavior, failSecond},
		{"GET", "/behaviors", a.listBehaviors, failSecond},
		{"GET", "/backend", a.getBackend, failSecond},
		{"PUT", "/backend", a.setBackend, failSecond},
	}
}

var statusOK = reply{json: map[string]any{"status": "ok"}}

func (a *api) getBehavior(r *http.Request) (reply, error) {
	p, err := a.queried(r)
	return reply{json: map[string]any{"behavior": p.Plan.Name()}}, err
}

func (a *api) setBehavior(r *http.Request) (reply, error) {
	_, err := a.change(r, decodeNamed)
	return statusOK, err
}

func (a *api) listBehaviors(r *http.Request) (reply, error) {
	names, err := a.behaviorNames(r)
	return reply{json: map[string]any{"behaviors": names}}, err
}

func (a *api) getBackend(r *http.Request) (reply, error) {
	p, err := a.queried(r)
	return reply{json: map[string]any{"backend": p.Backend}}, err
}

func (a *api) setBackend(r *http.Request) (reply, error) {
	q, err := query(r, "proxy")
	if err != nil {
		return reply{}, err
	}
	address, err := readBackend(r)
	if err != nil {
		return reply{}, err
	}
	_, err = a.c.SetBackend(r.Context(), q.Get("proxy"), address)
	return statusOK, err
}

// readBackend reads {"backend": "HOST:PORT"}.
func readBackend(r *http.Request) (string, error) {
	const example = `{"backend": "localhost:80"}`
	body, err := readBody(r)
	if err != nil {
		return "", err
	}
	n, err := parseObject(body, example)
	if err != nil {
		return "", err
	}
	if err := n.only("", "backend"); err != nil {
		return "", err
	}
	f, ok := n.get("backend")
	if !ok {
		return "", &option.Error{Place: "backend", Problem: "is missing: write the server's address, as in " + example}
	}
	return f.text, f.must(stringNode, "backend", example)
}
