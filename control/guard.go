package control

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// guard lets only those requests pass to h that o allows. What it keeps out
// is, above all, web pages: a browser on this machine will send what any page
// tells it to.
func guard(o HandlerOptions, h http.Handler) http.Handler {
	token := sha256.Sum256([]byte(o.Token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		reason := o.refusal(r)
		switch {
		case reason != "":
			refuse(w, http.StatusForbidden, reason)
		case o.Token != "" && !bears(r, token):
			w.Header().Set("WWW-Authenticate", `Bearer realm="vaurien"`)
			refuse(w, http.StatusUnauthorized, "this server asks for its token: send the header Authorization: Bearer TOKEN")
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// refusal says why a request may not come from where it does; empty: it may.
func (o HandlerOptions) refusal(r *http.Request) string {
	site := r.Header.Get("Sec-Fetch-Site")
	switch {
	case !o.allowsHost(r.Host):
		return "the Host header is " + r.Host +
			", which is not this server's name: use localhost, a loopback address or the configured host"
	case foreignOrigin(r):
		return "the request comes from a web page of another origin, " + r.Header.Get("Origin") +
			", which may not control this server"
	case site == "cross-site", site == "same-site":
		return "the request comes from a web page of another site, which may not control this server"
	}
	return ""
}

func refuse(w http.ResponseWriter, status int, reason string) {
	writeJSON(w, status, ownError{Error: reason})
}

// allowsHost says whether a request for host was meant for this server. A page
// whose name was made to resolve to this machine (DNS rebinding) sends its own
// name.
func (o HandlerOptions) allowsHost(header string) bool {
	host := strings.ToLower(hostOf(header))
	if host == "localhost" || host == strings.ToLower(hostOf(o.Host)) && host != "" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err == nil && ip.IsLoopback() {
		return true
	}
	if own, e := netip.ParseAddr(hostOf(o.Host)); e == nil && own.IsUnspecified() {
		return err == nil || o.Token != "" || o.private && privateName(host)
	}
	return false
}

// privateName says whether nobody can own a host's name on the Internet: it has
// one label, as containers have, or ends in a domain that is reserved for
// private use (RFC 6761, RFC 6762, ICANN's resolution of 2024-07-29).
func privateName(host string) bool {
	i := strings.LastIndexByte(host, '.')
	switch host[i+1:] {
	case "internal", "local", "localhost", "test":
		return true
	}
	return i < 0 && host != ""
}

// hostOf returns the host of host:port, or of a host alone, without brackets.
func hostOf(s string) string {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	return strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
}

// foreignOrigin says whether a page of another origin made the browser send r.
// Programs send no Origin.
func foreignOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return false
	}
	u, err := url.Parse(origins[0])
	return len(origins) > 1 || err != nil || u.Scheme != "http" && u.Scheme != "https" ||
		!strings.EqualFold(withPort(u.Host, u.Scheme), withPort(r.Host, u.Scheme))
}

func withPort(host, scheme string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	port := "80"
	if scheme == "https" {
		port = "443"
	}
	return net.JoinHostPort(hostOf(host), port)
}

// bears says whether r has the token, in a time that does not tell how much of
// it was right.
func bears(r *http.Request, token [sha256.Size]byte) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(given)))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(sum[:], token[:]) == 1
}
