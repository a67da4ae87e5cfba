package control

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/vaurien-proxy/vaurien/option"
	"github.com/vaurien-proxy/vaurien/spec"
)

// ToxiproxyVersion is the version of Toxiproxy whose API is spoken.
const ToxiproxyVersion = "2.12.0"

// A ToxiproxyController is what Toxiproxy's API is served of: a [Daemon].
type ToxiproxyController interface {
	Controller
	Populate(ctx context.Context, proxies []spec.Proxy) ([]Proxy, error)
}

// NewToxiproxyHandler returns the HTTP API to c as Toxiproxy's clients know it,
// to be served at an address of its own. These clients send no token: a server on
// every address takes as Host also the names that only private networks have,
// such as that of a container.
func NewToxiproxyHandler(c ToxiproxyController, o HandlerOptions) http.Handler {
	o.private = true
	t := &toxiproxyAPI{c: c, turn: make(chan struct{}, 1), streams: make(map[string]string)}
	t.turn <- struct{}{}
	mux := http.NewServeMux()
	for _, r := range t.routes() {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, q *http.Request) { t.serve(w, q, r) })
	}
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		failToxiproxy(w, &toxiproxyError{http.StatusNotFound, "there is no " + r.Method + " " + r.URL.Path + " here"}, nil)
	})
	guarded := guard(o, mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Toxiproxy-Request-Id", rand.Text())
		if strings.HasPrefix(r.UserAgent(), "Mozilla/") {
			http.Error(w, "User agent not allowed", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		guarded.ServeHTTP(w, r)
	})
}

// toxiproxyAPI serves a daemon in Toxiproxy's dialect.
type toxiproxyAPI struct {
	c    ToxiproxyController
	turn chan struct{} // holds one token: the right to look at something and then change it

	mu      sync.Mutex        // guards what follows
	words   translator        // nil until it is needed
	streams map[string]string // of toxics whose behaviors have no direction, by PROXY/TOXIC
}

type toxiproxyRoute struct {
	pattern string
	status  int
	writes  bool
	serve   func(*http.Request) (any, error)
}

func (t *toxiproxyAPI) routes() []toxiproxyRoute {
	const proxy, toxic = "/proxies/{proxy}", "/proxies/{proxy}/toxics/{toxic}"
	return []toxiproxyRoute{
		{"GET /proxies", 200, false, t.listProxies},
		{"POST /proxies", 201, true, t.createProxy},
		{"POST /populate", 201, true, t.populate},
		{"GET " + proxy, 200, false, t.getProxy},
		{"POST " + proxy, 200, true, t.updateProxy},
		{"PATCH " + proxy, 200, true, t.updateProxy},
		{"DELETE " + proxy, 204, true, t.deleteProxy},
		{"GET " + proxy + "/toxics", 200, false, t.listToxics},
		{"POST " + proxy + "/toxics", 200, true, t.createToxic},
		{"GET " + toxic, 200, false, t.getToxic},
		{"POST " + toxic, 200, true, t.updateToxic},
		{"PATCH " + toxic, 200, true, t.updateToxic},
		{"DELETE " + toxic, 204, true, t.deleteToxic},
		{"POST /reset", 204, true, t.reset},
		{"GET /version", 200, false, func(*http.Request) (any, error) {
			return map[string]string{"version": ToxiproxyVersion}, nil
		}},
	}
}

func (t *toxiproxyAPI) serve(w http.ResponseWriter, r *http.Request, route toxiproxyRoute) {
	if route.writes {
		select {
		case <-t.turn:
			defer func() { t.turn <- struct{}{} }()
		case <-r.Context().Done():
			return
		}
	}
	body, err := route.serve(r)
	switch {
	case err != nil:
		failToxiproxy(w, err, body)
	case route.status == http.StatusNoContent:
		w.WriteHeader(route.status)
	default:
		writeJSON(w, route.status, body)
	}
}

// toxiproxyError is an error in Toxiproxy's own words.
type toxiproxyError struct {
	status int
	text   string
}

func (e *toxiproxyError) Error() string { return e.text }

// failToxiproxy answers with an error. proxies, if not nil, are those that were
// done before it.
func failToxiproxy(w http.ResponseWriter, err error, proxies any) {
	e := inToxiproxyWords(err)
	body := map[string]any{"error": e.text, "status": e.status}
	if list, ok := proxies.([]toxiproxyProxy); ok {
		body["proxies"] = list
	}
	writeJSON(w, e.status, body)
}

func inToxiproxyWords(err error) *toxiproxyError {
	if e, ok := errors.AsType[*toxiproxyError](err); ok {
		return e
	}
	switch {
	case errors.Is(err, ErrNoToxic):
		return &toxiproxyError{http.StatusNotFound, "toxic not found"}
	case errors.Is(err, ErrNoProxy):
		return &toxiproxyError{http.StatusNotFound, "proxy not found"}
	case errors.Is(err, ErrAddress):
		if e, ok := errors.AsType[*net.OpError](err); ok {
			return &toxiproxyError{http.StatusInternalServerError, e.Error()}
		}
		return &toxiproxyError{http.StatusInternalServerError, errorLine(err)}
	case option.Errors(err) != nil:
		return &toxiproxyError{http.StatusBadRequest, "bad request body: " + errorLine(err)}
	}
	return &toxiproxyError{statusOf(err), errorLine(err)}
}

// decodeBody reads a body into v, which has what is not written in it.
func decodeBody(r *http.Request, v any) error {
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		return &toxiproxyError{http.StatusBadRequest, "bad request body: " + jsonProblem(err)}
	}
	return nil
}

// jsonProblem says what is wrong with a body, without the names of types.
func jsonProblem(err error) string {
	e, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case !ok:
		return err.Error()
	case e.Field == "":
		return "it is " + article(e.Value)
	}
	return e.Field + " is " + article(e.Value)
}

// article puts one before what encoding/json calls a value: number, string …
func article(value string) string {
	if strings.HasPrefix(value, "a") || strings.HasPrefix(value, "o") {
		return "an " + value
	}
	return "a " + value
}

// translator returns what knows the words for toxics.
func (t *toxiproxyAPI) translator(ctx context.Context) (translator, error) {
	t.mu.Lock()
	words := t.words
	t.mu.Unlock()
	if words != nil {
		return words, nil
	}
	catalog, err := t.c.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	words = newTranslator(catalog)
	t.mu.Lock()
	t.words = words
	t.mu.Unlock()
	return words, nil
}
