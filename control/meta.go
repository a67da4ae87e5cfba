package control

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vaurien-proxy/vaurien/internal/reason"
)

// NewMeta returns a front for the control servers of this machine: a request
// for /PORT/path goes to /path at 127.0.0.1:PORT. The same guards stand before
// it as before a control server, whose token, if it has one, must be the same.
func NewMeta(o HandlerOptions) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: rewriteMeta,
		Transport: &http.Transport{
			DialContext:       (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			DisableKeepAlives: true, // next door is near, and nothing is left open
		},
		ErrorHandler: metaError,
		ErrorLog:     slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	return guard(o, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := metaTarget(r.URL)
		if err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		if r.Method == http.MethodGet && strings.Count(r.URL.Path, "/") == 1 { // the page's files are below /PORT/
			http.Redirect(w, r, r.URL.Path+"/", http.StatusPermanentRedirect)
			return
		}
		proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), metaKey{}, target)))
	}))
}

// metaKey finds the target URL in a request's context.
type metaKey struct{}

// metaTarget returns where a request for /PORT/path is to go.
func metaTarget(from *url.URL) (*url.URL, error) {
	port, path, _ := strings.Cut(strings.TrimPrefix(from.EscapedPath(), "/"), "/")
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return nil, fmt.Errorf("%q is not a port: write /PORT/path, as in /8080/behavior", port)
	}
	to, err := url.Parse("http://127.0.0.1:" + port + "/" + path)
	if err != nil {
		return nil, err
	}
	to.RawQuery = from.RawQuery
	return to, nil
}

// rewriteMeta sends a request to its target, as its own: the guards have seen
// to where it comes from.
func rewriteMeta(p *httputil.ProxyRequest) {
	p.Out.URL = p.In.Context().Value(metaKey{}).(*url.URL)
	p.Out.Host = p.Out.URL.Host
	for _, h := range []string{"Origin", "Sec-Fetch-Site"} {
		p.Out.Header.Del(h)
	}
}

func metaError(w http.ResponseWriter, r *http.Request, err error) {
	// The response may be under way already; then this has no effect.
	refuse(w, http.StatusBadGateway, fmt.Sprintf("no control server answers at %s: %v", r.URL.Host, reason.Of(err)))
}
