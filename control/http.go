package control

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/ledger"
	"github.com/vaurien-proxy/vaurien/option"
)

const (
	// maxBody is the longest body of a request, in bytes.
	maxBody = 1 << 20

	// defaultName stands in a path for the default proxy, or the only one.
	defaultName = "-"
)

// HandlerOptions say who may use an HTTP handler. The zero value lets in
// whoever reaches it by a loopback name or address.
type HandlerOptions struct {
	// Token, if not empty, must come with every request, as
	// "Authorization: Bearer TOKEN".
	Token string

	// Host is the host on which the server listens, as it was configured; it
	// is a right value of a request's Host header, beside the loopback names
	// and addresses. With an unspecified address (0.0.0.0, ::) any IP address
	// is right, and any name too if there is a Token.
	Host string

	// Ledger is where events come from. Nil: there are none.
	Ledger *ledger.Ledger

	// Metrics answers GET /metrics. Nil: nothing does.
	Metrics http.Handler

	private bool // with an unspecified Host, a private network's names are right too
}

// NewHandler returns the HTTP API to c, in three dialects: the seed's
// (/handler, /handlers), 2.0's (/behavior, /behaviors, /backend) and our own
// (/proxies, /catalog, /events, /metrics). At / it has a page for browsers.
func NewHandler(c Controller, o HandlerOptions) http.Handler {
	a := &api{c: c, events: events{ledger: o.Ledger}, metrics: o.Metrics}
	return withPage(o, guard(o, newRouter(a.routes())))
}

// NewServer returns a server for h whose limits do for a control server: a
// client that sends or reads slowly is dropped. The caller chooses where it
// listens.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

// api serves a Controller.
type api struct {
	c       Controller
	events  events
	metrics http.Handler // nil: there are none
}

func (a *api) routes() []route {
	return slices.Concat(a.seedRoutes(), a.secondRoutes(), a.ownRoutes(), a.toxicRoutes(), a.scenarioRoutes(), a.eventRoutes(), a.metricsRoutes())
}

// A route is one method of one path.
type route struct {
	method, path string
	serve        endpoint
	fail         failer
}

// An endpoint does what a request asks for and returns what to answer.
type endpoint func(*http.Request) (reply, error)

// A reply is an answer to a request.
type reply struct {
	status int // zero: 200, or 204 without a body
	text   string
	json   any                       // if not nil, instead of text
	stream func(http.ResponseWriter) // if not nil, writes all of the answer, for as long as it takes
}

func (p reply) write(w http.ResponseWriter) {
	switch {
	case p.stream != nil:
		p.stream(w)
	case p.json != nil:
		writeJSON(w, p.status, p.json)
	case p.text != "":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		writeStatus(w, p.status)
		io.WriteString(w, p.text)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// router finds the route of a request. It is a ServeMux whose 404 and 405 are
// of our own making.
type router struct {
	mux   http.ServeMux
	paths []string
	list  []string // "GET /handler", for the 404
}

func newRouter(routes []route) *router {
	rt := new(router)
	paths := make(map[string]map[string]route)
	for _, r := range routes {
		if paths[r.path] == nil {
			paths[r.path] = make(map[string]route)
			rt.paths = append(rt.paths, r.path)
			rt.mux.Handle(r.path, methods(paths[r.path]))
		}
		paths[r.path][r.method] = r
		rt.list = append(rt.list, r.method+" "+r.path)
	}
	rt.mux.HandleFunc("/", rt.notFound)
	return rt
}

func (rt *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	rt.mux.ServeHTTP(w, r)
}

func (rt *router) notFound(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusNotFound, map[string]any{
		"error":  fmt.Sprintf("there is no %s here%s", r.URL.Path, option.DidYouMean(r.URL.Path, rt.paths)),
		"routes": rt.list,
	})
}

// methods serves one path.
type methods map[string]route

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	rt, ok := m[method]
	if !ok {
		m.notAllowed(w, r)
		return
	}
	answer, err := rt.serve(r)
	if err != nil {
		rt.fail(w, err)
		return
	}
	answer.write(w)
}

func (m methods) notAllowed(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for method := range m {
		allowed = append(allowed, method)
	}
	slices.Sort(allowed)
	right := strings.Join(allowed, " or ")
	if _, get := m[http.MethodGet]; get {
		allowed = append(allowed, http.MethodHead)
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	writeJSON(w, http.StatusMethodNotAllowed, map[string]any{
		"error": fmt.Sprintf("%s is not allowed at %s: use %s", r.Method, r.URL.Path, right),
	})
}

// readBody returns the body of a request that may be JSON or text, or of one of
// these types.
func readBody(r *http.Request, types ...string) ([]byte, error) {
	if t := r.Header.Get("Content-Type"); t != "" {
		media, _, err := mime.ParseMediaType(t)
		text := media == "text/plain" || media == "application/x-www-form-urlencoded" // what curl -d says
		if err != nil || !text && media != "application/json" && !strings.HasSuffix(media, "+json") && !slices.Contains(types, media) {
			return nil, &mediaTypeError{t}
		}
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return nil, &mediaTypeError{e}
	}
	body, err := io.ReadAll(r.Body)
	if _, long := errors.AsType[*http.MaxBytesError](err); err != nil && !long {
		return nil, &option.Error{Place: "body", Problem: "cannot be read: " + err.Error()}
	}
	return body, err
}

// query returns a request's parameters, of which each must be one of known
// and be there once.
func query(r *http.Request, known ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &option.Error{Place: "?", Problem: err.Error()}
	}
	for key, values := range q {
		if !slices.Contains(known, key) {
			problem := "unknown parameter: there are none here"
			if len(known) > 0 {
				problem = fmt.Sprintf("unknown parameter%s; known: %s", option.DidYouMean(key, known), strings.Join(known, ", "))
			}
			return nil, &option.Error{Place: "?" + key, Problem: problem}
		}
		if len(values) > 1 {
			return nil, &option.Error{Place: "?" + key, Problem: "is there twice"}
		}
	}
	return q, nil
}

// queryFor returns the time in a request's parameter for, or zero.
func queryFor(q url.Values) (time.Duration, error) {
	if !q.Has("for") {
		return 0, nil
	}
	return decodeFor(q.Get("for"), "?for")
}

// pathName returns the proxy that a request's path names.
func pathName(r *http.Request) string {
	if name := r.PathValue("name"); name != defaultName {
		return name
	}
	return ""
}
